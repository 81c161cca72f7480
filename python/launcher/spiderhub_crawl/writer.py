"""sh_scrapy's writer of the pipe, mended.

The stock one takes a plain lock and Scrapy logs inside its signal handler: a SIGTERM that lands in a write waits for
a lock that its own thread holds, for ever. The writer here may be entered again; the inner message waits in a queue and
goes out when the outer one is complete. Each message is still written when it is made, not in batches: whatever a
spider yielded before it was killed is in the pipe.

Items of jobs that Scrapyd's API scheduled have times as text, as Scrapyd's own feeds have them; all others have them as
Scrapy Cloud stores them, in milliseconds.
"""

import json
import os
import threading
from collections import deque
from datetime import datetime


def make_writer_reentrant(writer_class):
    from scrapinghub.hubstorage.serialization import jsondefault

    encode = json.JSONEncoder(separators=(',', ':'), default=jsondefault).encode
    encode_texts = json.JSONEncoder(separators=(',', ':'), default=with_times_as_text(jsondefault)).encode
    encode_item = encode_texts if is_scrapyds() else encode

    def open_pipe(self):
        self._lock = threading.RLock()
        self._waiting = deque()
        self._busy = False
        self._pipe = os.open(self.path, os.O_WRONLY)

    def write(self, command, payload):
        text = encode_item(payload) if command == 'ITM' else encode(payload)
        line = ('%s %s\n' % (command, text)).encode('utf-8')
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


def is_scrapyds():
    """Whether Scrapyd's API scheduled this job: it hands every spider the job's name."""
    from sh_scrapy.env import decode_uri

    job = decode_uri(envvar='SHUB_JOB_DATA') or {}
    return '_job' in (job.get('spider_args') or {})


def with_times_as_text(default):
    return lambda value: value.isoformat(' ') if isinstance(value, datetime) else default(value)


def write_fully(fd, line):
    written = os.write(fd, line)
    while written < len(line):
        line = line[written:]
        written = os.write(fd, line)
