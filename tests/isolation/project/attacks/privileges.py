import glob
import os
import resource
import stat
import subprocess

from .registry import attack, first


def _status():
    with open('/proc/self/status') as file:
        return dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)


@attack('be root outside')
def _(know):
    with open('/proc/self/uid_map') as file:
        maps = [tuple(map(int, line.split())) for line in file]
    outside = [start + os.getuid() - inside for inside, start, count in maps if inside <= os.getuid() < inside + count]
    if 0 in outside and 0 == know['serviceUid']:
        return 'uid 0 of the machine'


@attack('share the uid of the service')
def _(know):
    if know['serviceUid'] == 0 and os.getuid() == 0:
        return 'uid 0'


@attack('have capabilities')
def _(know):
    status = _status()
    return first(f'{name} {status[name]}' for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb', 'CapBnd') if int(status[name], 16))


@attack('gain rights by executing')
def _(know):
    return None if _status().get('NoNewPrivs') == '1' else 'no_new_privs is not set'


@attack('run without a filter of system calls')
def _(know):
    return None if _status().get('Seccomp') == '2' else 'no seccomp program'


@attack('become root by setuid programs')
def _(know):
    found = []
    for path in glob.glob('/usr/bin/*') + glob.glob('/usr/sbin/*'):
        try:
            if os.stat(path).st_mode & stat.S_ISUID and not os.statvfs(path).f_flag & os.ST_NOSUID:
                found.append(path)
        except OSError:
            pass
    return first(found)


@attack('become another user')
def _(know):
    found = []
    for uid in (0, 200000, 200001, 1):
        if uid == os.getuid():
            continue
        pid = os.fork()
        if pid == 0:
            try:
                os.setuid(uid)
                os._exit(0)
            except BaseException:
                os._exit(1)
        if os.waitpid(pid, 0)[1] == 0:
            found.append(uid)
    return first(found)


@attack('give files away')
def _(know):
    path = os.path.join(os.environ.get('HOME', '/tmp'), f'given-{os.getpid()}')
    open(path, 'w').close()
    try:
        os.chown(path, 12345, 12345)
        return 'made a file of uid 12345'
    finally:
        os.unlink(path)


@attack('raise its limits')
def _(know):
    found = []
    for name in ('RLIMIT_CORE', 'RLIMIT_NOFILE', 'RLIMIT_MEMLOCK'):
        soft, hard = resource.getrlimit(getattr(resource, name))
        if hard == resource.RLIM_INFINITY:
            continue
        try:
            resource.setrlimit(getattr(resource, name), (hard, hard + 1))
            found.append(name)
        except (OSError, ValueError):
            pass
    return first(found)


@attack('start a program of the machine by a crash')
def _(know):
    # With any other limit than 1 the kernel starts what /proc/sys/kernel/core_pattern names, as root and outside.
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    if limit != (1, 1):
        return f'the limit is {limit}'
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return 'changed its limit'


@attack('run sudo or su')
def _(know):
    for command in (['sudo', '-n', 'id', '-u'], ['su', '-c', 'id -u']):
        try:
            done = subprocess.run(command, capture_output=True, timeout=5, stdin=subprocess.DEVNULL)
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.strip() == b'0' and know['serviceUid'] == 0:
            return ' '.join(command)
