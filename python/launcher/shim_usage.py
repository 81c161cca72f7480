"""What a crawl's processes use of memory and disk, as /proc and its folders tell."""

import errno
import os
import stat
import time

_BLOCK_BYTES = 512
# Of a file with nothing in it, too: a disk has only so many places for files.
_LEAST_BYTES = 4096
_PAGE_BYTES = os.sysconf('SC_PAGE_SIZE')


def descendants(pid):
    """Process ids of all that a process has started and that still live, in any namespace."""
    found = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid):
    children = []
    for thread in _names('/proc/%d/task' % pid):
        children += map(int, _text('/proc/%d/task/%s/children' % (pid, thread)).split())
    return children


def memory_bytes(pids, enough):
    """Memory of processes. Pages that several of them share count once, as far as it matters whether it is `enough`."""
    resident = sum(_resident_bytes(pid) for pid in pids)
    return resident if resident < enough else sum(_share_bytes(pid) for pid in pids)


def _resident_bytes(pid):
    fields = _text('/proc/%d/statm' % pid).split()
    return int(fields[1]) * _PAGE_BYTES if fields else 0


def _share_bytes(pid):
    for line in _text('/proc/%d/smaps_rollup' % pid).splitlines():
        if line.startswith('Pss:'):
            return int(line.split()[1]) * 1024
    return _resident_bytes(pid)


class DiskUsage:
    """Measures folders, and deleted files that processes keep open, a moment at a time."""

    def __init__(self, folders, pids):
        """`pids` gives the processes to ask when the folders are done."""
        self._folders = folders
        self._pids = pids
        self._walk = None
        self._room = _Room(folders)
        # Bytes of each folder after a whole round, or as far as the one that goes on has come; of deleted files under None.
        self.by_folder = {}
        self.so_far = {}
        # A place that cannot be measured: it may hide anything.
        self.hidden = None

    def look(self, seconds):
        """Goes on for so long at most; returns whether a round is complete."""
        if self._walk is None:
            self._room.begin()
            self._walk = self._round()
        until = time.monotonic() + seconds
        for _ in self._walk:
            if time.monotonic() >= until:
                return False
        self._walk = None
        self._room.end()
        return True

    def total(self):
        return sum(self.by_folder.values())

    def lost(self):
        """Bytes by which the room on the folders' disks has shrunk, whoever took it, since the last round began."""
        return self._room.lost()

    def _round(self):
        seen = set()
        sizes = self.so_far = {}
        hidden = []
        for folder in self._folders:
            sizes[folder] = 0
            for found in _files(folder, hidden):
                yield
                sizes[folder] += _bytes_once(found, seen)
        sizes[None] = 0
        devices = {found.st_dev for found in map(_stat, self._folders) if found}
        for found in _deleted_files(self._pids()):
            yield
            if found.st_dev in devices:
                sizes[None] += _bytes_once(found, seen)
        self.by_folder = sizes
        self.hidden = hidden[0] if hidden else None


def _bytes_once(found, seen):
    """What a file takes on disk; a file with several names counts at the first."""
    if found.st_nlink != 1 and not stat.S_ISDIR(found.st_mode):
        if (found.st_dev, found.st_ino) in seen:
            return 0
        seen.add((found.st_dev, found.st_ino))
    return max(found.st_blocks * _BLOCK_BYTES, _LEAST_BYTES)


class _Room:
    """What is free on the disks of some folders, for bytes and for files."""

    def __init__(self, folders):
        self._folders = folders
        self._most = self._at_begin = self._free()

    def begin(self):
        self._at_begin = self._free()

    def end(self):
        self._most = self._at_begin

    def lost(self):
        free = self._free()
        # What others give back in between does not hide what is taken.
        self._most = [max(pair) for pair in zip(self._most, free)]
        return max((most - now for most, now in zip(self._most, free)), default=0)

    def _free(self):
        found = map(_disk, self._folders)
        return [number for disk in found for number in (disk.f_bavail * disk.f_frsize, disk.f_favail * _LEAST_BYTES)]


def _disk(folder):
    try:
        return os.statvfs(folder)
    except OSError:
        return os.statvfs('/')  # It has just been removed.


def _files(folder, hidden):
    """Stat results of all below a folder, links not followed."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append(entry.path)
                    yield found
        except OSError as error:
            # A path may get too long, and an owner may lock a folder: both would be places to hide in.
            if error.errno in (errno.EACCES, errno.ENAMETOOLONG):
                hidden.append(place)


def _deleted_files(pids):
    """Stat results of files without a name that processes have open."""
    for pid in pids:
        for number in _names('/proc/%d/fd' % pid):
            found = _stat('/proc/%d/fd/%s' % (pid, number))
            if found and found.st_nlink == 0 and stat.S_ISREG(found.st_mode):
                yield found


def _stat(path):
    try:
        return os.stat(path)
    except OSError:
        return None


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []  # The process has ended, or it is not ours to ask.


def _text(path):
    try:
        with open(path, encoding='ascii', errors='replace') as file:
            return file.read()
    except OSError:
        return ''
