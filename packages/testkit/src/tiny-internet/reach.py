"""Tries to connect: `python reach.py UID:GID TARGET...`, where a target is HOST/PORT. Writes what came of each, as JSON.

`yes`: connected; `no`: refused at once or without a way; `silence`: no answer. - keeps the user.
"""

import concurrent.futures.thread
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
# At the same time, since some of them are silent.
with concurrent.futures.ThreadPoolExecutor(32) as pool:
    print(json.dumps(dict(zip(sys.argv[2:], pool.map(reach, sys.argv[2:])))))
