"""Compiles the modules of an unpacked egg: `python -I -S compile_egg.py DIRECTORY FINAL_DIRECTORY`.

The modules come from strangers: they are read and not run, and whatever the compiler makes of them is limited. `-S`, since
`site` would run what the packages of an environment say.
"""

import compileall
import errno
import importlib._bootstrap_external as files
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from list_spiders import limit_resources  # noqa: E402

_FULL = {errno.EDQUOT, errno.ENOSPC}


def only_whole(write):
    """Before 3.14 Python takes what a full disk has cut for a whole module, which then cannot be imported, ever."""

    def write_whole(path, data, mode=0o666):
        try:
            write(path, data, mode)
            if os.stat(path).st_size < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            if error.errno in _FULL:
                sys.exit(os.strerror(error.errno))
            raise

    return write_whole


if __name__ == '__main__':
    limit_resources()
    files._write_atomic = only_whole(files._write_atomic)
    directory, final = sys.argv[1:]
    compileall.compile_dir(directory, quiet=2, stripdir=directory, prependdir=final)
