"""Makes a directory nobody else's any more: `python -I -S seal.py DIRECTORY`.

Everybody may read what is in it and run its programs; only this user may write. What is neither a file, a folder nor a
link goes, as do links that lead out. Whoever could write there before must have ended.
"""

import contextlib
import os
import stat
import sys


def seal(directory):
    root = os.path.realpath(directory)
    _take(root, None)
    for parent, folders, files, fd in os.fwalk(root):
        for name in (*folders, *files):
            _take(name, fd) if _stays(name, fd, parent, root) else _remove(name, fd)


def _stays(name, fd, parent, root):
    mode = os.lstat(name, dir_fd=fd).st_mode
    if not stat.S_ISLNK(mode):
        return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
    # By its text alone: every folder on the way is one of ours, or is gone itself.
    target = os.path.normpath(os.path.join(parent, os.readlink(name, dir_fd=fd)))
    return target == root or target.startswith(root + os.sep)


def _remove(name, fd):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=fd)


def _take(name, fd):
    found = os.lstat(name, dir_fd=fd)
    if found.st_uid != os.geteuid() or found.st_gid != os.getegid():
        os.chown(name, os.geteuid(), os.getegid(), dir_fd=fd, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        return
    mode = 0o755 if stat.S_ISDIR(found.st_mode) or found.st_mode & 0o111 else 0o644
    # Another user's set-id bits went with the owner; those of one's own go here.
    if stat.S_IMODE(found.st_mode) != mode:
        os.chmod(name, mode, dir_fd=fd)


if __name__ == '__main__':
    seal(sys.argv[1])
