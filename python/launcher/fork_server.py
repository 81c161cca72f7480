"""Forks crawls of the base environment: `python fork_server.py SOCKET`, started by a worker with a clean environment.

It imports once what crawls have in common. For each connection of its worker it forks a process that becomes the shim
of the job directory it is told, exactly as shim.py would; the shim forks the crawl. The connection stays open as long
as the shim lives. The server ends with its worker, when standard input does; shims do not notice that.

    worker: JOBDIR LF      shim: "ready" LF, or closes when the crawl should be started cold
    worker: "go" LF        only now the shim begins, so that a worker that lost patience can start it otherwise
"""

import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback

# The directory of this file, which must not be a place for a project's imports.
_HERE = sys.path.pop(0)


def main(path):
    worker = os.getppid()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    suitability = prepare()
    listener = listen(path)
    os.write(1, b'ready\n')
    try:
        connection = serve(listener, worker)
    except BaseException:
        os.unlink(path)
        raise
    if connection is None:
        os.unlink(path)
        return None
    return become_shim(connection, suitability)


def prepare():
    path = list(sys.path)
    sys.path.insert(0, _HERE)
    import box.enter  # noqa: F401
    import fork_crawl
    import fork_modules
    import shim  # noqa: F401

    sys.path[:] = path
    suitability = fork_crawl.Suitability(*fork_modules.preload())
    # Children need not look through the modules each time they look for garbage.
    gc.collect()
    gc.freeze()
    return suitability


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    listener.bind(path)
    os.umask(mask)
    listener.listen(64)
    return listener


def serve(listener, worker):
    """Returns None when the worker has gone, and in each fork its connection."""
    wakeup = wake_on_child_exit()
    while True:
        ready, _, _ = select.select([0, listener, wakeup], [], [])
        if wakeup in ready:
            os.read(wakeup, 512)
            reap()
        if 0 in ready and not os.read(0, 512):
            return None
        if listener in ready:
            connection, _ = listener.accept()
            # Crawls have the same user as their worker, and must not be able to start anything beyond their shim.
            if peer(connection) == worker and os.fork() == 0:
                listener.detach()
                return connection.detach()
            connection.close()


def wake_on_child_exit():
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass  # None is left.


def peer(connection):
    """The process that connected."""
    return struct.unpack('3i', connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def become_shim(connection, suitability):
    """Returns what the crawl's process has to do; the shim's ends here."""
    from fork_crawl import CrawlBegins

    status = 1
    try:
        connection = keep_only(connection)
        directory = negotiate(connection, suitability)
        if directory:
            supervise(directory)
        status = 0
    except CrawlBegins as crawl:
        return crawl.launch
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def keep_only(connection):
    """Gives the connection the lowest number and closes the server's other descriptors but the standard ones."""
    signal.set_wakeup_fd(-1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    if connection != 3:
        os.dup2(connection, 3, inheritable=False)
    os.closerange(4, os.sysconf('SC_OPEN_MAX'))
    return 3


def negotiate(connection, suitability):
    """The job directory, or None when the worker shall start it otherwise or has given up."""
    try:
        directory = read_line(connection)
        with open(os.path.join(directory, 'launch.json'), encoding='utf-8') as file:
            if not suitability.admits(json.load(file)):
                return None
        os.write(connection, b'ready\n')
        return directory if read_line(connection) == 'go' else None
    except (ConnectionError, FileNotFoundError):
        return None  # The worker has closed its end, and may have removed the job meanwhile.


def read_line(connection):
    line = b''
    while not line.endswith(b'\n'):
        data = os.read(connection, 4096)
        if not data:
            return ''
        line += data
    return os.fsdecode(line[:-1])


def supervise(directory):
    import shim
    from fork_crawl import leave

    os.setsid()
    os.chdir(directory)
    log = os.open('shim.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    shim.main(directory, leave)


if __name__ == '__main__':
    _launch = main(sys.argv[1])
    if _launch:
        import fork_crawl

        fork_crawl.run(_launch)
