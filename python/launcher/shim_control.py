"""What the worker asks for, as small files that it replaces atomically: `deadline`, `stop`, `kill`."""

import json
import os
import sys
import time

CHECK_SECONDS = 0.1

# The clock of Node's process.hrtime. On macOS Python's own monotonic clock stands still while the machine sleeps.
_CLOCK = time.CLOCK_MONOTONIC_RAW if sys.platform == 'darwin' else time.CLOCK_MONOTONIC


class Control:
    def __init__(self, directory):
        self._directory = directory
        self._next_check = 0.0
        self._stops_done = 0
        self._deadline_ms = self._number('deadline')
        self.deadline_passed = False

    def is_due(self):
        return time.monotonic() >= self._next_check

    def check(self):
        """Returns 'kill', 'deadline', 'stop' (once for each request) or None."""
        self._next_check = time.monotonic() + CHECK_SECONDS
        end = self.end()
        if end:
            return end
        if self._number('stop') > self._stops_done:
            self._stops_done += 1
            return 'stop'
        return None

    def end(self):
        """Returns 'kill' or 'deadline' when the crawl must not live on, else None."""
        if os.path.exists(os.path.join(self._directory, 'kill')):
            return 'kill'
        self._deadline_ms = self._number('deadline') or self._deadline_ms
        if self._is_past_deadline():
            self.deadline_passed = True
            return 'deadline'
        return None

    def _is_past_deadline(self):
        return time.clock_gettime_ns(_CLOCK) / 1e6 > self._deadline_ms

    def _number(self, name):
        try:
            with open(os.path.join(self._directory, name), 'rb') as file:
                return int(file.read(32))
        except (OSError, ValueError):
            return 0


def write_json(directory, name, value, durable=False):
    """A reader sees all of it or nothing; if durable, also after a power cut. The worker may have reserved its room."""
    path = os.path.join(directory, name)
    with open(os.open(path + '.tmp', os.O_WRONLY | os.O_CREAT, 0o666), 'wb') as file:
        file.write(json.dumps(value).encode('ascii'))
        file.truncate()
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.rename(path + '.tmp', path)
    if durable:
        folder = os.open(directory, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
