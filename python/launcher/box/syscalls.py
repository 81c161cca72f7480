"""System calls that Python before 3.12 has no names for. Each raises OSError whose `filename` says what was done."""

import ctypes
import os
import platform

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

# Attributes of mount_setattr; the first three are the flags of mount, too.
ATTR_RDONLY = 1
ATTR_NOSUID = 2
ATTR_NODEV = 4
ATTR_NOEXEC = 8

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
# The same on all architectures; since Linux 5.12.
_NR_MOUNT_SETATTR = 442
_NR = {
    'x86_64': {'pivot_root': 155, 'capset': 126, 'seccomp': 317},
    'aarch64': {'pivot_root': 41, 'capset': 91, 'seccomp': 277},
}
MACHINE = platform.machine()

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_libc.syscall.restype = ctypes.c_long
_libc.prctl.argtypes = [ctypes.c_int, *([ctypes.c_ulong] * 4)]


def unshare(flags, what='making namespaces'):
    _check(_libc.unshare(flags), what)


def setns(fd, kind, what='entering a namespace'):
    _check(_libc.setns(fd, kind), what)


def mount(source, target, kind=None, flags=0, data=None, what=None):
    arguments = [text if text is None else os.fsencode(text) for text in (source, target, kind)]
    result = _libc.mount(*arguments, flags, None if data is None else data.encode())
    _check(result, what or 'mounting %s' % target)


def set_attributes(path, attributes, recursive=True):
    """Read-only and the like for a mount, and for all below it. Needs Linux 5.12."""
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    result = _syscall(_NR_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, wanted, ctypes.sizeof(wanted))
    _check(result, 'setting attributes of %s' % path)


def pivot_to_here():
    """The working directory, a mount, becomes the root; what was the root is gone with all that is mounted in it."""
    _check(_syscall(_number('pivot_root'), b'.', b'.'), 'changing the root')
    _check(_libc.umount2(b'.', MNT_DETACH), 'leaving the old root')
    os.chdir('/')


def sethostname(name):
    text = os.fsencode(name)
    _check(_libc.sethostname(text, len(text)), 'naming the box')


def prctl(option, *arguments):
    """Returns what the call does; raises OSError when it fails."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    result = _libc.prctl(option, *padded)
    _check(result, 'prctl %d' % option)
    return result


def drop_capabilities():
    """Effective, permitted and inheritable ones of this thread."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(_syscall(_number('capset'), header, (ctypes.c_uint32 * 6)()), 'dropping capabilities')


class _Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('code', ctypes.c_char_p)]


def set_filter(code):
    """Every later system call of this process and its children is judged by the BPF program. There is no way back."""
    program = _Program(len(code) // 8, code)
    # With the flag the kernel leaves this process as fast as it is: its tenant has its own address space anyway.
    for flags in (_SPEC_ALLOW, 0):
        result = _syscall(_number('seccomp'), _SET_MODE_FILTER, flags, ctypes.byref(program))
        if result == 0:
            return
    _check(result, 'limiting system calls')


_SET_MODE_FILTER = 1
_SPEC_ALLOW = 4


def _syscall(number, *arguments):
    return _libc.syscall(ctypes.c_long(number), *[_argument(value) for value in arguments])


def _argument(value):
    return ctypes.c_long(value) if isinstance(value, int) else value


def _number(name):
    try:
        return _NR[MACHINE][name]
    except KeyError:
        raise OSError(38, 'there are no boxes for this kind of processor', MACHINE) from None


def _check(result, what):
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)
