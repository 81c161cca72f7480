"""Finds out whether rules about crawls hold: `python -I -S network_probe.py UID GID PORT`, as root.

Writes JSON: whether this process reaches PORT of 127.0.0.1, whether the user does, and which version of Landlock the
kernel has (0: none).
"""

import json
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from box import landlock  # noqa: E402


def main(uid, gid, port):
    answer = {'root': reaches(port, 2)}
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # Without rules it takes no time at all.
    answer['user'] = reaches(port, 0.5)
    answer['landlock'] = landlock.version()
    print(json.dumps(answer))


def reaches(port, seconds):
    try:
        socket.create_connection(('127.0.0.1', port), timeout=seconds).close()
        return True
    except OSError:
        return False


if __name__ == '__main__':
    main(*map(int, sys.argv[1:]))
