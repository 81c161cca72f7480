"""Runs one crawl in a container, as the child of its shim: `python -I -S -u container.py JOBDIR`.

JOBDIR/container.json says which commands of the container engine start the container, look at it and remove it. A stop
(SIGTERM) is handed on to the engine, which hands it on to the crawl. A container does not end with the process that
asked for it: when this process or its shim is killed, a second process, which nobody knows, removes it.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from shim_control import write_json  # noqa: E402

REMOVE_SECONDS = 60
_DONE = b'.'
_TRIES = 10
# What a program, or a shell that ran it, ends with after a SIGKILL that nobody here sent. Not every engine says why.
_KILLED = 137


def main(directory):
    with open(os.path.join(directory, 'container.json'), encoding='utf-8') as file:
        plan = json.load(file)
    guard = start_guard(plan, os.getppid())
    engine = None
    stops = []

    def stop(*_):
        stops.append(signal.SIGTERM)
        if engine:
            engine.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    engine = subprocess.Popen(plan['run'], stdin=subprocess.DEVNULL)
    if stops:
        engine.send_signal(signal.SIGTERM)
    code = engine.wait()
    had_too_little_memory = said(plan['look']) == 'true' or (code == _KILLED and plan['bounded'] and not stops)
    remove(plan)
    if had_too_little_memory:
        sys.stderr.write('The container was killed: it needed more memory than its job may have.\n')
        sys.stderr.flush()
    verdict = {'exceeded': 'oom'} if had_too_little_memory else {}
    write_json(directory, 'container-end.json', verdict)
    os.write(guard, _DONE)
    if had_too_little_memory:
        os.kill(os.getpid(), signal.SIGKILL)
    # Engines say 128 and the number of the signal; one of their own that ended by a signal is as if it were -N.
    os._exit(code if code >= 0 else 128 - code)


def said(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=REMOVE_SECONDS)
    return result.stdout.decode('utf-8', 'replace').strip()


def remove(plan):
    """Ends the container, if it still runs, and forgets it. Returns 0 when it is gone."""
    return subprocess.run(
        plan['remove'],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=REMOVE_SECONDS,
    ).returncode


def start_guard(plan, shim):
    """A process that removes the container when this one, or the shim, is gone before the end. Returns where to tell it the end."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(reader)
        return writer
    os.close(writer)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        _guard(plan, shim, reader)
    finally:
        os._exit(0)


def _guard(plan, shim, reader):
    try:
        watched = [reader, os.pidfd_open(shim)]
    except OSError:
        watched = [reader]  # An old kernel: this process's end is the shim's then, since it ends with it.
    ready, _, _ = select.select(watched, [], [])
    if reader in ready and os.read(reader, 1) == _DONE:
        return
    # On a busy machine an engine may say no, or nothing for long.
    for _ in range(_TRIES):
        try:
            if remove(plan) == 0:
                return
        except (OSError, subprocess.TimeoutExpired):
            pass
        time.sleep(1)


if __name__ == '__main__':
    main(sys.argv[1])
