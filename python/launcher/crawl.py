"""What a crawl's process executes: sh_scrapy's `start-crawl` with a pipe writer that signals cannot lock up.

The stock writer takes a plain lock and Scrapy logs inside its signal handler: a SIGTERM that lands in a write waits for
a lock that its own thread holds, for ever. The writer here may be entered again; the inner message waits in a queue and
goes out when the outer one is complete.
"""

import os
import sys
from collections import deque

# `python crawl.py` puts this directory first, where its modules would shadow a project's own.
del sys.path[0]


def make_writer_reentrant(writer_class):
    import json
    import threading

    from scrapinghub.hubstorage.serialization import jsondefault

    encode = json.JSONEncoder(separators=(',', ':'), default=jsondefault).encode

    def open_pipe(self):
        self._lock = threading.RLock()
        self._waiting = deque()
        self._busy = False
        self._pipe = os.open(self.path, os.O_WRONLY)

    def write(self, command, payload):
        line = ('%s %s\n' % (command, encode(payload))).encode('utf-8')
        with self._lock:
            self._waiting.append(line)
            if self._busy:
                return
            # A signal may add a line at any point here. The outer loop looks once more after `_busy` has been cleared.
            while self._waiting:
                self._busy = True
                try:
                    while self._waiting:
                        write_fully(self._pipe, self._waiting.popleft())
                finally:
                    self._busy = False

    def close(self):
        with self._lock:
            os.close(self._pipe)

    writer_class.open = open_pipe
    writer_class._write = write
    writer_class.close = close


def write_fully(fd, line):
    written = os.write(fd, line)
    while written < len(line):
        line = line[written:]
        written = os.write(fd, line)


def main():
    from sh_scrapy.crawl import main as start_crawl
    from sh_scrapy.writer import pipe_writer

    make_writer_reentrant(type(pipe_writer))
    return start_crawl()


if __name__ == '__main__':
    sys.exit(main())
