"""Bounded: each stops by itself at a size that the machine bears and no job may have."""

import ctypes
import mmap
import os
import subprocess
import sys
import time

from .registry import attack

MIB = 1 << 20
_HOG = 'import sys, time\nhog = bytearray(%d << 20)\nfor i in range(0, len(hog), 4096): hog[i] = 1\nprint("held", flush=True)\ntime.sleep(8)\n'


def _hogs(count, mib):
    """Children that hold so much each at the same time; how many of them came to hold it."""
    all = [subprocess.Popen([sys.executable, '-S', '-c', _HOG % mib], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(count)]
    deadline = time.time() + 12
    held = 0
    for one in all:
        os.set_blocking(one.stdout.fileno(), False)
    while time.time() < deadline and held < count and any(one.poll() is None for one in all):
        time.sleep(0.2)
        held = sum(1 for one in all if one.poll() is None and _said(one))
    for one in all:
        one.kill()
        one.wait()
    return held


def _said(process):
    if not getattr(process, 'said', False):
        process.said = bool(process.stdout.read())
    return process.said


@attack('hold more memory than its units in one child')
def _(know):
    return 'held 2 GiB' if _hogs(1, 2048) else None


@attack('hold more memory than its units in many children')
def _(know):
    held = _hogs(6, 400)
    return f'held {held * 400} MiB' if held == 6 else None


@attack('hold more memory than its units in memfd')
def _(know):
    pid = os.fork()
    if pid == 0:
        try:
            descriptor = os.memfd_create('hog')
            block = b'\1' * (16 * MIB)
            for _ in range(128):
                os.write(descriptor, block)
            os._exit(0)
        except BaseException:
            os._exit(1)
    return 'held 2 GiB' if os.waitpid(pid, 0)[1] == 0 else None


@attack('start more processes than its units')
def _(know):
    pids = []
    try:
        for _ in range(700):
            pid = os.fork()
            if pid == 0:
                time.sleep(10)
                os._exit(0)
            pids.append(pid)
    except OSError:
        return None
    finally:
        for pid in pids:
            os.kill(pid, 9)
        for pid in pids:
            os.waitpid(pid, 0)
    return f'{len(pids)} children'


@attack('fill /dev/shm')
def _(know):
    path = f'/dev/shm/hog-{os.getpid()}'
    block = b'\1' * (16 * MIB)
    pid = os.fork()
    if pid == 0:
        try:
            with open(path, 'wb') as file:
                for _ in range(100):
                    file.write(block)
                    file.flush()
            os._exit(0)
        except BaseException:
            os._exit(1)
    try:
        return 'wrote 1.6 GiB' if os.waitpid(pid, 0)[1] == 0 else None
    finally:
        if os.path.exists(path):
            os.unlink(path)
