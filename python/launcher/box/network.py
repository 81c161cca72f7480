"""What a box reaches of the network, by the network namespace that its processes are in."""

import fcntl
import os
import socket
import struct

from box import syscalls

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
# As relay.py says, which loads much that a start of a crawl need not wait for.
_RELAY_PORT = 3128
_BACKLOG = 1024


def enter_before_user_namespace(network):
    """For an ordinary user: a cell belongs to a user namespace, which has to be entered first."""
    if network['kind'] == 'cell':
        _join(network, 'user', syscalls.CLONE_NEWUSER)
        _join(network, 'net', syscalls.CLONE_NEWNET)


def enter(network, userns):
    """The last step for all others: by the first process of the box, while it has its rights."""
    if network['kind'] in ('none', 'relay'):
        syscalls.unshare(syscalls.CLONE_NEWNET, 'making a network namespace')
        bring_loopback_up()
    elif network['kind'] == 'cell' and not userns:
        _join(network, 'net', syscalls.CLONE_NEWNET)


def listen():
    """A socket at the relay's place in the network that this process is in; whoever has it serves there, from anywhere."""
    listener = socket.socket(socket.AF_INET)
    listener.bind(('127.0.0.1', _RELAY_PORT))
    listener.listen(_BACKLOG)
    return listener


def _join(network, name, kind):
    fd = os.open('/proc/%d/ns/%s' % (network['pid'], name), os.O_RDONLY | os.O_CLOEXEC)
    try:
        # The descriptor belongs to the process that is there now: whoever was given the number later does not count.
        if _started(network['pid']) != network['startTick']:
            raise OSError(3, 'it is not there any more', 'entering a cell')
        syscalls.setns(fd, kind, 'entering the %s namespace of a cell' % name)
    finally:
        os.close(fd)


def _started(pid):
    with open('/proc/%d/stat' % pid, 'rb') as file:
        return int(file.read().rpartition(b')')[2].split()[19])


def bring_loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack('16sH14x', b'lo', 0)
        flags = struct.unpack('16xH14x', fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[0]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack('16sH14x', b'lo', flags | _IFF_UP))
