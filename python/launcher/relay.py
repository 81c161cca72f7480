"""Leads whoever connects in a network that has nothing else to a unix socket outside, where an HTTP proxy answers."""

import asyncio
import os
import socket

# The same in each of these networks, since none sees another: clients are told by variables.
PORT = 3128
BACKLOG = 1024
_CHUNK_BYTES = 64 * 1024


async def begin(path, **where):
    """Listens at an address, or at `sock`, as asyncio.start_server does; `path` is that of the socket outside."""

    async def on_connect(reader, writer):
        await _relay(path, reader, writer)

    return await asyncio.start_server(on_connect, backlog=BACKLOG, **where)


def serve(taken, path):
    """The life of a process that relays from the listening socket that comes over a unix one, until it is killed.

    The path may be longer than a socket's can be.
    """
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
    _, descriptors, _, _ = socket.recv_fds(taken, 1, 1)
    if descriptors:
        leave_standard_streams()
        listener = socket.socket(fileno=descriptors[0])
        asyncio.run(_forever(listener, '/proc/self/fd/%d/%s' % (folder, os.path.basename(path))))


async def _forever(listener, path):
    await (await begin(path, sock=listener)).serve_forever()


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


async def _relay(path, reader, writer):
    try:
        inward, outward = await asyncio.open_unix_connection(path)
    except OSError:
        writer.close()  # Nobody is there now; the client may try again.
        return
    await asyncio.gather(_pump(reader, outward), _pump(inward, writer))


async def _pump(reader, writer):
    """Hands on what comes until its end, which is handed on, too. Whoever writes faster than others read has to wait."""
    try:
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
