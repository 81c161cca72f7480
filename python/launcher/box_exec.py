"""Runs a program in a box and leaves nothing of it behind: `python -I -S box_exec.py FILE`.

The JSON file says `argv`, `env` and `cwd`, like the launch.json of a job, and `box`, which may be null: then the program has
the rights of this process. Standard output and error pass through, as does descriptor 3. When the program ends, this
process is asked to end (SIGTERM) or is killed, or the one that started it is gone, everything that the program started is
killed. Ends as the program did; 128 and the signal's number when a signal ended it; 126 with one line on standard error
when there can be no such box. A box whose network is a `relay` reaches the HTTP proxy at a unix socket through a process beside it.
"""

import json
import os
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from box import enter, syscalls  # noqa: E402
from reaper import kill_family  # noqa: E402
from shim_process import become_subreaper, end_with_parent  # noqa: E402

_NO_BOX = 126
_NO_PROGRAM = 127


def main(path):
    with open(path, encoding='utf-8') as file:
        launch = json.load(file)
    box = launch.get('box')
    become_subreaper()
    # Who asks before it is known what to end is heard later.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    end_with_parent()
    try:
        relay = _start_relay(box)
        door = enter.Door(box, relay) if box and box['level'] == 'box' else None
        if box and not door:
            enter.give(box)
    except OSError as error:
        _say(error)
        return _NO_BOX
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _become(launch, door)
    if door:
        door.opened()
    signal.signal(signal.SIGTERM, lambda _number, _frame: os.kill(child, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    reported = None
    if door:
        reported = door.wait()
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    kill_family()
    return _code(status if reported is None else reported)


def _start_relay(box):
    """A process beside the box, for one that has a relay. Returns the socket at which it takes what it listens at.

    It is forked first: this process can make no other one any more that is outside of the box.
    """
    if not box or box['level'] != 'box' or box['network']['kind'] != 'relay':
        return None
    taken, given = socket.socketpair()
    if os.fork() == 0:
        try:
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
            given.close()
            import relay

            relay.serve(taken, box['network']['socket'])
        finally:
            os._exit(1)
    taken.close()
    return given


def _become(launch, door):
    """Never returns."""
    box = launch.get('box')
    code = _NO_BOX
    try:
        if door:
            door.pass_through(launch['cwd'], launch['env'].get('HOME', '/'))
        elif box:
            enter.become_user(box)
        os.chdir(launch['cwd'])
        os.closerange(4, os.sysconf('SC_OPEN_MAX'))
        code = _NO_PROGRAM
        os.execve(launch['argv'][0], launch['argv'], launch['env'])
    except OSError as error:
        _say(error)
    finally:
        os._exit(code)


def _say(error):
    os.write(2, ('%s: %s\n' % (error.filename, error.strerror)).encode('utf-8', 'replace'))


def _code(status):
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
