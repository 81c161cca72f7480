"""The BPF program that judges system calls of code in a box.

What no crawl needs and what has opened ways out of boxes is refused: new namespaces, mounts, tracing, keys, kernel
modules and their kind, io_uring, address families beyond unix, internet and netlink. Refused is with EPERM, as without
rights; with ENOSYS where programs then take an older call (clone3, io_uring) and for calls that this list is too old to
know. Linux remembers which calls are always allowed, so that they cost nothing.
"""

import struct

from box.syscalls import MACHINE

_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000

# The newest call that this list has an opinion on (Linux 6.17: file_setattr).
_LAST_KNOWN = 469
_NAMESPACES = 0x7E020000
_NEWTIME = 0x80
_X32 = 0x40000000

# Names and numbers: x86_64, aarch64; None where it does not exist.
_CALLS = {
    'ioctl': (16, 29),
    'socket': (41, 198),
    'socketpair': (53, 199),
    'clone': (56, 220),
    'unshare': (272, 97),
    'personality': (135, 92),
    'shmget': (29, 194),
    'msgget': (68, 186),
    'semget': (64, 190),
    'mq_open': (240, 180),
    'memfd_create': (319, 279),
    'setrlimit': (160, 164),
    'prlimit64': (302, 261),
}
_REFUSED = {
    'ptrace': (101, 117),
    'syslog': (103, 116),
    'uselib': (134, None),
    'ustat': (136, None),
    'sysfs': (139, None),
    'modify_ldt': (154, None),
    'pivot_root': (155, 41),
    'sysctl': (156, None),
    'adjtimex': (159, 171),
    'chroot': (161, 51),
    'acct': (163, 89),
    'settimeofday': (164, 170),
    'mount': (165, 40),
    'umount2': (166, 39),
    'swapon': (167, 224),
    'swapoff': (168, 225),
    'reboot': (169, 142),
    'sethostname': (170, 161),
    'setdomainname': (171, 162),
    'iopl': (172, None),
    'ioperm': (173, None),
    'create_module': (174, None),
    'init_module': (175, 105),
    'delete_module': (176, 106),
    'get_kernel_syms': (177, None),
    'query_module': (178, None),
    'quotactl': (179, 60),
    'nfsservctl': (180, 42),
    'vhangup': (153, 58),
    'lookup_dcookie': (212, 18),
    'clock_settime': (227, 112),
    'vserver': (236, None),
    'mbind': (237, 235),
    'set_mempolicy': (238, 237),
    'get_mempolicy': (239, 236),
    'kexec_load': (246, 104),
    'add_key': (248, 217),
    'request_key': (249, 218),
    'keyctl': (250, 219),
    'migrate_pages': (256, 238),
    'move_pages': (279, 239),
    'perf_event_open': (298, 241),
    'fanotify_init': (300, 262),
    'name_to_handle_at': (303, 264),
    'open_by_handle_at': (304, 265),
    'clock_adjtime': (305, 266),
    'setns': (308, 268),
    'process_vm_readv': (310, 270),
    'process_vm_writev': (311, 271),
    'kcmp': (312, 272),
    'finit_module': (313, 273),
    'kexec_file_load': (320, 294),
    'bpf': (321, 280),
    'userfaultfd': (323, 282),
    'open_tree': (428, 428),
    'move_mount': (429, 429),
    'fsopen': (430, 430),
    'fsconfig': (431, 431),
    'fsmount': (432, 432),
    'fspick': (433, 433),
    'pidfd_getfd': (438, 438),
    'process_madvise': (440, 440),
    'mount_setattr': (442, 442),
    'quotactl_fd': (443, 443),
    'memfd_secret': (447, 447),
    'process_mrelease': (448, 448),
    'set_mempolicy_home_node': (450, 450),
    'statmount': (457, 457),
    'listmount': (458, 458),
    'lsm_set_self_attr': (460, 460),
    'open_tree_attr': (467, 467),
}
_UNKNOWN = {
    'clone3': (435, 435),
    'io_uring_setup': (425, 425),
    'io_uring_enter': (426, 426),
    'io_uring_register': (427, 427),
    # What the machine has for all together; programs then take threads.
    'io_setup': (206, 0),
}
# Memory that belongs to no process and that only a control group counts.
_UNCOUNTED = ('shmget', 'msgget', 'semget', 'mq_open', 'memfd_create')

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_STREAM, _DATAGRAM = 1, 2
_PROTOCOLS = (0, 1, 6, 17, 58)
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_RLIMIT_CORE = 4
_PERSONALITIES = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)

_NUMBER, _ARCH = 0, 4
_LD, _JEQ, _JGE, _JSET, _AND, _RET = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06


def program(kind, machine=MACHINE):
    """The BPF code, as bytes. `no-memory-cgroup` also refuses memory that only a control group would count."""
    column, arch = {'x86_64': (0, 0xC000003E), 'aarch64': (1, 0xC00000B7)}[machine]
    numbers = {name: both[column] for name, both in {**_CALLS, **_REFUSED, **_UNKNOWN}.items()}
    refused = [*_REFUSED, *(_UNCOUNTED if kind == 'no-memory-cgroup' else ())]
    code = [_op(_LD, _ARCH), _jump(_JEQ, arch, 1, 0), _op(_RET, _KILL), _op(_LD, _NUMBER)]
    if machine == 'x86_64':
        code += [_jump(_JGE, _X32, 0, 1), _errno(_ENOSYS)]
    code += [_jump(_JGE, _LAST_KNOWN + 1, 0, 1), _errno(_ENOSYS)]
    for name in refused:
        if numbers[name] is not None:
            code += [_jump(_JEQ, numbers[name], 0, 1), _errno(_EPERM)]
    for name in _UNKNOWN:
        code += [_jump(_JEQ, numbers[name], 0, 1), _errno(_ENOSYS)]
    for name, rule in _RULES.items():
        body = rule()
        code += [_jump(_JEQ, numbers[name], 0, len(body)), *body]
    return b''.join([*code, _op(_RET, _ALLOW)])


def _new_namespaces():
    return [_argument(0), _jump(_JSET, _NAMESPACES, 0, 1), _errno(_EPERM), _op(_RET, _ALLOW)]


def _unshare():
    return [_argument(0), _jump(_JSET, _NAMESPACES | _NEWTIME, 0, 1), _errno(_EPERM), _op(_RET, _ALLOW)]


def _socket():
    """Unix as it likes; internet as TCP, UDP and ping; netlink only to ask for addresses and routes."""
    protocol = [_argument(2), *_only(_PROTOCOLS, _EPERM)]
    kind = [_argument(1), _op(_AND, 0xF), _jump(_JEQ, _STREAM, 1, 0), _jump(_JEQ, _DATAGRAM, 0, len(protocol))]
    internet = [*kind, *protocol, _errno(_EPERM)]
    netlink = [_argument(2), *_only((0,), _EPERM)]
    return [
        _argument(0),
        _jump(_JEQ, _AF_UNIX, 0, 1),
        _op(_RET, _ALLOW),
        _jump(_JEQ, _AF_NETLINK, 0, len(netlink)),
        *netlink,
        _jump(_JEQ, _AF_INET, 2, 0),
        _jump(_JEQ, _AF_INET6, 1, 0),
        _errno(_EAFNOSUPPORT),
        *internet,
    ]


def _socketpair():
    return [_argument(0), *_only((_AF_UNIX,), _EAFNOSUPPORT)]


def _ioctl():
    code = [_argument(1)]
    for request in _TERMINAL_INPUT:
        code += [_jump(_JEQ, request, 0, 1), _errno(_EPERM)]
    return [*code, _op(_RET, _ALLOW)]


def _personality():
    return [_argument(0), *_only(_PERSONALITIES, _EPERM)]


def _setrlimit():
    """A program of the machine that collects crashes is told nothing of those in a box only while this limit is 1."""
    return [_argument(0), _jump(_JEQ, _RLIMIT_CORE, 0, 1), _errno(_EPERM), _op(_RET, _ALLOW)]


def _prlimit64():
    """As setrlimit; asking for the limit is another matter."""
    new = [_argument(2), _jump(_JEQ, 0, 0, 2), _upper_half(2), _jump(_JEQ, 0, 1, 0), _errno(_EPERM)]
    return [_argument(1), _jump(_JEQ, _RLIMIT_CORE, 0, len(new)), *new, _op(_RET, _ALLOW)]


_RULES = {
    'clone': _new_namespaces,
    'unshare': _unshare,
    'socket': _socket,
    'socketpair': _socketpair,
    'ioctl': _ioctl,
    'personality': _personality,
    'setrlimit': _setrlimit,
    'prlimit64': _prlimit64,
}


def _only(values, error):
    """Allows these values of what was loaded last, and refuses all others."""
    code = []
    for value in values:
        code += [_jump(_JEQ, value, 0, 1), _op(_RET, _ALLOW)]
    return [*code, _errno(error)]


def _argument(index):
    """The lower half of an argument, which is all that these calls look at."""
    return _op(_LD, 16 + 8 * index)


def _upper_half(index):
    return _op(_LD, 20 + 8 * index)


def _op(code, value):
    return struct.pack('=HBBI', code, 0, 0, value)


def _jump(code, value, if_true, if_false):
    return struct.pack('=HBBI', code, if_true, if_false, value)


def _errno(error):
    return _op(_RET, _ERRNO | error)
