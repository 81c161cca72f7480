"""Keeps one crawl: started by a worker as `python -I -S -u shim.py JOBDIR`, in a session of its own.

The shim outlives its worker, so that a restarted worker can take the crawl over without losing a line, but no crawl
outlives its deadline, which a living worker keeps moving on. It is imported by nobody and imports the standard
library only. packages/runners/src/job-directory.ts lists the files of a job's directory.
"""

import json
import os
import select
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from shim_control import Control, write_json  # noqa: E402
from shim_lines import MAX_ITEM_BYTES, PipeLines, RawLines, log_line  # noqa: E402
from shim_container import give_pipe  # noqa: E402
from shim_process import Crawl, become_subreaper, execute, identity  # noqa: E402
from shim_spool import Spool  # noqa: E402
from shim_watch import Watch  # noqa: E402

TICK_SECONDS = 0.1
# A crawl writes each message by itself. Waiting a moment lets many of them gather in the pipe, so that a fast crawl
# does not cost one wake-up of this process for each item.
GATHER_SECONDS = 0.004
GATHER_BELOW_BYTES = 16 * 1024
# How long helpers of a crawl that ended (a browser, say) may still write before they are killed.
LINGER_SECONDS = 0.5
# After that nobody is left who could write; the pipes only have to be emptied.
DRAIN_SECONDS = 5


class Shim:
    def __init__(self, directory, begin):
        self.begin = begin
        self.control = Control(directory)
        with open(os.path.join(directory, 'launch.json'), encoding='utf-8') as file:
            self.launch = json.load(file)
        self.spool = Spool(os.path.join(directory, 'spool'), self.launch['spoolBytes'])
        self.watch = Watch(self.launch.get('limits') or {}, self.spool)
        self.directory = directory
        # Whether somebody asked for the crawl's end.
        self.ordered = False
        self.wakeup = _wake_on_child_exit()

    def run(self):
        pipe = os.path.join(self.directory, 'pipe')
        fifo, fifo_writer = _open_fifo(pipe)
        if self.launch.get('container'):
            give_pipe(pipe, self.launch['container']['pipeOwner'])
        out, out_writer = os.pipe()
        err, err_writer = os.pipe()
        self.sources = [
            PipeLines(fifo, self.spool, self.launch.get('itemBytes', MAX_ITEM_BYTES)),
            RawLines(out, 20, self.spool),
            RawLines(err, 40, self.spool),
        ]
        # The worker may have been frozen before it started us, and the attempt given to somebody else.
        if self.control.end():
            end = {'code': None, 'signal': 'SIGKILL', 'deadlinePassed': self.control.deadline_passed}
            write_json(self.directory, 'exit.json', end, durable=True)
            return
        self.crawl = Crawl(self.launch, out_writer, err_writer, self.begin, self.directory)
        os.close(out_writer)
        os.close(err_writer)
        write_json(self.directory, 'shim.json', {**identity(), 'crawlPid': self.crawl.pid})
        self._supervise()
        # Our own end kept the pipe open between writers; without it the drain can see the end.
        os.close(fifo_writer)
        self._drain()
        exit = self.crawl.exit()
        verdict = {**self.watch.verdict(exit), **self.crawl.verdict()}
        self._tell_end(exit)
        if not self.spool.flush():
            verdict = {'exceeded': 'disk', **verdict}
        end = {**exit, 'deadlinePassed': self.control.deadline_passed, **verdict}
        write_json(self.directory, 'exit.json', end, durable=True)

    def _tell_end(self, exit):
        """A crawl that ends itself in the middle cannot say so: without this its log just stops."""
        pipe = self.sources[0]
        closed = pipe.finished or not self.launch.get('saysFin')
        if self.ordered or (exit['code'] == 0 and closed and not pipe.shut_down):
            return
        if pipe.shut_down:
            self.spool.write(log_line(40, 'The crawl was shut down by a signal, or by itself, and not by its worker.'))
        how = 'exit status %s' % exit['code'] if exit['signal'] is None else 'signal %s' % exit['signal']
        self.spool.write(log_line(40, "The crawl's process ended with %s." % how))

    def _supervise(self):
        killed = self._wait(self.crawl.running, float('inf'))
        if not killed:
            self._wait(lambda: True, LINGER_SECONDS)
        self.crawl.kill_everyone()

    def _wait(self, condition, seconds):
        """Moves messages while the condition holds and any child lives; returns whether an order to kill came."""
        until = time.monotonic() + seconds
        while self.crawl.reap() and condition() and time.monotonic() < until:
            self._step()
            if self._must_die():
                return True
        return False

    def _must_die(self):
        if not self.control.is_due():
            return False
        order = self.control.check()
        self.ordered = self.ordered or order is not None
        self.spool.look_for_room()
        for source in self.sources:
            source.tick()
        if order == 'stop':
            self.crawl.stop()
        if order == 'deadline':
            self.spool.write(log_line(40, 'The crawl was killed: its worker did not prolong its lease in time.'))
        return order in ('kill', 'deadline') or self.watch.check()

    def _step(self):
        """Moves what is there into the spool. While the spool is full the crawl waits in its own write."""
        sources = [source for source in self.sources if source.open] if self.spool.has_room() else []
        ready, _, _ = select.select([self.wakeup, *sources], [], [], TICK_SECONDS)
        if self.wakeup in ready:
            ready.remove(self.wakeup)
            os.read(self.wakeup, 512)
        moved = sum(source.read() for source in ready)
        if 0 < moved < GATHER_BELOW_BYTES:
            time.sleep(GATHER_SECONDS)

    def _drain(self):
        give_up_at = time.monotonic() + DRAIN_SECONDS
        while any(source.open for source in self.sources) and time.monotonic() < give_up_at:
            sources = [source for source in self.sources if source.open]
            ready, _, _ = select.select(sources, [], [], TICK_SECONDS)
            for source in ready:
                source.read()
        for source in self.sources:
            source.finish()
        while not self.spool.flush() and time.monotonic() < give_up_at:
            time.sleep(TICK_SECONDS)


def _open_fifo(path):
    """Both ends stay open here, so that the crawl blocks, instead of failing, whatever happens to its readers."""
    os.mkfifo(path, 0o600)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    if sys.platform == 'linux':
        import fcntl

        try:
            fcntl.fcntl(reader, 1031, 256 * 1024)  # F_SETPIPE_SZ
        except OSError:
            pass  # The user's share of pipe memory is used up: the default size works too.
    return reader, writer


def _wake_on_child_exit():
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def main(directory, begin=execute):
    """Returns when the crawl has ended. `begin` makes a child of this process the crawl."""
    # Ctrl-C in the worker's terminal, or a stop of its service, must not reach the crawls.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    become_subreaper()
    Shim(directory, begin).run()


if __name__ == '__main__':
    main(sys.argv[1])
