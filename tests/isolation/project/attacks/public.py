"""What a crawl is to be able to do: a box that stops these stops every spider."""

import contextlib
import os
import socket

from .registry import attack, first


@attack('reach public addresses')
def _(know):
    found = []
    for family, address in ((socket.AF_INET, know['public4']), (socket.AF_INET6, know['public6'])):
        if address is None:
            continue
        # One of the two will do: networks that stand in books alone may be closed.
        with contextlib.suppress(OSError), socket.socket(family) as connection:
            connection.settimeout(3)
            connection.connect((address, 80))
            connection.send(b'GET / HTTP/1.0\r\n\r\n')
            if know['mark'] in connection.recv(200).decode('latin1'):
                found.append(address)
    return first(found)


@attack('reach the API')
def _(know):
    with socket.create_connection(tuple(know['api']), timeout=3) as connection:
        connection.send(b'GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n')
        return connection.recv(20).decode('latin1')


@attack('write into its own folders')
def _(know):
    for name in ('HOME', 'TMPDIR'):
        with open(os.path.join(os.environ[name], 'mine'), 'w') as file:
            file.write('x')
    return 'HOME and TMPDIR'


@attack('use threads, processes, pipes and shared memory')
def _(know):
    import multiprocessing
    queue = multiprocessing.get_context('fork').Queue()
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    return f'child ended with {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}' if queue else None


@attack('use a server on loopback that it has started')
def _(know):
    with socket.create_server(('127.0.0.1', 0)) as server:
        pid = os.fork()
        if pid == 0:
            connection, _ = server.accept()
            connection.sendall(b'a driver')
            os._exit(0)
        with socket.create_connection(server.getsockname(), timeout=3) as connection:
            words = connection.recv(20).decode()
        os.waitpid(pid, 0)
        return words
