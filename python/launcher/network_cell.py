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

from box import network, rights, syscalls  # noqa: E402

# In each cell the same, since no cell sees another: clients are told by variables.
RELAY_PORT = 3128
_CHUNK_BYTES = 64 * 1024
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
    async def on_connect(reader, writer):
        await relay(path, reader, writer)

    await asyncio.start_server(on_connect, '127.0.0.1', RELAY_PORT, backlog=1024)
    os.write(1, b'ready\n')
    leave_standard_streams()
    missed = 0
    while missed < _PATIENCE_LOOKS:
        await asyncio.sleep(_LOOK_SECONDS)
        missed = 0 if await answers(path) else missed + 1


def leave_standard_streams():
    """Nobody who reads them shall wait for the end of this process."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.close(null)


async def answers(path):
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


async def relay(path, reader, writer):
    try:
        inward, outward = await asyncio.open_unix_connection(path)
    except OSError:
        writer.close()  # No worker is there now; the crawl may try again.
        return
    await asyncio.gather(pump(reader, outward), pump(inward, writer))


async def pump(reader, writer):
    """Hands on what comes until its end, which is handed on, too. Whoever writes faster than others read has to wait."""
    try:
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()


if __name__ == '__main__':
    main(*sys.argv[1:])
