"""Tries to connect: `python reach.py UID:GID TARGET...`, where a target is HOST/PORT. Writes what came of each, as JSON.

`yes`: connected; `no`: refused at once or without a way; `silence`: no answer. - keeps the user.
"""

import encodings.idna  # noqa: F401 - the user may not be able to read it
import json
import os
import socket
import sys


def reach(target):
    host, port = target.rsplit('/', 1)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        return 'yes'
    except TimeoutError:
        return 'silence'
    except OSError:
        return 'no'


if sys.argv[1] != '-':
    uid, gid = map(int, sys.argv[1].split(':'))
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
print(json.dumps({target: reach(target) for target in sys.argv[2:]}))
