"""What a crawl's process executes: sh_scrapy's `start-crawl`, mended in three places.

The stock writer takes a plain lock and Scrapy logs inside its signal handler: a SIGTERM that lands in a write waits for
a lock that its own thread holds, for ever. The writer here may be entered again; the inner message waits in a queue and
goes out when the outer one is complete. Each message is still written when it is made, not in batches: whatever a
spider yielded before it was killed is in the pipe.

The stock exporter costs more than all else that happens to a small item on its way to the pipe. The one here looks
first whether there is anything to convert. Both write the same bytes.

Its standard output and error are no files, so that modules which wrap their buffers cannot be imported. Here they have
what such modules look for.
"""

import codecs
import io
import os
import sys
from collections import deque
from importlib.machinery import PathFinder

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


_PLAIN = frozenset({str, int, float, bool, type(None)})


def is_plain(value):
    """Whether the stock exporter would hand a value on as it is, or as a copy that is the same JSON."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is list or kind is tuple:
        return all(map(is_plain, value))
    return kind is dict and all(map(is_plain, value.values()))


def make_exporter_quick(extension):
    """Gives sh_scrapy.extension an exporter for items that are encoded at once."""

    class QuickItemExporter(extension.PythonItemExporter):
        def export_item(self, item):
            if type(item) is dict and set(map(type, item)) <= {str} and all(map(is_plain, item.values())):
                # The caller adds a field to what it gets.
                return dict(item)
            return super().export_item(item)

        def _serialize_value(self, value):
            return value if type(value) in _PLAIN else super()._serialize_value(value)

    extension.PythonItemExporter = QuickItemExporter


class OutputBytes(io.RawIOBase):
    """The `buffer` of an output that goes to the job's log."""

    def __init__(self, write_text):
        self._write_text = write_text
        self._decode = codecs.getincrementaldecoder('utf-8')('replace').decode

    def writable(self):
        return True

    def write(self, data):
        self._write_text(self._decode(data))
        return len(data)

    def close(self):
        # Whoever wrapped it may forget the wrapper, which closes it; the output itself goes on.
        self.flush()


def make_outputs_like_files(log):
    """Gives the outputs of sh_scrapy.log a buffer, and the other methods of a program's own."""

    def buffer(self):
        if '_buffer' not in vars(self):
            self._buffer = OutputBytes(self.write)
        return self._buffer

    outputs = log.StdoutLogger
    outputs.buffer = property(buffer)
    outputs.reconfigure = lambda self, **_: None
    outputs.isatty = lambda self: False
    # What is written there reaches the log as well.
    outputs.fileno = lambda self: 2 if self.prefix == '[stderr] ' else 1


class MendWhenImported:
    """Changes a module right after its import: importing it ourselves would be too early for Scrapy's logging."""

    def __init__(self, name, mend):
        self._name = name
        self._mend = mend

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_mend(module):
            execute(module)
            self._mend(module)

        spec.loader.exec_module = execute_and_mend
        return spec


def mend_extension(extension):
    make_exporter_quick(extension)
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.append(here)
    from spiderhub_checks.start import warn_in_log

    sys.path.remove(here)
    warn_in_log(extension)


def main():
    from sh_scrapy.crawl import main as start_crawl
    from sh_scrapy.writer import pipe_writer

    make_writer_reentrant(type(pipe_writer))
    sys.meta_path.insert(0, MendWhenImported('sh_scrapy.extension', mend_extension))
    sys.meta_path.insert(0, MendWhenImported('sh_scrapy.log', make_outputs_like_files))
    return start_crawl()


if __name__ == '__main__':
    sys.exit(main())
