"""Starting a crawl as a child that cannot outlive the shim, and ending it with everything it started."""

import errno
import os
import signal
import sys
import time

from box.limits import join, set_rlimits
from shim_container import Container

_ON_LINUX = sys.platform == 'linux'
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_KILL_SECONDS = 10
_FULL = {errno.EDQUOT, errno.ENOSPC}
# When memory runs out the kernel should choose a crawl, not the database beside it.
_OOM_SCORE = '500'

if _ON_LINUX:
    import ctypes

    _prctl = ctypes.CDLL(None, use_errno=True).prctl


def become_subreaper():
    """Whatever a crawl starts and leaves behind becomes our child, also after setsid, and can be killed."""
    if _ON_LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent():
    """This process is asked to end (SIGTERM) when the one that started it is gone, however that came to be."""
    if _ON_LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def identity():
    """Process id, start time in clock ticks and boot: together they never name two processes."""
    if not _ON_LINUX:
        return {'pid': os.getpid(), 'startTime': None, 'bootId': None}
    with open('/proc/self/stat', encoding='ascii', errors='replace') as file:
        start_time = int(file.read().rpartition(')')[2].split()[19])
    with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as file:
        return {'pid': os.getpid(), 'startTime': start_time, 'bootId': file.read().strip()}


class Crawl:
    def __init__(self, launch, stdout, stderr, begin, directory):
        """Returns once `begin` has made the child the crawl, or could not: then it exits with 127 and says why on stderr.

        `begin` closes all descriptors but the standard ones. What it raises that is no Exception gets through.
        """
        self._status = None
        self._container = Container(launch['container'], directory) if launch.get('container') else None
        self._door = _door_to(launch.get('box'))
        shim = os.getpid()
        executed, still_ours = os.pipe()
        # With a box this is its first process, which starts the crawl's.
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _become_crawl(shim, launch, stdout, stderr, self._door)
                begin(launch)
            except Exception as error:
                os.write(2, ('The crawl could not be started: %s\n' % error).encode('utf-8', 'replace'))
                if isinstance(error, OSError) and error.errno in _FULL:
                    os.write(still_ours, b'!')
                os._exit(127)
        os.close(still_ours)
        if self._door:
            self._door.opened()
        # The child's copy closes as it becomes the crawl. Before that a SIGTERM would be ignored as this process ignores it.
        # One that finds no room on the disk says so before.
        self._had_no_room = os.read(executed, 1) != b''
        os.close(executed)

    def running(self):
        return self._status is None

    def reap(self):
        """Collects who has ended; returns whether any child is left, adopted ones included."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if self._door and self._status is None:
                self._status = self._door.status()
            if pid == 0:
                return True
            # The first process of a box that could not tell how the crawl ended has ended like it.
            if pid == self.pid and self._status is None:
                self._status = status

    def stop(self):
        if self.running():
            os.kill(self.pid, signal.SIGTERM)

    def kill_everyone(self):
        """SIGKILL until nobody is left. Gives up on processes of other users, which nothing here can kill."""
        if self._container:
            self._container.end()
        give_up_at = time.monotonic() + _KILL_SECONDS
        while self.reap() and time.monotonic() < give_up_at:
            for pid in self._family():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.005)

    def _family(self):
        """Children, adopted ones too, and all of our session. Later descendants become children as these die.

        With the first process of a box its others end.
        """
        if self._door:
            return [self.pid]
        if not _ON_LINUX:
            return [-self.pid]
        me = os.getpid()
        return [pid for pid, parent, session in processes() if pid != me and me in (parent, session)]

    def verdict(self):
        """What the engine of its container says of its end, or that it found no room to begin with."""
        if self._had_no_room:
            return {'exceeded': 'disk'}
        return self._container.verdict() if self._container else {}

    def exit(self):
        status = self._status
        if status is None or os.WIFSIGNALED(status):
            number = signal.SIGKILL if status is None else os.WTERMSIG(status)
            return {'code': None, 'signal': _signal_name(number)}
        return {'code': os.WEXITSTATUS(status), 'signal': None}


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return 'SIG%d' % number  # A real-time signal.


def processes():
    """Id, parent and session of every process of this machine; only on Linux."""
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % name, encoding='ascii', errors='replace') as file:
                _, parent, _, session = file.read().rpartition(')')[2].split()[:4]
        except OSError:
            continue  # Ended meanwhile.
        yield int(name), int(parent), int(session)


def _offer_to_the_oom_killer():
    try:
        with open('/proc/self/oom_score_adj', 'w', encoding='ascii') as file:
            file.write(_OOM_SCORE)
    except OSError:
        pass  # Read-only in some containers.


def limit_process(limits):
    """For this process and all that it starts, before anything of a tenant runs in it."""
    if limits:
        join(limits['cgroups'])
        set_rlimits(limits['rlimits'])


def _door_to(box):
    """Opens the box that is described; None without one, or when the crawl only gets a user and no box."""
    if not box:
        return None
    from box import enter

    if box['level'] == 'box':
        return enter.Door(box)
    enter.give(box)
    return None


def _become_crawl(shim, launch, stdout, stderr, door):
    if not door:
        os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    if _ON_LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if not door and os.getppid() != shim:
            os._exit(127)  # It died before the line above.
        _offer_to_the_oom_killer()
        if not launch.get('box'):
            limit_process(launch.get('limits'))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    if door:
        door.pass_through(launch['cwd'], launch['env']['HOME'])
    elif launch.get('box'):
        from box import enter

        enter.become_user(launch['box'])
    os.chdir(launch['cwd'])


def execute(launch):
    os.execve(launch['argv'][0], launch['argv'], launch['env'])
