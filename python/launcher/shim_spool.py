"""The crawl's messages on disk: numbered files of whole lines that the worker reads and then removes."""

import os

# A file is removed as a whole once it has been read and stored, so the limit is divided into several.
_FILES_OF_LIMIT = 8
_MEASURES_OF_LIMIT = 32


class Spool:
    def __init__(self, directory, limit_bytes):
        """Above the limit the crawl has to wait: its worker is gone or far behind."""
        self._directory = directory
        self._limit = limit_bytes
        os.makedirs(directory, 0o700, exist_ok=True)
        self._number = 0
        self._pending = b''
        self._unmeasured = 0
        self._full = False
        self._open_next()

    def _open_next(self):
        path = os.path.join(self._directory, '%06d' % (self._number + 1))
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._number += 1
        self._size = 0

    def write(self, lines):
        """Takes whole lines. When the disk refuses them they are kept and tried again; see `has_room`."""
        if self._size >= self._limit // _FILES_OF_LIMIT and not self._pending:
            self._rotate()
        self._pending = self._pending + lines if self._pending else lines
        self._unmeasured += len(lines)
        self.flush()

    def flush(self):
        """Returns whether all that was taken lies in the files."""
        try:
            while self._pending:
                written = os.write(self._file, self._pending)
                self._size += written
                self._pending = self._pending[written:]
        except OSError:
            return False
        return True

    def _rotate(self):
        # Nothing is pending, so the finished file ends with a line.
        finished = self._file
        try:
            self._open_next()
            os.close(finished)
        except OSError:
            pass  # The disk has no room for another file: this one grows until it has.

    def has_room(self):
        return not self._pending and not self._full

    def look_for_room(self):
        """Called now and then: tries refused lines again and measures what the worker has not removed yet."""
        self.flush()
        if self._full or self._unmeasured > self._limit // _MEASURES_OF_LIMIT:
            self._unmeasured = 0
            self._full = self._backlog() > self._limit

    def _backlog(self):
        total = 0
        for entry in os.scandir(self._directory):
            try:
                total += entry.stat().st_size
            except FileNotFoundError:
                pass  # The worker has just removed it.
        return total
