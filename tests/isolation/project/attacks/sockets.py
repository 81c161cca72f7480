import concurrent.futures
import os
import glob
import socket
import struct
import urllib.parse

from .registry import attack, first


def _reads(kind, address, family=socket.AF_INET, say=b'GET / HTTP/1.0\r\n\r\n'):
    """What answers there, if anything."""
    with socket.socket(family, kind) as connection:
        connection.settimeout(1.5)
        connection.connect(address)
        connection.send(say)
        return connection.recv(200)


def _reached(addresses, mark, kind=socket.SOCK_STREAM):
    # At the same time: many of them are silent.
    def reaches(one):
        family, address = one
        try:
            return mark in _reads(kind, address, family).decode('latin1')
        except OSError:
            return False

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(reaches, addresses))
    return [address[0] for (_, address), is_reached in zip(addresses, found) if is_reached]


def _through_proxy(host, port):
    """What the proxy that programs here are told of says for a host: asked for a page, and for a tunnel with a page in it."""
    proxy = urllib.parse.urlsplit(os.environ['http_proxy'])
    target = f'[{host}]:{port}' if ':' in host else f'{host}:{port}'
    page = f'Host: {target}\r\nConnection: close\r\n\r\n'.encode()
    for words in (f'GET http://{target}/ HTTP/1.1\r\n', f'CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\nGET / HTTP/1.1\r\n'):
        with socket.create_connection((proxy.hostname, proxy.port), timeout=3) as connection:
            connection.send(words.encode() + page)
            with connection.makefile('rb') as answer:
                yield answer.read(2000).decode('latin1')


_FOUR, _SIX = socket.AF_INET, socket.AF_INET6


@attack('reach loopback, by every way to write it')
def _(know):
    port = know['ports']['loopback']
    four = ['127.0.0.1', '127.1', '127.0.0.2', '0.0.0.0', '0', '2130706433', '0x7f.1', '0177.0.0.1', 'localhost']
    six = ['::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1', '64:ff9b::7f00:1']
    addresses = [(_FOUR, (name, port)) for name in four] + [(_SIX, (name, port)) for name in six]
    return first(_reached(addresses, know['mark']))


@attack('reach loopback by datagrams')
def _(know):
    addresses = [(_FOUR, ('127.0.0.1', know['ports']['datagrams'])), (_SIX, ('::ffff:127.0.0.1', know['ports']['datagrams']))]
    return first(_reached(addresses, know['mark'], socket.SOCK_DGRAM))


@attack("reach a server of another tenant's crawl")
def _(know):
    addresses = [(_FOUR, ('127.0.0.1', know['ports']['victim'])), (_SIX, ('::ffff:127.0.0.1', know['ports']['victim']))]
    return first(_reached(addresses, know['mark']))


@attack("reach the machine's own addresses")
def _(know):
    port = know['ports']['loopback']
    found = _reached([(_FOUR, (one, port)) for one in know['own4']], know['mark'])
    return first([*found, *_reached([(_SIX, (one, port)) for one in know['own6']], know['mark'])])


@attack('reach private networks and the metadata service')
def _(know):
    four = [(_FOUR, (one, 80)) for one in know['private4']]
    six = [(_SIX, (one, 80)) for one in know['private6']]
    mapped = [(_SIX, (f'::ffff:{one}', 80)) for one in know['private4']]
    return first(_reached(four + six + mapped, know['mark']))


@attack('reach private networks by datagrams')
def _(know):
    return first(_reached([(_FOUR, (one, 5353)) for one in know['private4']], know['mark'], socket.SOCK_DGRAM))


@attack('reach a private address through a name')
def _(know):
    # The name server of this test answers with what rebinding would: a private address at last.
    found = []
    for name in know['names']:
        try:
            for family, *_, address in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM):
                if address[0] not in (know['public4'], know['public6']):
                    found += _reached([(family, address)], know['mark'])
        except OSError:
            pass
    return first(found)


@attack('reach what is not public through a proxy')
def _(know):
    if 'http_proxy' not in os.environ:
        return None
    port = know['ports']['loopback']
    here = ['127.0.0.1', '0', '2130706433', '0x7f.1', 'localhost', '::1', '::ffff:127.0.0.1', *know['own4'], *know['own6']]
    there = [*know['private4'], *know['private6'], *know['names']]
    targets = [*((host, port) for host in here), *((host, 80) for host in there)]

    def reaches(target):
        try:
            # A name may lead to a public address, too, which says where it was asked.
            return any(know['mark'] in answer and know['public4'] not in answer for answer in _through_proxy(*target))
        except OSError:
            return False

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(reaches, targets))
    return first(target for target, is_reached in zip(targets, found) if is_reached)


@attack('reach the database and Redis over their sockets')
def _(know):
    paths = glob.glob(os.path.join(know['home'], '**', '*.sock'), recursive=True) + glob.glob(os.path.join(know['home'], '**', '.s.PGSQL.*[0-9]'), recursive=True) + know['unix']
    found = []
    for path in paths:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1.5)
                connection.connect(path)
                found.append(path)
        except OSError:
            pass
    return first(found)


@attack('read Postgres')
def _(know):
    for path in [path for path in know['unix'] if '.s.PGSQL' in path]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(3)
            connection.connect(path)
            words = b'user\0postgres\0database\0postgres\0\0'
            connection.send(struct.pack('!II', len(words) + 8, 196608) + words)
            answer = connection.recv(9)
            # AuthenticationOk.
            if answer[:1] == b'R' and answer[5:9] == b'\0\0\0\0':
                return f'{path}: superuser'
    return None


@attack('reach an abstract socket')
def _(know):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1.5)
        connection.connect('\0' + know['abstract'])
        return f'answered {connection.recv(50)!r}'


@attack('see abstract sockets of the machine')
def _(know):
    with open('/proc/net/unix') as file:
        return first(line.split()[-1] for line in file if know['abstract'] in line)


@attack('send from an address that is not its own')
def _(know):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW):
        return 'a raw socket'


@attack('enter the network of the machine through the service')
def _(know):
    # The only addresses of this machine that a crawl is to reach are the API's and those of its demo.
    for path in ('/readyz', '/api/jobs/list.json?project=1', '/storage/jobq/1/count'):
        host, port = know['api']
        with socket.create_connection((host, port), timeout=3) as connection:
            connection.send(f'GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n'.encode())
            answer = connection.recv(2000).decode('latin1')
        if ' 200 ' in answer.split('\n')[0] and 'jobs' in answer:
            return f'{path} without a key'
    return None
