"""Changing modules of sh_scrapy when they are imported, not before."""

import sys
from importlib.machinery import PathFinder


class _MendWhenImported:
    """Changes a module right after its import: importing it ourselves would be too early for Scrapy's logging."""

    def __init__(self, name, mend):
        self._name = name
        self._mend = mend

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_mend(module):
            execute(module)
            self._mend(module)

        spec.loader.exec_module = execute_and_mend
        return spec


def when_imported(name, mend):
    """Whatever a fork server has imported before is changed at once."""
    if name in sys.modules:
        mend(sys.modules[name])
    else:
        sys.meta_path.insert(0, _MendWhenImported(name, mend))
