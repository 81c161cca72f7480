import glob
import os
import site
import stat
import sys

from .registry import attack, first


def _readable(paths):
    for path in paths:
        try:
            if os.path.isfile(path):
                with open(path, 'rb') as file:
                    if file.read(1):
                        yield path
        except OSError:
            pass


def _below(*parts):
    return glob.iglob(os.path.join(*parts, '**'), recursive=True)


def _writable(paths):
    """Opened for writing and nothing written: enough to know, and no harm done."""
    for path in paths:
        try:
            if os.path.isdir(path):
                probe = os.path.join(path, f'.probe-{os.getpid()}')
                os.close(os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_EXCL))
                os.unlink(probe)
            else:
                os.close(os.open(path, os.O_WRONLY))
        except OSError:
            continue
        yield path


@attack("read other tenants' items and logs")
def _(know):
    return first(_readable(_below(know['home'], 'data', 'streams')))


@attack("append to other tenants' items and logs")
def _(know):
    return first(_writable(path for path in _below(know['home'], 'data', 'streams') if os.path.isfile(path)))


@attack("read other tenants' eggs")
def _(know):
    return first(_readable(_below(know['home'], 'data', 'blobs')))


@attack('list the home of the service')
def _(know):
    found = [name for name in os.listdir(know['home']) if os.path.isfile(os.path.join(know['home'], name))]
    # What leads to its own files is there; whatever else is, is not its own.
    for folder in ('data', 'data/streams', 'data/blobs', 'logs', 'tmp/uploads'):
        path = os.path.join(know['home'], folder)
        inside = set(os.listdir(path)) - {'folders'} if os.path.isdir(path) else None
        if inside:
            found.append(f'{folder}: {sorted(inside)[:3]}')
    return first(found)


@attack('read what the service keeps for itself')
def _(know):
    mine = ('/python/', '/envs/', '/eggs/', '/home/', '/tmp/')
    own = os.environ.get('HOME', '/nonexistent')
    found = _readable(path for path in _below(know['home']) if not any(part in path[len(know['home']):] for part in mine))
    return first(path for path in found if not path.startswith(own) and os.path.basename(path) not in ('job.json', 'settings.json', 'pipe'))


@attack('read the launch file, deadline, spool or exit of a crawl')
def _(know):
    found = []
    for name in ('launch.json', 'deadline', 'exit.json', 'spool*'):
        found += glob.glob(os.path.join(know['home'], 'work', '**', name), recursive=True)
    return first(found)


@attack('prolong its own lease, or invent its end')
def _(know):
    folders = set(map(os.path.dirname, glob.glob(os.path.join(know['home'], 'work', '**', 'job.json'), recursive=True)))
    folders |= {os.path.dirname(os.environ.get('HOME', '/nonexistent/x'))}
    return first(_writable(sorted(folder for folder in folders if folder.startswith(know['home']))))


@attack('write into the launcher')
def _(know):
    launcher = os.path.join(know['checkout'], 'python', 'launcher')
    return first(_writable([launcher, *glob.glob(os.path.join(launcher, '*.py'))]))


@attack('write into the environment')
def _(know):
    return first(_writable([sys.prefix, *site.getsitepackages(), os.path.dirname(os.__file__), sys.executable]))


@attack('write into the environments of others')
def _(know):
    # A build makes its own, and has its project's cache as its home.
    own = (sys.prefix, os.environ.get('HOME'))
    return first(_writable([path for path in glob.glob(os.path.join(know['home'], 'envs', '*')) if path not in own]))


@attack('write into its own egg, which others run too')
def _(know):
    return first(_writable([os.path.dirname(__file__), __file__, os.path.dirname(os.path.dirname(__file__))]))


@attack('leave something in an egg for the next job')
def _(know):
    path = os.path.join(os.path.dirname(__file__), 'left_behind.txt')
    if os.path.exists(path):
        return 'the next job found it'
    with open(path, 'w') as file:
        file.write('from an earlier job')


@attack("read the machine's own secrets")
def _(know):
    return first(_readable(['/etc/shadow', '/etc/gshadow', '/etc/sudoers', *glob.glob('/root/.*'), *glob.glob('/etc/ssh/*key'), *glob.glob('/etc/ssl/private/*')]))


@attack('read files that lie open for everybody outside')
def _(know):
    return first(_readable([know['secret']]))


@attack('list folders of other users')
def _(know):
    found = []
    for path in ('/root', '/home', '/var/lib', '/srv', '/opt', '/mnt'):
        try:
            found += [os.path.join(path, name) for name in os.listdir(path)]
        except OSError:
            pass
    here = os.path.realpath(sys.prefix)
    base = os.path.realpath(sys.base_prefix)
    parts = (here, base, know['home'], know['checkout'])
    return first(path for path in found if not any(one.startswith(path) for one in parts))


@attack('write outside of its own folders')
def _(know):
    own = [os.path.realpath(os.environ[name]) for name in ('HOME', 'TMPDIR') if name in os.environ]
    folders = ['/', '/etc', '/usr', '/usr/local/bin', '/bin', '/lib', '/var', '/var/tmp', '/root', '/dev', '/run', '/opt', os.path.dirname(know['secret'])]
    return first(path for path in _writable(folders) if os.path.realpath(path) not in (*own, '/tmp'))


@attack('leave a file in the shared /tmp')
def _(know):
    path = f'/tmp/pwned-{know["mark"]}'
    with open(path, 'w') as file:
        file.write('x')
    # Whether that is the /tmp of everybody, those outside look up.
    return None


@attack('follow a link out of its folder')
def _(know):
    link = os.path.join(os.environ.get('TMPDIR', '/tmp'), f'link-{os.getpid()}')
    os.symlink(know['secret'], link)
    try:
        return first(_readable([link]))
    finally:
        os.unlink(link)


@attack('reach files through descriptors that it inherited')
def _(know):
    found = []
    for name in os.listdir('/proc/self/fd'):
        try:
            target, mode = os.readlink(f'/proc/self/fd/{name}'), os.fstat(int(name)).st_mode
        except OSError:
            continue
        if stat.S_ISDIR(mode) or stat.S_ISSOCK(mode) or (stat.S_ISREG(mode) and know['home'] in target and not any(os.environ.get(one, '\0') in target for one in ('HOME', 'TMPDIR'))):
            found.append(f'{name} -> {target}')
    # A reactor has sockets of its own making: a pair in one's own namespace leads nowhere.
    return first(one for one in found if 'socket:' not in one)


@attack('use a device')
def _(know):
    found = []
    for path in ('/dev/mem', '/dev/kmem', '/dev/port', '/dev/kmsg', '/dev/net/tun', '/dev/fuse', '/dev/kvm', '/dev/loop-control', '/dev/vda', '/dev/sda', '/dev/vsock', '/dev/uinput', '/dev/snapshot', '/dev/cuse'):
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            found.append(path)
        except OSError:
            pass
    return first(found)


@attack('make a device')
def _(know):
    path = os.path.join(os.environ.get('HOME', '/tmp'), f'null-{os.getpid()}')
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 8))
    try:
        with open(path, 'rb') as file:
            return f'read {len(file.read(4))} bytes of a device of its own'
    finally:
        os.unlink(path)
