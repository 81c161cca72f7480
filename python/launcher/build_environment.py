"""Builds a Python environment beside the base one: `python -I build_environment.py TARGET REQUIREMENTS`.

Runs under the base environment's Python. The new environment sees the base's packages behind its own, so that only
what the requirements add or replace is installed. Of any number of processes that want the same environment one
builds; the others wait and find it complete.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import sysconfig
import venv


def main(target, requirements):
    with open(target + '.lock', 'w') as lock:
        # The kernel lets go of it when this process dies, however it dies.
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = os.path.join(target, 'complete')
        if os.path.exists(complete):
            return 0
        shutil.rmtree(target, ignore_errors=True)
        python = make_environment(target)
        code = subprocess.run(installer(python) + ['-r', requirements]).returncode
        if code == 0:
            open(complete, 'w').close()
        return code


def make_environment(target):
    venv.EnvBuilder(symlinks=True, with_pip=False).create(target)
    paths = sysconfig.get_paths(vars={'base': target, 'platbase': target})
    # Read last of all .pth files: the environment's own packages go before the base's.
    with open(os.path.join(paths['purelib'], 'zzz-base.pth'), 'w', encoding='utf-8') as file:
        file.write(sysconfig.get_path('purelib') + '\n')
    return os.path.join(target, 'bin', 'python')


def installer(python):
    try:
        import pip  # noqa: F401
    except ImportError:
        uv = shutil.which('uv')
        if not uv:
            sys.exit('The base environment has no pip, and there is no uv')
        return [uv, 'pip', 'install', '--python', python]
    options = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off']
    return [sys.executable, '-m', 'pip', '--python', python, 'install', *options]


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
