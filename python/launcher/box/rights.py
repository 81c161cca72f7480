"""Giving up rights for good: user, groups, capabilities, and all that a program could win back."""

import os
import signal

from box import landlock, seccomp, syscalls

# What nobody knows the length of: the kernel says which capabilities it has.
_MOST_CAPABILITIES = 64


def prepare(box):
    """What dropping rights needs and can be made before: the code of the filter, None for no filter."""
    return seccomp.program(box['seccomp']) if box.get('seccomp') else None


def become(box, filter_code, dumpable):
    """Drops to the box's user without any rights. `dumpable` is False for who must not be looked into by that user."""
    _empty_bounding_set()
    syscalls.prctl(syscalls.PR_CAP_AMBIENT, syscalls.PR_CAP_AMBIENT_CLEAR_ALL)
    uid, gid = box.get('uid'), box.get('gid')
    if uid is not None:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    syscalls.drop_capabilities()
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    # Cleared by a change of the user, as is the flag below.
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, int(dumpable))
    if box.get('network', {}).get('scoped'):
        landlock.scope_abstract_sockets()
    if filter_code:
        syscalls.set_filter(filter_code)


def _empty_bounding_set():
    for number in range(_MOST_CAPABILITIES):
        try:
            if syscalls.prctl(syscalls.PR_CAPBSET_READ, number):
                syscalls.prctl(syscalls.PR_CAPBSET_DROP, number)
        except OSError as error:
            if error.errno == 22:
                return
            raise


def enter_user_namespace(uid, gid):
    """A user namespace in which this process has all rights and is its own user, `uid` and `gid`, as it was outside.

    They are told, since they look different in a namespace that was entered before. Needs a single thread.
    """
    maps = {'setgroups': 'deny', 'uid_map': '%d %d 1' % (uid, os.geteuid()), 'gid_map': '%d %d 1' % (gid, os.getegid())}
    syscalls.unshare(syscalls.CLONE_NEWUSER, 'making a user namespace')
    for name, text in maps.items():
        try:
            with open('/proc/self/' + name, 'w', encoding='ascii') as file:
                file.write(text)
        except OSError as error:
            raise OSError(error.errno, error.strerror, 'setting %s of a user namespace' % name) from None
