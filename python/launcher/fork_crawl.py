"""Makes of a fork of the fork server what `python crawl.py` would be: nothing may tell a crawl the difference."""

import ctypes
import importlib.machinery
import logging
import os
import re
import signal
import site
import sys
import sysconfig
import time
import types

# Variables that Python, the C library and other native code read once, when a program starts.
_READ_AT_START = re.compile(r'(PYTHON|LD_|LC_|LANG|GLIBC_|MALLOC_|OPENSSL_|SSL|XML_|SGML_|CRYPTOGRAPHY_)')
_SETTLED = {'PYTHONPATH'}
# Imported by Python itself when it starts, if they can be found.
_AT_START = {'sitecustomize', 'usercustomize'}
_MODULE = re.compile(r'([^\W\d]\w*)(\.(py|pyc|so)|\.[\w-]+\.so)?')
_HERE = os.path.dirname(os.path.abspath(__file__))
_OWN = {name[:-3] for name in os.listdir(_HERE) if name.endswith('.py')} | {'box'}


class CrawlBegins(BaseException):
    """Raised in the crawl's process to leave the frames of its shim and of the server behind."""

    def __init__(self, launch):
        super().__init__()
        self.launch = launch


class Suitability:
    """Decides which crawls would notice that the modules were there before their environment was."""

    def __init__(self, names_read, missed):
        """`names_read`: variables that modules looked at when they were loaded; `missed`: modules that they looked for in vain."""
        self._names_read = names_read
        self._loaded = {name.partition('.')[0] for name in sys.modules} - _OWN - {'__main__'} | _AT_START
        self._decisive = self._loaded | missed

    def admits(self, launch):
        env = launch['env']
        return (
            launch['argv'] == [_python(launch), os.path.join(_HERE, 'crawl.py')]
            and self._knows_all_of(launch.get('beside'))
            and len(_mark(env)) <= _environment_area()[1]
            and not any(self._was_read(name) and env.get(name) != os.environ.get(name) for name in env)
            and not any(_has_any_of(self._loaded, path) for path in _python_path(env))
        )

    def _was_read(self, name):
        return name not in _SETTLED and (name in self._names_read or _READ_AT_START.match(name))

    def _knows_all_of(self, environment):
        """Whether what is loaded is what an environment beside the server's own would have given."""
        if not environment:
            return True
        packages = os.path.join(environment, 'lib', 'python%d.%d' % sys.version_info[:2], 'site-packages')
        # pkg_resources noted at its import what is installed.
        if 'pkg_resources' in self._loaded or not os.path.isdir(packages):
            return False
        return not _has_any_of(self._decisive, packages)


def _has_any_of(modules, path):
    """Whether a directory has one of these top-level modules. ZIP files are not looked into."""
    names = (_MODULE.fullmatch(name) for name in os.listdir(path))
    return any(name and name[1] in modules for name in names)


def _python(launch):
    environment = launch.get('beside')
    return os.path.join(environment, 'bin', 'python') if environment else sys.executable


def _python_path(env):
    return [path for path in env.get('PYTHONPATH', '').split(os.pathsep) if path]


def leave(launch):
    """The last step of a shim's child. The descriptors beyond standard error belong to shim and server."""
    _mark_process(launch['env'])
    signal.set_wakeup_fd(-1)
    os.closerange(3, os.sysconf('SC_OPEN_MAX'))
    raise CrawlBegins(launch)


def run(launch):
    """Returns when crawl.py does; an exit with a status is raised as everywhere in Python."""
    _settle_signals()
    _settle_environment(launch['env'])
    _forget()
    if launch.get('beside'):
        _settle_in(launch['beside'])
    program = launch['argv'][1]
    sys.argv = launch['argv'][1:]
    sys.orig_argv = list(launch['argv'])
    sys.path[:0] = [_HERE, *_python_path(launch['env'])]
    importlib.invalidate_caches()
    main = _new_main(program)
    with open(program, 'rb') as file:
        code = compile(file.read(), program, 'exec')
    exec(code, main.__dict__)


def _new_main(program):
    """The module as Python prepares it for a program; the server's own was prepared by the same Python."""
    before = vars(sys.modules['__main__'])
    main = sys.modules['__main__'] = types.ModuleType('__main__')
    kept = {'__annotations__', '__builtins__', '__cached__'} & before.keys()
    vars(main).update({name: before[name] for name in kept})
    main.__file__ = program
    main.__loader__ = importlib.machinery.SourceFileLoader('__main__', program)
    return main


def _settle_signals():
    """As Python sets them at its start, given the default ones of a new program."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)


def _settle_environment(env):
    os.environ.clear()
    os.environ.update(env)
    time.tzset()


def _settle_in(environment):
    """As if this were the Python of an environment beside the server's, whose packages go before those of the server.

    What runs at a start of that Python runs here: the caller is in the crawl's box.
    """
    sys.executable = os.path.join(environment, 'bin', 'python')
    sys.prefix = sys.exec_prefix = environment
    added = [sys.path.index(path) for path in site.getsitepackages() if path in sys.path]
    del sys.path[min(added, default=len(sys.path)) :]
    site.PREFIXES = [environment, environment]
    site.ENABLE_USER_SITE = False
    site.USER_BASE = site.USER_SITE = None
    for name, value in (('_PREFIX', environment), ('_EXEC_PREFIX', environment)):
        if hasattr(sysconfig, name):
            setattr(sysconfig, name, value)
    spawn = sys.modules.get('multiprocessing.spawn')
    if spawn:
        spawn.set_executable(sys.executable)
    site.addsitepackages(None, [environment])


def _forget():
    """What Python noted of the server's start and of its modules."""
    site.USER_BASE = site.USER_SITE = None
    if site.ENABLE_USER_SITE:
        site.getusersitepackages()
    # Computed again at the next question, from HOME among others.
    sysconfig._CONFIG_VARS = None
    sysconfig._CONFIG_VARS_INITIALIZED = False
    now = time.time_ns()
    logging._startTime = now if isinstance(logging._startTime, int) else now / 1e9
    for name in [name for name in sys.modules if name.partition('.')[0] in _OWN]:
        del sys.modules[name]


def _mark(env):
    return b'SHUB_FIFO_PATH=%s\0' % os.fsencode(env['SHUB_FIFO_PATH'])


def _mark_process(env):
    """Writes the job's pipe to where /proc shows the environment: so the worker finds what a killed shim leaves behind.

    Forks of the crawl inherit the mark with the memory, other programs that it starts with the real environment.
    """
    start, length = _environment_area()
    os.environ.clear()
    ctypes.memset(start, 0, length)
    mark = _mark(env)
    ctypes.memmove(start, mark, len(mark))


def _environment_area():
    """Address and bytes of the environment that this program was executed with."""
    with open('/proc/self/stat', 'rb') as file:
        fields = file.read().rpartition(b')')[2].split()
    start, end = int(fields[47]), int(fields[48])
    return start, end - start
