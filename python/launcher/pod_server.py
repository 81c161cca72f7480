"""Where a worker reaches the agent of a crawl's Pod: HTTP, and a token of which the Pod only knows the hash.

One worker at a time is the crawl's: the one that made it, until nobody has prolonged its life for so long that another
one may take it. Orders of the one before are refused from then on.
"""

import hashlib
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK_BYTES = 512 * 1024
# How long a reader waits for the next line before it is told that there is none yet.
LONGEST_WAIT_SECONDS = 10
_POLL_SECONDS = 0.02
_BODY_BYTES = 1024 * 1024 * 1024
_COPY_BYTES = 1024 * 1024


class State:
    """What the loop that moves lines and the threads that answer workers have in common."""

    def __init__(self, directory, shared):
        self.directory = directory
        self.shared = shared
        self.spool = os.path.join(directory, 'spool')
        os.makedirs(self.spool, exist_ok=True)
        self.lock = threading.Lock()
        # The worker said: go on; the cluster said, through a worker: it has ended; all is read, the Pod may go.
        self.started, self.ended, self.over = threading.Event(), threading.Event(), threading.Event()
        # All that the crawl said lies in the spool.
        self.complete = threading.Event()
        self.settings = {}
        self.end = None
        self.owner = None
        self.touched = time.monotonic()
        self.deadline_passed = False
        self.may_live = True

    def forbid(self, deadline_passed):
        self.deadline_passed = self.deadline_passed or deadline_passed
        self.may_live = False

    def has_deadline(self):
        return os.path.exists(os.path.join(self.directory, 'deadline'))

    def quiet_ms(self):
        return int((time.monotonic() - self.touched) * 1000)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path + '.tmp', 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(path + '.tmp', path)

    def read(self, name):
        try:
            with open(os.path.join(self.directory, name), encoding='utf-8') as file:
                return file.read()
        except OSError:
            return None

    def prolong(self, ms):
        """The worker's clock is not ours: it says how long from now."""
        self.touched = time.monotonic()
        self.write('deadline', str(int(time.monotonic() * 1000 + ms)))

    def path_of(self, number):
        return os.path.join(self.spool, '%06d' % number)


def make_server(state, address):
    class Handler(_Handler):
        pass

    Handler.state = state
    Handler.token_hash = os.environ['AGENT_TOKEN_SHA256']
    ThreadingHTTPServer.daemon_threads = True
    return ThreadingHTTPServer(address, Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    # A worker that is gone must not keep a thread.
    timeout = 120
    state = None
    token_hash = ''

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == '/alive':
            # The kubelet's question; it has no token.
            return self._answer(200 if self.state.may_live else 503, {})
        if not self._is_worker():
            return None
        if self.path == '/state':
            return self._answer(200, self._told())
        if self.path.startswith('/spool/'):
            number, offset = self.path[len('/spool/') :].split('/')
            return self._lines(int(number), int(offset))
        return self._answer(404, {})

    def do_PUT(self):
        if not self._is_owner():
            return None
        name = self.path[len('/files/') :]
        if not self.path.startswith('/files/') or not name.replace('-', '').replace('.', '').isalnum():
            return self._answer(404, {})
        path = os.path.join(self.state.shared, name)
        with open(path + '.tmp', 'wb') as file:
            left = self._length()
            while left > 0:
                data = self.rfile.read(min(left, _COPY_BYTES))
                if not data:
                    return None
                file.write(data)
                left -= len(data)
        os.chmod(path + '.tmp', 0o640)
        os.rename(path + '.tmp', path)
        return self._answer(200, {})

    def do_POST(self):
        if self.path == '/own':
            return self._own()
        if not self._is_owner():
            return None
        body = self._body()
        act = getattr(self, 'post_' + self.path[1:], None) if self.path[1:].isalpha() else None
        if act is None:
            return self._answer(404, {})
        if self.path == '/over':
            # This process ends by it, and the answer would be lost.
            self._answer(200, {})
            return act(body)
        act(body)
        return self._answer(200, {})

    def post_start(self, body):
        self.state.settings = body
        self.state.prolong(body['leaseMs'])
        self.state.started.set()

    def post_extend(self, body):
        self.state.prolong(body['ms'])

    def post_stop(self, body):
        self._note(body)
        self.state.write('stop', str(int(self.state.read('stop') or 0) + 1))

    def post_kill(self, body):
        self._note(body)
        self.state.write('kill', '')

    def _note(self, body):
        if body.get('reason'):
            self.state.write('stop-reason', body['reason'])

    def post_ended(self, body):
        if self.state.end is None:
            self.state.end = body
        self.state.ended.set()

    def post_checkpoint(self, body):
        self.state.write('checkpoint.json', json.dumps(body))
        for name in os.listdir(self.state.spool):
            if int(name) < body['position']['file']:
                os.unlink(os.path.join(self.state.spool, name))

    def post_over(self, _):
        self.state.over.set()

    def _own(self):
        if not self._is_worker():
            return None
        least = self._body()['quietMs']
        state = self.state
        with state.lock:
            if state.owner not in (None, self._name()) and state.quiet_ms() < least:
                return self._answer(409, {})
            state.owner = self._name()
            state.touched = time.monotonic()
        return self._answer(200, self._told())

    def _told(self):
        state = self.state
        checkpoint = state.read('checkpoint.json')
        return {
            'quietMs': state.quiet_ms(),
            'started': state.started.is_set(),
            'stopReason': state.read('stop-reason'),
            'deadlinePassed': state.deadline_passed,
            'checkpoint': json.loads(checkpoint) if checkpoint else None,
        }

    def _lines(self, number, offset):
        """Whole lines from there on, about one chunk; as soon as there are some."""
        state = self.state
        give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
        while True:
            # In this order: when the next file is there, or all came, this one will not grow any more.
            complete = state.complete.is_set()
            has_next = os.path.exists(state.path_of(number + 1))
            lines = _read_lines(state.path_of(number), offset)
            if lines or (complete and not has_next):
                return self._give(lines, number, offset + len(lines), complete and not lines)
            if has_next:
                number, offset = number + 1, 0
                continue
            if time.monotonic() > give_up_at:
                return self._give(b'', number, offset, False)
            time.sleep(_POLL_SECONDS)

    def _give(self, lines, number, offset, complete):
        self.send_response(200)
        self.send_header('Content-Length', str(len(lines)))
        self.send_header('X-Position', '%d/%d' % (number, offset))
        self.send_header('X-Complete', '1' if complete else '0')
        self.end_headers()
        self.wfile.write(lines)

    def _is_worker(self):
        token = (self.headers.get('Authorization') or '')[len('Bearer ') :]
        if hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), self.token_hash):
            return True
        self.close_connection = True
        self._answer(401, {})
        return False

    def _is_owner(self):
        if not self._is_worker():
            return False
        if self.state.owner == self._name():
            return True
        self.close_connection = True
        self._answer(409, {})
        return False

    def _name(self):
        return self.headers.get('X-Worker') or ''

    def _length(self):
        return min(int(self.headers.get('Content-Length') or 0), _BODY_BYTES)

    def _body(self):
        return json.loads(self.rfile.read(self._length()) or b'{}')

    def _answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _read_lines(path, offset):
    try:
        with open(path, 'rb') as file:
            file.seek(offset)
            data = file.read(CHUNK_BYTES)
            end = data.rfind(b'\n') + 1
            while not end and data:
                more = file.read(CHUNK_BYTES)
                if not more:
                    return b''
                data += more
                end = data.rfind(b'\n') + 1
            return data[:end]
    except FileNotFoundError:
        return b''
