"""The root of a box: an own file system with only what code of tenants needs, most of it read-only.

Everything stands where it stands outside, so that no path and no variable changes.
"""

import os
import stat

from box import syscalls

# Where the new root is mounted while it is made: the first that exists and that nothing is taken from.
_BASES = ('/sys', '/mnt', '/media', '/srv', '/boot', '/opt')
_ROOT_BYTES = 4 * 1024 * 1024
_LINKS = ('bin', 'sbin', 'lib', 'lib64', 'lib32', 'libx32')
# Programs and libraries; the stores are those of systems that keep everything there.
_SYSTEM = ('/usr', '/nix/store', '/gnu/store')
# Names, certificates, fonts, time zones. Nothing of what may hold a secret.
_ETC_COPIED = """
host.conf gai.conf nsswitch.conf resolv.conf services protocols mime.types localtime timezone ld.so.cache os-release
ssl/openssl.cnf crypto-policies/back-ends/opensslcnf.config
""".split()
_ETC_SHOWN = """
ssl/certs pki/tls/certs pki/ca-trust/extracted ca-certificates/extracted alternatives fonts
""".split()
_DEVICES = ('null', 'zero', 'full', 'random', 'urandom', 'tty')
_DEVICE_LINKS = {'fd': '/proc/self/fd', 'stdin': 'fd/0', 'stdout': 'fd/1', 'stderr': 'fd/2', 'ptmx': 'pts/ptmx'}
_HOST_NAME = 'crawl'
# The machine has some thousands for all together.
_MOST_TERMINALS = 64
_LOCKED = syscalls.ATTR_NOSUID | syscalls.ATTR_NODEV
_READ_ONLY = _LOCKED | syscalls.ATTR_RDONLY


def build(box, home):
    """Makes the root and enters it. Needs a mount namespace of its own, and the process id namespace of the box."""
    mask = os.umask(0o022)
    syscalls.mount('none', '/', None, syscalls.MS_REC | syscalls.MS_PRIVATE, what='making mounts private')
    sources = [*box['readonly'], *box['writable']]
    base = _base(sources)
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount('tmpfs', base, 'tmpfs', flags, 'mode=755,size=%d' % _ROOT_BYTES, 'mounting a root')
    os.chdir(base)
    _show_system()
    _make_devices(box)
    _make_proc()
    _make_etc(box, home)
    _show_tmp(box)
    _show_paths(box)
    _write_files(box)
    syscalls.pivot_to_here()
    syscalls.set_attributes('/', _READ_ONLY, recursive=False)
    os.umask(mask)
    syscalls.sethostname(_HOST_NAME)


def _base(sources):
    for base in _BASES:
        if os.path.isdir(base) and not any(_is_below(os.path.realpath(path), base) for path in sources):
            return base
    raise OSError(2, 'there is no free directory to build it in', ', '.join(_BASES))


def _is_below(path, directory):
    return path == directory or path.startswith(directory.rstrip('/') + '/')


def _show_system():
    for path in _SYSTEM:
        if os.path.isdir(path):
            _bind(path, path[1:], _READ_ONLY)
    for name in _LINKS:
        if os.path.islink('/' + name):
            os.symlink(os.readlink('/' + name).lstrip('/'), name)
        elif os.path.isdir('/' + name):
            _bind('/' + name, name, _READ_ONLY)
    os.makedirs('var')
    os.symlink('/tmp', 'var/tmp')
    os.makedirs('run')


def _make_devices(box):
    os.makedirs('dev/shm')
    os.makedirs('dev/pts')
    for name in _DEVICES:
        if os.path.exists('/dev/' + name):
            _bind('/dev/' + name, 'dev/' + name, 0)
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, 'dev/' + name)
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount('tmpfs', 'dev/shm', 'tmpfs', flags, 'mode=1777,size=%d' % box['shmBytes'])
    flags = syscalls.MS_NOSUID | syscalls.MS_NOEXEC
    syscalls.mount('devpts', 'dev/pts', 'devpts', flags, 'newinstance,ptmxmode=0666,mode=620,max=%d' % _MOST_TERMINALS)


def _make_proc():
    os.mkdir('proc')
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    syscalls.mount('proc', 'proc', 'proc', flags, what='mounting /proc')


def _make_etc(box, home):
    uid = os.geteuid() if box['uid'] is None else box['uid']
    gid = os.getegid() if box['gid'] is None else box['gid']
    os.makedirs('etc')
    for name in _ETC_COPIED:
        _copy('/etc/' + name, 'etc/' + name)
    for name in _ETC_SHOWN:
        if os.path.isdir('/etc/' + name):
            _bind('/etc/' + name, 'etc/' + name, _READ_ONLY)
    root = '' if uid == 0 else 'root:x:0:0::/:/bin/sh\n'
    nobody = 'nobody:x:65534:65534::/:/bin/sh\n'
    _write('etc/passwd', os.fsencode(root + 'crawl:x:%d:%d::%s:/bin/sh\n' % (uid, gid, home) + nobody))
    root = '' if gid == 0 else 'root:x:0:\n'
    _write('etc/group', os.fsencode(root + 'crawl:x:%d:\nnogroup:x:65534:\n' % gid))
    hosts = _data('/etc/hosts') or b'127.0.0.1 localhost\n::1 localhost\n'
    _write('etc/hosts', hosts + b'\n127.0.0.1 %s\n' % os.fsencode(_HOST_NAME))


def _show_tmp(box):
    os.makedirs('tmp')
    if box['tmp']:
        _bind(box['tmp'], 'tmp', _LOCKED)


def _show_paths(box):
    """Parents before what lies below them. A path that leads over links is shown at its place, too."""
    wanted = {}
    for attributes, paths in ((_READ_ONLY, box['readonly']), (_LOCKED, box['writable'])):
        for path in paths:
            wanted[path] = wanted[os.path.realpath(path)] = attributes
    read_only = [*_SYSTEM, *('/' + name for name in _LINKS)]
    for path in sorted(wanted, key=lambda path: path.count('/')):
        if wanted[path] != _READ_ONLY:
            _bind(path, path[1:], _LOCKED)
        elif not any(_is_below(path, parent) for parent in read_only):
            _bind(path, path[1:], _READ_ONLY)
            read_only.append(path)


def _write_files(box):
    for path, text in box['files'].items():
        _write(path[1:], text.encode())


def _bind(source, target, attributes):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.lexists(target):
        os.makedirs(os.path.dirname(target) or '.', exist_ok=True)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o444))
    syscalls.mount(source, target, None, syscalls.MS_BIND | syscalls.MS_REC, what='showing %s' % source)
    if attributes:
        syscalls.set_attributes(target, attributes)


def _copy(source, target):
    data = _data(source)
    if data is not None:
        _write(target, data)


def _data(path):
    """None when there is no such file, or it is not to be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(file, _ROOT_BYTES)
    except OSError:
        return None
    finally:
        os.close(file)


def _write(path, data):
    """Without Python's own files, which take ten times as long: every start of a crawl waits for this."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)


def give(paths, uid, gid):
    """Files and directories that may be written to get their user, with all below where they had another one."""
    for path in paths:
        owner = os.lstat(path)
        if owner.st_uid == uid:
            continue
        if stat.S_ISDIR(owner.st_mode):
            for _, names, files, folder in os.fwalk(path):
                for name in (*names, *files):
                    os.chown(name, uid, gid, dir_fd=folder, follow_symlinks=False)
        os.lchown(path, uid, gid)
