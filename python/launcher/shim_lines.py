"""Where lines come from: the crawl's message pipe and the raw output of its processes."""

import json
import os
import re
import time

# Where nobody says otherwise.
MAX_ITEM_BYTES = 16 * 1024 * 1024
# Of all but items; see pipe-messages.ts.
MAX_MESSAGE_BYTES = 1024 * 1024
# The command and the line end.
_AROUND_BYTES = 64
MAX_OUTPUT_LINE_BYTES = 64 * 1024
_READ_BYTES = 1024 * 1024
_SHUT_DOWN = re.compile(rb'^FIN .*"outcome": ?"shutdown"', re.MULTILINE)


def log_line(level, message):
    """A LOG message as a crawl would write it."""
    record = {'time': int(time.time() * 1000), 'level': level, 'message': message}
    return b'LOG %s\n' % json.dumps(record, separators=(',', ':')).encode('ascii')


class _Source:
    """A file descriptor that is read until its end."""

    def __init__(self, fd):
        os.set_blocking(fd, False)
        self._fd = fd
        self.open = True

    def fileno(self):
        return self._fd

    def read(self):
        """Takes what is there and returns the number of bytes."""
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return 0
        if data:
            self._take(data)
        else:
            self.open = False
        return len(data)


class PipeLines(_Source):
    """Copies whole lines, unread, to the spool; a line is held back until its end came."""

    def __init__(self, fd, spool, item_bytes):
        super().__init__(fd)
        self._spool = spool
        self._item_bytes = item_bytes
        self._most_bytes = max(item_bytes, MAX_MESSAGE_BYTES) + _AROUND_BYTES
        self._tail = bytearray()
        # Bytes of a line that is too long, as far as it came.
        self._discarded = 0
        self._discarded_kind = b''
        self._items = 0
        # Whether the crawl said that its spider was closed.
        self.finished = False
        # Whether the reason was that it had been stopped from outside, or had stopped itself.
        self.shut_down = False

    def _take(self, data):
        if self._discarded:
            data = self._discard_to_line_end(data)
        end = data.rfind(b'\n') + 1
        if end:
            self._write(bytes(self._tail) + data[:end] if self._tail else data[:end])
            self._tail.clear()
        self._tail += data[end:]
        if len(self._tail) > self._most_bytes:
            self._discarded = len(self._tail)
            self._discarded_kind = bytes(self._tail[:4])
            self._tail.clear()

    def _write(self, lines):
        self._items += _count(lines, b'ITM ') + _count(lines, b'{')
        if _count(lines, b'FIN '):
            self.finished = True
            self.shut_down = _SHUT_DOWN.search(lines) is not None
        self._spool.write(lines)

    def _discard_to_line_end(self, data):
        end = data.find(b'\n')
        if end < 0:
            self._discarded += len(data)
            return b''
        size = self._discarded + end
        self._discarded = 0
        self._spool.write(log_line(40, self._words(size)))
        return data[end + 1 :]

    def _words(self, size):
        is_item = self._discarded_kind == b'ITM ' or self._discarded_kind.startswith(b'{')
        what = 'An item' if is_item else 'A message'
        most = self._item_bytes if is_item else MAX_MESSAGE_BYTES
        most = '%d bytes' % most if most % 1024**2 else '%d MiB' % (most // 1024**2)
        words = '%s of %d bytes was dropped: it may have %s at most.' % (what, size, most)
        return words + ' It would have had number %d of its kind.' % self._items if is_item else words

    def tick(self):
        pass

    def finish(self):
        """A crawl that was killed may leave half a message: it is lost, as if it had never been written."""
        self._tail.clear()


def _count(lines, start):
    return lines.count(b'\n' + start) + lines.startswith(start)


class RawLines(_Source):
    """Turns raw standard output or error into LOG messages. A line that begins with a space continues the last one."""

    def __init__(self, fd, level, spool):
        super().__init__(fd)
        self._level = level
        self._spool = spool
        self._tail = b''
        self._message = b''
        self._touched = False

    def _take(self, data):
        self._touched = True
        *lines, tail = (self._tail + data).split(b'\n')
        # One byte more than a line may have is kept, so that the cut can be seen when its end comes.
        self._tail = tail[: MAX_OUTPUT_LINE_BYTES + 1]
        for line in lines:
            self._add(line)

    def _add(self, line):
        if line.startswith(b' ') and 0 < len(self._message) < MAX_OUTPUT_LINE_BYTES:
            self._message += b'\n' + line
            return
        self._flush()
        self._message = line

    def _flush(self):
        if self._message.strip():
            text = self._message[:MAX_OUTPUT_LINE_BYTES].decode('utf-8', 'replace')
            cut = '…' if len(self._message) > MAX_OUTPUT_LINE_BYTES else ''
            self._spool.write(log_line(self._level, text + cut))
        self._message = b''

    def tick(self):
        """A message waits one quiet tick for its continuation lines."""
        if not self._touched:
            self._flush()
        self._touched = False

    def finish(self):
        if self._tail:
            self._add(self._tail)
            self._tail = b''
        self._flush()
