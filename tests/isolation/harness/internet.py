"""The other machine: answers everything on every address of its network namespace, so that a test sees who got through."""

import http.server
import os
import socket
import struct
import sys
import threading

MARK = sys.argv[1]
INDEX = sys.argv[2]


class Handler(http.server.BaseHTTPRequestHandler):
    """Says its mark; below /simple/ it is a package index of files."""

    def do_GET(self):
        path = os.path.join(INDEX, self.path.lstrip('/')) if INDEX else ''
        if INDEX and os.path.isdir(path):
            names = sorted(os.listdir(path))
            body = ''.join(f'<a href="{name}">{name}</a>\n' for name in names).encode()
            kind = 'text/html'
        elif INDEX and os.path.isfile(path):
            with open(path, 'rb') as file:
                body = file.read()
            kind = 'application/octet-stream'
        else:
            body, kind = f'{MARK}\n'.encode(), 'text/plain'
        self.send_response(200)
        self.send_header('Content-Type', kind)
        self.send_header('X-Mark', MARK)
        self.send_header('X-At', self.connection.getsockname()[0])
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


# What a name turns into: a private address, the metadata service, and one of each kind.
NAMES = {
    b'inside': ['10.77.0.10'],
    b'metadata': ['169.254.169.254'],
    b'both': ['203.0.113.10', '10.77.0.10', '127.0.0.1'],
    b'public': ['203.0.113.10'],
}


def name_server():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(('203.0.113.10', 53))
        while True:
            question, who = server.recvfrom(512)
            if len(question) < 13:
                continue
            label = question[13:13 + question[12]]
            end = question.index(b'\0', 12) + 5
            kind = struct.unpack('!H', question[end - 4:end - 2])[0]
            found = NAMES.get(label, []) if kind == 1 else []
            records = b''.join(b'\xc0\x0c\0\1\0\1\0\0\0\0\0\4' + socket.inet_aton(one) for one in found)
            server.sendto(question[:2] + b'\x81\x80\0\1' + struct.pack('!H', len(found)) + b'\0\0\0\0' + question[12:end] + records, who)


def datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(('0.0.0.0', 5353))
        while True:
            _, who = server.recvfrom(512)
            server.sendto(MARK.encode(), who)


for work in (name_server, datagrams):
    threading.Thread(target=work, daemon=True).start()
Server(('::', 80), Handler).serve_forever()
