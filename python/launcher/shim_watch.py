"""Watches that a crawl keeps to the limits of its job, and says in the job's log when it does not.

Where the kernel holds a limit (a control group), it only tells what the kernel did. Where it does not, a crawl that
has taken too much is found here soon afterwards, and has to be killed. packages/isolation/src/limits/crawl-limits.ts
says what the limits hold.
"""

import os
import sys
import time

from shim_lines import log_line
from shim_usage import DiskUsage, descendants, memory_bytes

# How often the kernel is asked what it did, processes are counted and their memory is added up, and files are measured.
EVENTS_SECONDS = 1
PROCESSES_SECONDS = 0.5
DISK_SECONDS = 1
# A look that took long is followed by a rest of so many times its length: watching may cost a fiftieth of a core.
REST = 50
# Measuring many files goes on for so long at a time: messages wait meanwhile.
_DISK_LOOK_SECONDS = 0.005
# It hurries while the disk has lost such a part of what a crawl may have, and nobody has looked who took it.
_HURRY_PART = 4
_HURRIED_LOOK_SECONDS = 0.05
_MB = 1024 * 1024


class Watch:
    def __init__(self, limits, spool):
        limits = limits if sys.platform == 'linux' else {}
        self._limits = limits
        self._spool = spool
        self._memory_group = limits.get('memoryGroup')
        self._pids_group = limits.get('pidsGroup')
        self._oom_kills = 0
        self._refused = False
        # What the crawl had too much of: 'memory', 'disk' or 'processes'.
        self.exceeded = None
        self._disk = DiskUsage(limits.get('folders', []), self._pids)
        # Bytes that earlier jobs have left.
        self._kept_at_first = None
        self._looks = [
            _Paced(EVENTS_SECONDS, self._ask_kernel),
            _Paced(PROCESSES_SECONDS, self._look_at_processes) if self._must_add_up() else None,
            _Paced(DISK_SECONDS, self._look_at_disk, self._disk_hurries) if limits.get('diskBytes') else None,
        ]

    def check(self):
        """Returns whether the crawl has to be killed. To be called often."""
        for look in self._looks:
            if look and self.exceeded is None:
                look.run()
        return self.exceeded is not None

    def verdict(self, exit):
        """What limit ended the crawl, for its exit file; nothing where that is not known."""
        self._ask_kernel(is_end=True)
        if self.exceeded is not None:
            return {'exceeded': self.exceeded}
        if exit['signal'] != 'SIGKILL' or self._memory_group is None:
            return {}
        if not self._oom_kills:
            return {'exceeded': 'nothing'}
        words = 'The crawl was killed by the kernel: it needed more than %s of memory, '
        self._say(words % self._mb('memoryBytes'))
        return {'exceeded': 'oom'}

    def _must_add_up(self):
        limits = self._limits
        return (limits.get('memoryBytes') and not self._memory_group) or (limits.get('processes') and not self._pids_group)

    def _pids(self):
        group = self._memory_group or self._pids_group
        return _numbers(os.path.join(group, 'cgroup.procs')) if group else descendants(os.getpid())

    def _ask_kernel(self, is_end=False):
        kills = _count(self._memory_group, ('memory.events', 'memory.oom_control'), 'oom_kill')
        if kills > self._oom_kills and not is_end:
            words = 'A process of the crawl was killed by the kernel: together they needed more than %s of memory, '
            self._say(words % self._mb('memoryBytes'))
        self._oom_kills = kills
        if not self._refused and _count(self._pids_group, ('pids.events',), 'max'):
            self._refused = True
            words = 'The system refused to start a process: the crawl had %d processes and threads, '
            self._say(words % self._limits['processes'])
        return True

    def _look_at_processes(self):
        pids = descendants(os.getpid())
        most = self._limits.get('processes')
        if most and not self._pids_group:
            self._look_at_number(len(pids), most)
        limit = self._limits.get('memoryBytes')
        if limit and not self._memory_group:
            taken = memory_bytes(pids, limit)
            if taken > limit:
                self._end('memory', 'took %d MB of memory' % (taken // _MB), self._mb('memoryBytes'))
        return True

    def _look_at_number(self, number, most):
        # In a user namespace the kernel refuses more; this process counts there, too.
        if 'RLIMIT_NPROC' in self._limits['rlimits']:
            if number + 1 >= most and not self._refused:
                self._refused = True
                self._say('The crawl had %d processes: more than %d are refused, ' % (number, most))
        elif number > most:
            self._end('processes', 'had %d processes' % number, str(most))

    def _disk_hurries(self):
        return self._disk.lost() > self._limits['diskBytes'] // _HURRY_PART

    def _look_at_disk(self):
        done = self._disk.look(_HURRIED_LOOK_SECONDS if self._disk_hurries() else _DISK_LOOK_SECONDS)
        # Of a round that goes on, too: whoever makes files faster than they are counted would never see its end.
        sizes = self._disk.by_folder if done else self._disk.so_far
        limit = self._limits['diskBytes']
        total = sum(sizes.values())
        kept = sizes.get(self._limits.get('keptFolder'), 0)
        if done and self._kept_at_first is None:
            self._kept_at_first = kept
        if done and self._disk.hidden is not None:
            what = 'has a folder whose size cannot be told (%s)' % self._disk.hidden[-200:]
            self._end('disk', what, self._mb('diskBytes'))
        elif total > limit and not self._may_clear_away(kept, total - kept, limit):
            of_it = ', %d MB of it in the folder that is kept for its spider' % (kept // _MB) if kept >= _MB else ''
            self._end('disk', 'took %d MB on disk%s' % (total // _MB, of_it), self._mb('diskBytes'))
        return done

    def _may_clear_away(self, kept, others, limit):
        """Where earlier jobs have left too much, a crawl may work as long as it adds nothing to that."""
        if self._kept_at_first is None:
            return others <= limit
        return self._kept_at_first > limit and kept <= self._kept_at_first and others <= limit

    def _end(self, what, words, limit):
        self.exceeded = what
        self._spool.write(log_line(40, 'The crawl was ended: it %s, and %s may have %s.' % (words, self._job(), limit)))

    def _say(self, words):
        self._spool.write(log_line(40, words + 'the limit of %s.' % self._job()))

    def _job(self):
        units = self._limits['units']
        return 'a job of %d unit%s' % (units, '' if units == 1 else 's')

    def _mb(self, name):
        return '%d MB' % (self._limits[name] // _MB)


class _Paced:
    """A look that comes back after some seconds, later when it took long. It returns whether it is through.

    While `hurries` says so it does not rest before it is through, and then for its seconds alone.
    """

    def __init__(self, seconds, look, hurries=lambda: False):
        self._seconds = seconds
        self._look = look
        self._hurries = hurries
        self._next = 0.0
        self._next_in_hurry = 0.0
        self._cost = 0.0

    def run(self):
        now = time.monotonic()
        if now < self._next and (now < self._next_in_hurry or not self._hurries()):
            return
        # On a busy machine a look takes long and costs no more.
        begin = time.process_time()
        done = self._look()
        spent = time.process_time() - begin
        self._cost += spent
        now = time.monotonic()
        self._next = now + (max(self._seconds, REST * self._cost) if done else REST * spent)
        self._next_in_hurry = now + self._seconds if done else now
        if done:
            self._cost = 0.0


def _count(group, names, key):
    """A counter in the first of a group's files that is there; 0 where there is none."""
    for name in names if group else ():
        for line in _lines(os.path.join(group, name)):
            if line.startswith(key + ' '):
                return int(line.split()[1])
    return 0


def _numbers(path):
    return [int(line) for line in _lines(path)]


def _lines(path):
    try:
        with open(path, encoding='ascii') as file:
            return file.read().splitlines()
    except OSError:
        return []
