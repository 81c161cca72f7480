"""Limits of what a process and all that it starts may use: control groups to join, and limits of its own."""

import os
import resource


def join(groups):
    """Moves this process into control groups, given as directories. Raises OSError: without them nothing may run."""
    for group in groups:
        procs = os.open(os.path.join(group, 'cgroup.procs'), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(procs, b'0')
        finally:
            os.close(procs)


def set_rlimits(limits):
    """Sets soft and hard limits by Python's name. What is lower already stays; what this system lacks is left out."""
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))
