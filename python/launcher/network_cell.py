"""Holds a network namespace for the crawls of one project open: `python -I -S network_cell.py NAME user|root`.

There is nothing in it but loopback, and there a relay: what connects to it is led to the socket NAME.sock of the working
directory, where a worker answers as an HTTP proxy. The cell outlives that worker, so that crawls that another worker
takes over find the network again; it ends when nobody has answered at the socket for ten minutes. Writes "ready" to
standard output when crawls may enter; nothing more follows. `user` makes the namespace in a user namespace of its own,
which needs no rights.
"""

import asyncio
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import relay  # noqa: E402
from box import network, rights, syscalls  # noqa: E402

_LOOK_SECONDS = 30
_PATIENCE_LOOKS = 20


def main(name, owner):
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if owner == 'user':
        rights.enter_user_namespace(os.geteuid(), os.getegid())
    syscalls.unshare(syscalls.CLONE_NEWNET, 'making a network namespace')
    network.bring_loopback_up()
    asyncio.run(serve(name + '.sock'))


async def serve(path):
    server = await relay.begin(path, host='127.0.0.1', port=relay.PORT)
    os.write(1, b'ready\n')
    relay.leave_standard_streams()
    missed = 0
    while missed < _PATIENCE_LOOKS:
        await asyncio.sleep(_LOOK_SECONDS)
        missed = 0 if await relay.answers(path) else missed + 1
    server.close()


if __name__ == '__main__':
    main(*sys.argv[1:])
