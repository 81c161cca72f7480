import ctypes
import errno
import os
import platform
import socket

from .registry import attack, first

_libc = ctypes.CDLL(None, use_errno=True)
_X86 = platform.machine() == 'x86_64'
_STOPPED = (errno.EPERM, errno.ENOSYS, errno.EACCES)

# Numbers of x86_64 and aarch64. The arguments are wrong on purpose: whoever is not stopped before the kernel looks at
# them gets another error than EPERM, and nothing happens.
_CALLS = {
    'keyctl': (250, 219, (0, -3, 0)),
    'add_key': (248, 217, (0, 0, 0, 0, -3)),
    'request_key': (249, 218, (0, 0, 0, 0)),
    'io_uring_setup': (425, 425, (1, 0)),
    'io_setup': (206, 0, (1, 0)),
    'bpf': (321, 280, (0, 0, 0)),
    'perf_event_open': (298, 241, (0, 0, -1, -1, 0)),
    'userfaultfd': (323, 282, (0,)),
    'kexec_load': (246, 104, (0, 1000000, 0, 0)),
    'init_module': (175, 105, (0, 0, 0)),
    'finit_module': (313, 273, (-1, 0, 0)),
    'delete_module': (176, 106, (0, 0)),
    'swapon': (167, 224, (0, 0)),
    'acct': (163, 89, (1,)),
    'syslog': (103, 116, (10, 0, 0)),
    'open_by_handle_at': (304, 265, (-1, 0, 0)),
    'fanotify_init': (300, 262, (0xffff, 0)),
    'pivot_root': (155, 41, (0, 0)),
    'process_vm_readv': (310, 270, (1, 0, 0, 0, 0, 0)),
    'process_vm_writev': (311, 271, (1, 0, 0, 0, 0, 0)),
    'kcmp': (312, 272, (1, 1, 99, 0, 0)),
    'pidfd_getfd': (438, 438, (-1, 0, 0)),
    'move_mount': (429, 429, (-1, 0, -1, 0, 0)),
    'open_tree': (428, 428, (-100, 0, 0)),
    'fsopen': (430, 430, (0, 0)),
    'mount_setattr': (442, 442, (-1, 0, 0, 0, 0)),
    'quotactl': (179, 60, (0, 0, 0, 0)),
    'settimeofday': (164, 170, (1, 0)),
    'clock_settime': (227, 112, (0, 1)),
    'adjtimex': (159, 171, (1,)),
    'sethostname': (170, 161, (0, 1)),
    'ptrace': (101, 117, (2, 1, 0, 0)),
}


def _call(name):
    x86, arm, args = _CALLS[name]
    ctypes.set_errno(0)
    result = _libc.syscall(x86 if _X86 else arm, *args)
    number = ctypes.get_errno()
    if result >= 0:
        return f'returned {result}'
    return None if number in _STOPPED else f'the kernel answered {errno.errorcode.get(number, number)}'


def _tries(name):
    @attack(f'call {name}')
    def _(know):
        return _call(name)


for _name in _CALLS:
    _tries(_name)

_FLAGS = {
    'user': 0x10000000, 'mount': 0x00020000, 'pid': 0x20000000, 'net': 0x40000000,
    'ipc': 0x08000000, 'uts': 0x04000000, 'cgroup': 0x02000000, 'time': 0x00000080,
}


def _in_child(work):
    """Runs something that cannot be undone in a child; true when it worked."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if work() else 1)
        except BaseException:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


@attack('make namespaces')
def _(know):
    return first(name for name, flag in _FLAGS.items() if _in_child(lambda: _libc.unshare(flag) == 0))


@attack('make namespaces by clone')
def _(know):
    # clone with a flag and without a stack is a fork into new namespaces.
    def cloned(flag):
        number = 56 if _X86 else 220
        pid = _libc.syscall(number, flag | 17, 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
        if pid > 0:
            os.waitpid(pid, 0)
        return pid > 0
    return first(name for name, flag in _FLAGS.items() if name != 'time' and _in_child(lambda: cloned(flag)))


@attack('enter namespaces of others')
def _(know):
    found = []
    for name in ('mnt', 'net', 'user', 'pid', 'ipc', 'uts', 'cgroup'):
        path = f'/proc/1/ns/{name}'
        def enter():
            descriptor = os.open(path, os.O_RDONLY)
            return _libc.setns(descriptor, 0) == 0
        if _in_child(enter):
            found.append(name)
    return first(found)


@attack('take many terminals, of which the machine has a few thousand')
def _(know):
    taken = []
    try:
        while len(taken) < 200:
            taken.append(os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY))
    finally:
        for descriptor in taken:
            os.close(descriptor)
    return f'took {len(taken)}'


@attack('mount')
def _(know):
    def mounts(kind, source, flags=0):
        target = os.path.join(os.environ.get('HOME', '/tmp'), f'mnt-{os.getpid()}')
        os.makedirs(target, exist_ok=True)
        done = _libc.mount(source, target.encode(), kind, flags, None) == 0
        if done:
            _libc.umount2(target.encode(), 2)
        return done
    tries = {'tmpfs': (b'tmpfs', b'x'), 'proc': (b'proc', b'proc'), 'bind': (None, b'/', 4096), 'cgroup': (b'cgroup2', b'x')}
    return first(name for name, args in tries.items() if _in_child(lambda: mounts(*args)))


@attack('make a mount writable')
def _(know):
    return 'remounted /usr' if _in_child(lambda: _libc.mount(None, b'/usr', None, 32 | 4096, None) == 0) else None


@attack('change its root')
def _(know):
    return 'chroot worked' if _in_child(lambda: os.chroot('/') is None) else None


@attack('change settings of the kernel')
def _(know):
    found = []
    for path in ('kernel/core_pattern', 'kernel/hostname', 'kernel/modprobe', 'vm/overcommit_memory', 'net/ipv4/ip_forward', 'kernel/pid_max', 'fs/file-max'):
        try:
            os.close(os.open(f'/proc/sys/{path}', os.O_WRONLY))
            found.append(path)
        except OSError:
            pass
    return first(found)


@attack('reach the kernel through /proc and /sys')
def _(know):
    found = []
    for path, mode in (('/proc/sysrq-trigger', os.O_WRONLY), ('/proc/kcore', os.O_RDONLY), ('/proc/kmsg', os.O_RDONLY | os.O_NONBLOCK), ('/proc/timer_list', os.O_RDONLY),
                       ('/sys/kernel/uevent_helper', os.O_WRONLY), ('/sys/fs/cgroup/memory/memory.limit_in_bytes', os.O_WRONLY), ('/sys/kernel/mm/transparent_hugepage/enabled', os.O_WRONLY),
                       ('/sys/power/state', os.O_WRONLY), ('/sys/kernel/debug', os.O_RDONLY), ('/proc/acpi/wakeup', os.O_WRONLY), ('/proc/self/oom_score_adj', os.O_RDONLY)):
        try:
            os.close(os.open(path, mode))
            if path != '/proc/self/oom_score_adj':
                found.append(path)
        except OSError:
            pass
    return first(found)


@attack('make itself the last one to be killed when memory is short')
def _(know):
    with open('/proc/self/oom_score_adj', 'w') as file:
        file.write('-1000')
    return 'oom_score_adj is -1000'


@attack('leave its cgroup')
def _(know):
    import glob
    found = []
    for path in glob.glob('/sys/fs/cgroup/**/cgroup.procs', recursive=True)[:2000]:
        try:
            os.close(os.open(path, os.O_WRONLY))
            found.append(path)
        except OSError:
            pass
    return first(found)


@attack('open sockets that no spider needs')
def _(know):
    kinds = {'packet': (17, socket.SOCK_RAW), 'raw': (socket.AF_INET, socket.SOCK_RAW, 1), 'vsock': (40, socket.SOCK_STREAM), 'alg': (38, socket.SOCK_SEQPACKET), 'bluetooth': (31, socket.SOCK_RAW),
             'can': (29, socket.SOCK_RAW, 1), 'tipc': (30, socket.SOCK_STREAM), 'kcm': (41, socket.SOCK_DGRAM), 'xdp': (44, socket.SOCK_RAW), 'rds': (21, socket.SOCK_SEQPACKET)}
    found = []
    for name, args in kinds.items():
        try:
            socket.socket(*args).close()
            found.append(name)
        except OSError as error:
            # Families that this kernel does not have say so themselves.
            pass
    return first(found)


@attack('look at memory of other processes')
def _(know):
    found = []
    for pid in (int(name) for name in os.listdir('/proc') if name.isdigit()):
        try:
            with open(f'/proc/{pid}/cmdline') as file:
                is_own = pid == os.getpid() or 'survivor-' in file.read()
            os.close(os.open(f'/proc/{pid}/mem', os.O_RDWR))
            found += [] if is_own else [pid]
        except OSError:
            pass
    return first(found)


@attack('trace its parent')
def _(know):
    def attach():
        # PTRACE_SEIZE stops nobody, and ends with the one who traces.
        return _libc.ptrace(0x4206, os.getppid(), 0, 0) == 0
    return 'attached' if _in_child(attach) else None


@attack('change the network of the machine')
def _(know):
    import struct
    # RTM_NEWADDR: another address for loopback, which stands in nobody's way.
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        body = struct.pack('BBBBI', socket.AF_INET, 8, 0, 254, 1) + struct.pack('HH', 8, 2) + bytes([127, 9, 9, 9])
        link.send(struct.pack('IHHII', 16 + len(body), 20, 0x505, 1, 0) + body)
        answer = link.recv(4096)
        return 'gave it an address' if struct.unpack_from('i', answer, 16)[0] == 0 else None
