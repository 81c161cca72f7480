"""The way into a box.

The process outside (a shim, or box_exec.py) opens the box and forks; its child becomes the first process of the box, and
forks the program. The first process collects what loses its parent, hands signals on, and reports the program's end; with
it all others end. Nobody in a box outlives the process outside.
"""

import os
import select
import signal
import socket
import struct

from box import limits, network, rights, root, syscalls

# Signals that the first process hands on to the program.
_HANDED_ON = frozenset(
    {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
)
_NAMESPACES = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWCGROUP


class Door:
    """Opened by the process outside, before it forks the first process of the box."""

    def __init__(self, box, relay=None):
        """Raises OSError, whose `filename` says what could not be done.

        `relay` is a socket whose other end is given what the relay of a box listens at.
        """
        self._box = box
        self._relay = relay
        self._filter = rights.prepare(box)
        give(box)
        if box['userns']:
            uid, gid = os.geteuid(), os.getegid()
            network.enter_before_user_namespace(box['network'])
            rights.enter_user_namespace(uid, gid)
        syscalls.unshare(syscalls.CLONE_NEWPID, 'making a process id namespace')
        self._report, self._reporter = os.pipe()
        # Its writing end closes when the process outside ends.
        self._outside, self._lifeline = os.pipe()
        os.set_blocking(self._report, False)

    def opened(self):
        """In the process outside, after it has forked."""
        os.close(self._reporter)
        os.close(self._outside)
        if self._relay:
            self._relay.close()

    def status(self):
        """How the program ended, as waitpid says it; None when it lives or its end was not reported."""
        try:
            data = os.read(self._report, 4)
        except BlockingIOError:
            return None
        return struct.unpack('i', data)[0] if len(data) == 4 else None

    def wait(self):
        """As `status`, once the program or the whole box has ended."""
        select.select([self._report], [], [])
        return self.status()

    def pass_through(self, cwd, home):
        """In the first process: makes the box. Returns in the program's process alone, which has no rights any more."""
        box = self._box
        # No copy of it may outlive the process outside.
        os.close(self._lifeline)
        limits.join(box['cgroups'])
        syscalls.unshare(_NAMESPACES)
        network.enter(box['network'], box['userns'])
        self._give_listener()
        root.build(box, home)
        limits.set_rlimits(box['rlimits'])
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDED_ON | {signal.SIGCHLD})
        program = os.fork()
        if program:
            self._keep(program)
        os.setpgid(0, 0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDED_ON | {signal.SIGCHLD})
        rights.become(box, self._filter, dumpable=True)
        os.chdir(cwd)

    def _give_listener(self):
        if self._relay:
            with network.listen() as listener:
                socket.send_fds(self._relay, [b'.'], [listener.fileno()])
            self._relay.close()

    def _keep(self, program):
        """The life of the first process. Never returns."""
        status = 1
        try:
            rights.become(self._box, self._filter, dumpable=False)
            self._let_go()
            # The parent's death is only heard of from now on.
            if not select.select([3], [], [], 0)[0]:
                _look_after(program, 4)
                status = 0
        except OSError as error:
            os.write(2, ('The box broke: %s\n' % error).encode('utf-8', 'replace'))
        finally:
            os._exit(status)

    def _let_go(self):
        """Of all descriptors but the two that are needed, which become 3 and 4. Standard output is the program's."""
        outside, reporter = os.dup2(self._outside, self._high(0)), os.dup2(self._reporter, self._high(1))
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        os.dup2(outside, 3)
        os.dup2(reporter, 4)
        os.closerange(5, os.sysconf('SC_OPEN_MAX'))

    def _high(self, number):
        return max(self._outside, self._reporter, 4) + 1 + number


def give(box):
    """What the box's user may write to, and what nobody else may read, becomes that user's."""
    if box['uid'] is not None:
        root.give([*box['writable'], *box['owned']], box['uid'], box['gid'])


def become_user(box):
    """Where there can be no box: this process drops to its user, without rights and within its limits."""
    limits.join(box['cgroups'])
    limits.set_rlimits(box['rlimits'])
    rights.become(box, rights.prepare(box), dumpable=True)


def _look_after(program, reporter):
    wanted = _HANDED_ON | {signal.SIGCHLD}
    while True:
        number = signal.sigwait(wanted)
        if number != signal.SIGCHLD:
            if program:
                os.kill(program, number)
            continue
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == program:
                    program = None
                    os.write(reporter, struct.pack('i', status))
        except ChildProcessError:
            return
