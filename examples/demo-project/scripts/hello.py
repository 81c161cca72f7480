"""A script job: run it as spider `py:hello.py` with `cmd_args`."""

import os
import sys

print('Hello from job', os.environ['SHUB_JOBKEY'], 'with arguments', sys.argv[1:])
