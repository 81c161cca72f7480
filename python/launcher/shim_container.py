"""What a shim does for a crawl in a container, which is no child of its: container.py, its child, only asked for it."""

import json
import os
import subprocess
import sys

_REMOVE_SECONDS = 60


def give_pipe(path, owner):
    """The crawl's user may write to the pipe. Without an owner all may: nobody else gets into its folder."""
    if owner is None:
        os.chmod(path, 0o666)
    else:
        os.chown(path, owner, -1)


class Container:
    def __init__(self, described, directory):
        self._described = described
        self._end_file = os.path.join(directory, 'container-end.json')

    def end(self):
        """Ends it, and returns when it is gone; does nothing when it has ended by itself."""
        if os.path.exists(self._end_file):
            return
        try:
            subprocess.run(
                self._described['remove'],
                env=self._described['env'],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                timeout=_REMOVE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            sys.stderr.write('A container could not be removed: %s\n' % error)

    def verdict(self):
        try:
            with open(self._end_file, encoding='utf-8') as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}
