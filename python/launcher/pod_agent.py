"""Keeps one crawl in a Pod, as the container beside it: `python -I -S -u pod_agent.py STATE SHARED`.

What shim.py is to a crawl on the worker's machine, this is to one on a node: it spools what the crawl says, and holds its
deadline. STATE is its own folder; SHARED the crawl sees, too, and cannot write to. It is no parent of the crawl: signals
go through a pipe to the shell that is process 1 of the crawl's container (packages/runners/src/pods/manifest.ts), and
what obeys no signal is ended by the kubelet, which asks here whether the crawl may live. How the crawl ended it hears
from the worker, who has it from the cluster. Standard library only.
"""

import os
import select
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from pod_server import State, make_server  # noqa: E402
from shim_control import Control  # noqa: E402
from shim_lines import PipeLines, RawLines, log_line  # noqa: E402
from shim_spool import Spool  # noqa: E402

TICK_SECONDS = 0.1
GATHER_SECONDS = 0.004
GATHER_BELOW_BYTES = 16 * 1024
# After the end of its container nobody is left who could write; the pipes only have to be emptied.
DRAIN_SECONDS = 5
# An order that is not obeyed for so long is the kubelet's to carry out.
DEAF_SECONDS = 5
PIPES = ('pipe', 'out', 'err', 'orders')


class Agent:
    def __init__(self, state, shared):
        self.state = State(state, shared)
        self.shared = shared
        for name in PIPES:
            path = os.path.join(shared, name)
            if not os.path.exists(path):
                os.mkfifo(path)
                # The group is that of the Pod's volumes, which the crawl has; it only reads orders.
                os.chmod(path, 0o640 if name == 'orders' else 0o620)

    def run(self, address):
        server = make_server(self.state, address)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        control = Control(self.state.directory)
        while not self.state.started.wait(TICK_SECONDS):
            # Nobody wants it any more, or whoever wanted it is gone: then the crawl has never begun.
            if self.state.over.is_set() or (self.state.has_deadline() and control.end()):
                self.state.forbid(control.deadline_passed)
                break
        if self.state.started.is_set():
            self.spool = Spool(self.state.spool, self.state.settings['spoolBytes'])
            self._follow(control)
        self.state.complete.set()
        # What is spooled waits for whoever reads it. Without anybody the Pod's own deadline ends it.
        self.state.over.wait()

    def _follow(self, control):
        fds = {name: _both_ends(os.path.join(self.shared, name)) for name in PIPES[:3]}
        self.orders = os.open(os.path.join(self.shared, 'orders'), os.O_RDWR | os.O_NONBLOCK)
        self.sources = [
            PipeLines(fds['pipe'][0], self.spool, self.state.settings['itemBytes']),
            RawLines(fds['out'][0], 20, self.spool),
            RawLines(fds['err'][0], 40, self.spool),
        ]
        self.ordered = False
        self.deaf_at = None
        while not self.state.ended.is_set() and not self.state.over.is_set():
            self._step()
            if control.is_due():
                self._obey(control)
        for _, writer in fds.values():
            os.close(writer)
        self._drain()
        self._tell_end()
        self.spool.flush()

    def _obey(self, control):
        order = control.check()
        self.spool.look_for_room()
        for source in self.sources:
            source.tick()
        if order is None:
            return
        self.ordered = True
        if order == 'stop':
            self._signal('TERM')
            return
        if self.deaf_at is None:
            self.deaf_at = time.monotonic() + DEAF_SECONDS
            if order == 'deadline':
                self.state.deadline_passed = True
                self.spool.write(log_line(40, 'The crawl was killed: its worker did not prolong its lease in time.'))
            self._signal('KILL')
        elif time.monotonic() > self.deaf_at:
            self.state.forbid(control.deadline_passed)

    def _signal(self, name):
        try:
            os.write(self.orders, ('%s\n' % name).encode())
        except OSError:
            pass  # Nobody reads orders: a program of the crawl has seen to that. The kubelet will end it.

    def _step(self):
        """Moves what is there into the spool. While the spool is full the crawl waits in its own write."""
        sources = [source for source in self.sources if source.open] if self.spool.has_room() else []
        ready, _, _ = select.select(sources, [], [], TICK_SECONDS)
        moved = sum(source.read() for source in ready)
        if 0 < moved < GATHER_BELOW_BYTES:
            time.sleep(GATHER_SECONDS)

    def _drain(self):
        give_up_at = time.monotonic() + DRAIN_SECONDS
        while any(source.open for source in self.sources) and time.monotonic() < give_up_at:
            ready, _, _ = select.select([source for source in self.sources if source.open], [], [], TICK_SECONDS)
            for source in ready:
                source.read()
        for source in self.sources:
            source.finish()

    def _tell_end(self):
        """A crawl that ends itself in the middle cannot say so: without this its log just stops."""
        pipe = self.sources[0]
        end = self.state.end or {}
        closed = pipe.finished or not self.state.settings.get('saysFin')
        if end.get('words'):
            self.spool.write(log_line(40, end['words']))
        if self.ordered or (end.get('code') == 0 and closed and not pipe.shut_down):
            return
        if pipe.shut_down:
            self.spool.write(log_line(40, 'The crawl was shut down by a signal, or by itself, and not by its worker.'))
        how = 'exit status %s' % end.get('code') if end.get('signal') is None else 'signal %s' % end.get('signal')
        self.spool.write(log_line(40, "The crawl's process ended with %s." % how))


def _both_ends(path):
    """Both stay open here, so that the crawl blocks, instead of failing, whatever happens to its readers."""
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    return reader, os.open(path, os.O_WRONLY | os.O_NONBLOCK)


def main(state, shared):
    # The end of the Pod ends the crawl; what it said last has to be read even then.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o027)
    Agent(state, shared).run((os.environ['POD_IP'], int(os.environ['AGENT_PORT'])))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2])
