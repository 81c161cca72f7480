"""The world of a tiny internet: answers HTTP at port 80 and 8080 of every address, and DNS at port 53 of one.

`python world.py DNS_ADDRESS` in a network namespace of its own. A name is answered with the addresses in it:
`10-77-0-10.test` with 10.77.0.10; `rebinding.test` with another one each time.
"""

import http.server
import itertools
import re
import socket
import socketserver
import struct
import sys
import threading

REBINDING = itertools.cycle(['203.0.113.10', '127.0.0.1', '10.77.0.10'])


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        body = ('world %s' % self.path).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


class Names(socketserver.BaseRequestHandler):
    def handle(self):
        query, reply_to = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += query[at] + 1
        kind = struct.unpack('>H', query[at + 1 : at + 3])[0]
        name = '.'.join(labels).lower()
        found = next(REBINDING) if name == 'rebinding.test' else None
        match = re.fullmatch(r'(\d+)-(\d+)-(\d+)-(\d+)\.test', name)
        address = found or (match and '.'.join(match.groups()))
        answers = b''
        if address and kind == 1:
            answers = b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 0, 4) + socket.inet_aton(address)
        status = 0x8180 if address else 0x8183
        head = query[:2] + struct.pack('>HHHHH', status, 1, 1 if answers else 0, 0, 0)
        reply_to.sendto(head + query[12 : at + 5] + answers, self.client_address)


def main(dns_address):
    names = socketserver.ThreadingUDPServer((dns_address, 53), Names)
    servers = [Server(('::', port), Site) for port in (80, 8080)] + [names]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print('ready', flush=True)
    sys.stdin.read()


main(sys.argv[1])
