"""sys.stdout and sys.stderr of a crawl, whose lines go to the job's log, with what a program expects of its own.

The stock ones are no files, so that modules which wrap their buffers cannot be imported.
"""

import codecs
import io


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
    """Gives sh_scrapy.log outputs that can be wrapped, reconfigured and handed to other programs."""

    class FileLikeLogger(log.StdoutLogger):
        errors = 'replace'
        line_buffering = True
        write_through = True
        newlines = None
        _buffer = None

        @property
        def buffer(self):
            self._buffer = self._buffer or OutputBytes(self.write)
            return self._buffer

        def detach(self):
            return self.buffer

        def fileno(self):
            """The raw descriptor: what is written there reaches the log as well."""
            return 2 if self.prefix == '[stderr] ' else 1

        def reconfigure(self, **_options):
            """Whatever comes is text for the log."""

        def write(self, data):
            super().write(data)
            return len(data)

        def isatty(self):
            return False

        def readable(self):
            return False

        def seekable(self):
            return False

        def writable(self):
            return True

    log.StdoutLogger = FileLikeLogger
