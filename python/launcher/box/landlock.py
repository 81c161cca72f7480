"""Landlock, as far as it parts processes that share a network namespace: abstract unix sockets have no other walls."""

import ctypes
import os

# The same on all architectures.
_NR_CREATE_RULESET = 444
_NR_RESTRICT_SELF = 446
_CREATE_RULESET_VERSION = 1
_SCOPE_ABSTRACT_UNIX_SOCKET = 1
_FIRST_WITH_SCOPES = 6

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def version():
    """Of the kernel's Landlock; 0 when it has none."""
    found = _call(_NR_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    return max(found, 0)


def scope_abstract_sockets():
    """From now on this process and its children reach abstract sockets of each other only; nothing where the kernel cannot.

    Needs no_new_privs.
    """
    if version() < _FIRST_WITH_SCOPES:
        return
    attributes = (ctypes.c_uint64 * 3)(0, 0, _SCOPE_ABSTRACT_UNIX_SOCKET)
    ruleset = _call(_NR_CREATE_RULESET, attributes, ctypes.sizeof(attributes), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), 'the kernel refuses', 'parting abstract sockets')
    try:
        if _call(_NR_RESTRICT_SELF, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), 'the kernel refuses', 'parting abstract sockets')
    finally:
        os.close(ruleset)


def _call(number, first, second, third=None):
    plain = [ctypes.c_long(value) if isinstance(value, int) else value for value in (first, second, third or 0)]
    return _libc.syscall(ctypes.c_long(number), *plain)
