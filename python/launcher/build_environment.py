"""Builds a Python environment: `python -I build_environment.py TARGET REQUIREMENTS beside|stack [BOX [OPTION...]]`.

One that is built `beside` sees the packages of the Python that runs this behind its own, so that only what the
requirements add or replace is installed. A `stack` stands by itself, on a Python that its pins know: the first line of
the requirements says "# Python OLDEST to NEWEST". Of any number of processes that want the same environment one builds;
the others wait and find it complete.

Installing runs code of packages. BOX is a file for box_exec.py that says in which box, with which environment and where; it
lacks the program, which is the installer. The options go to the installer.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, _HERE)

from seal import seal  # noqa: E402
from shim_process import end_with_parent  # noqa: E402


def main(target, requirements, mode, box=None, *more):
    end_with_parent()
    with open(target + '.lock', 'w') as lock:
        # The kernel lets go of it when this process dies, however it dies.
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = marker_of(target, mode)
        if os.path.exists(complete) and os.path.isdir(target):
            return 0
        with contextlib.suppress(FileNotFoundError):
            os.unlink(complete)
        shutil.rmtree(target, ignore_errors=True)
        make = make_stack if mode == 'stack' else make_beside
        python = make(target, requirements)
        options = ['--quiet'] if mode == 'stack' else []
        code = install(installer(python) + options + [*more, '-r', requirements], box)
        if code == 0:
            finish(target, requirements, make)
            open(complete, 'w').close()
        return code


def marker_of(target, mode):
    """Says that an environment is complete. Code of packages can write to the directory while it is made."""
    return os.path.join(target, 'complete') if mode == 'stack' else target + '.complete'


def install(command, box):
    if box:
        with open(box, 'r+', encoding='utf-8') as file:
            launch = json.load(file)
            file.seek(0)
            json.dump({**launch, 'argv': command}, file)
            file.truncate()
        command = [sys.executable, '-I', '-S', os.path.join(_HERE, 'box_exec.py'), box]
    else:
        command = [sys.executable, '-I', '-S', os.path.join(_HERE, 'reaper.py'), *command]
    installing = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: installing.terminate())
    return installing.wait()


def finish(target, requirements, make):
    """Packages may have brought their own code to the installation: what others rely on is made anew behind it."""
    seal(target)
    for name in os.listdir(os.path.join(target, 'bin')):
        if re.fullmatch(r'python(3(\.\d+)?)?', name):
            os.unlink(os.path.join(target, 'bin', name))
    make(target, requirements)


def make_beside(target, _requirements):
    venv.EnvBuilder(symlinks=True, with_pip=False).create(target)
    paths = sysconfig.get_paths(vars={'base': target, 'platbase': target})
    # Read last of all .pth files: the environment's own packages go before the base's.
    with open(os.path.join(paths['purelib'], 'zzz-base.pth'), 'w', encoding='utf-8') as file:
        file.write(sysconfig.get_path('purelib') + '\n')
    # Whoever removes unused environments keeps the one that this stands on.
    with open(os.path.join(target, 'base'), 'w', encoding='utf-8') as file:
        file.write(sys.prefix)
    return os.path.join(target, 'bin', 'python')


def make_stack(target, requirements):
    python = python_for(requirements)
    subprocess.run([python, '-I', '-m', 'venv', '--without-pip', target], check=True)
    return os.path.join(target, 'bin', 'python')


def python_for(requirements):
    """This Python if the pins know it, else the newest of this machine that they know."""
    with open(requirements, encoding='utf-8') as file:
        limits = re.match(r'# Python 3\.(\d+) to 3\.(\d+)', file.readline())
    if not limits:
        return sys.executable
    oldest, newest = map(int, limits.groups())
    if oldest <= sys.version_info.minor <= newest:
        return sys.executable
    for minor in range(newest, oldest - 1, -1):
        found = shutil.which('python3.%d' % minor)
        if found and subprocess.run([found, '-I', '-c', 'import venv']).returncode == 0:
            return found
    sys.exit('It needs Python 3.%d to 3.%d, which this machine does not have' % (oldest, newest))


def installer(python):
    try:
        import pip  # noqa: F401
    except ImportError:
        uv = shutil.which('uv')
        if not uv:
            sys.exit('The base environment has no pip, and there is no uv')
        return [uv, 'pip', 'install', '--python', python]
    options = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off']
    return [sys.executable, '-I', '-m', 'pip', '--python', python, 'install', *options]


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
