"""Compiles the modules of an unpacked egg: `python -I -S compile_egg.py DIRECTORY FINAL_DIRECTORY`.

The modules come from strangers: they are read and not run, and whatever the compiler makes of them is limited. `-S`, since
`site` would run what the packages of an environment say.
"""

import compileall
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from list_spiders import limit_resources  # noqa: E402

if __name__ == '__main__':
    limit_resources()
    directory, final = sys.argv[1:]
    compileall.compile_dir(directory, quiet=2, stripdir=directory, prependdir=final)
