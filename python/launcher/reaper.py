"""Runs a program and leaves nothing of it behind: `python -I -S reaper.py PROGRAM ARGUMENT...`

When the program ends, this process is asked to end (SIGTERM) or the one that started it is gone, everything that the
program started is killed: on Linux also what left its session, changed its environment and lost its parent, since the
orphans among our descendants become our children. Ends as the program did; 128 and the signal's number when a signal
ended it.
"""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from shim_process import become_subreaper, end_with_parent, processes  # noqa: E402

_GIVE_UP_SECONDS = 10


def main(argv):
    become_subreaper()
    # Who asks before it is known what to end is heard later.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    end_with_parent()
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _execute(argv)
    signal.signal(signal.SIGTERM, lambda _number, _frame: os.kill(child, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    kill_family()
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _execute(argv):
    try:
        os.execv(argv[0], argv)
    except OSError as error:
        os.write(2, ('%s\n' % error).encode('utf-8', 'replace'))
    finally:
        os._exit(127)


def kill_family():
    """SIGKILL until no child is left: as they die, their own children become ours."""
    give_up_at = time.monotonic() + _GIVE_UP_SECONDS
    while _has_children() and time.monotonic() < give_up_at:
        for pid in _children():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass  # It ended meanwhile, or belongs to another user.
        time.sleep(0.005)


def _has_children():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    except ChildProcessError:
        return False


def _children():
    me = os.getpid()
    return [pid for pid, parent, _ in processes() if parent == me]


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
