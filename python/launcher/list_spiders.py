"""Lists what an unpacked egg offers: `python list_spiders.py FD EGG_DIRECTORY`, with the egg on PYTHONPATH.

Writes one JSON object to the file descriptor. Standard output and error belong to the project, whose modules are
imported here and may do whatever they like; the limits below and the caller's time limit are set for that.
"""

import contextlib
import json
import os
import sys
import time

CPU_SECONDS = 60
# Of memory that can be written to. Address space that is only reserved costs nothing, and JavaScript engines reserve much.
MEMORY_BYTES = 2 * 1024**3
FILE_BYTES = 64 * 1024**2
VARIABLES_FILE = '.variables.json'


def limit_resources():
    import resource

    limits = [
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 1),
    ]
    for kind, limit in limits:
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            pass  # Not every system has each of them, and a lower limit may be set already.


def take_variables():
    """The project's environment variables, which lie in a file: those of a process can be read from outside."""
    if os.path.exists(VARIABLES_FILE):
        with open(VARIABLES_FILE, encoding='utf-8') as file:
            os.environ.update(json.load(file))
        os.remove(VARIABLES_FILE)
        time.tzset()


def list_spiders(checks):
    """Names of the spiders, and what the checks say. Ends the process when one of them cannot work."""
    from scrapy.utils.misc import load_object
    from scrapy.utils.project import get_project_settings

    settings = get_project_settings()
    loader = load_object(settings['SPIDER_LOADER_CLASS']).from_settings(settings.frozencopy())
    names = sorted(loader.list())
    try:
        return names, checks.check(settings, [loader.load(name) for name in names])
    except checks.BadSpider as bad:
        sys.exit(str(bad))


def own_checks():
    """Our modules, without a place among the project's."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.append(here)
    from spiderhub_checks import spiders

    sys.path.remove(here)
    return spiders


def list_scripts(egg):
    """Names of the scripts in Python, which jobs can run, and of the others."""
    folder = os.path.join(egg, 'EGG-INFO', 'scripts')
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    python = [name for name in names if is_python(os.path.join(folder, name))]
    return python, [name for name in names if name not in python]


def is_python(path):
    if not os.path.isfile(path):
        return False
    with open(path, 'rb') as file:
        first = file.readline(1024)
    return not path.endswith(('.sh', '.bash')) and (not first.startswith(b'#!') or b'python' in first)


def main(fd, egg):
    # Nothing that the project starts may keep the descriptor or write to it.
    os.set_inheritable(fd, False)
    limit_resources()
    take_variables()
    spiders, (warnings, not_called) = list_spiders(own_checks())
    scripts, others = list_scripts(egg)
    if others:
        warnings = [*warnings, 'No jobs can run these scripts, which are not in Python: %s' % ', '.join(others)]
    contents = {'spiders': spiders, 'scripts': scripts, 'warnings': warnings, 'notCalled': not_called}
    with os.fdopen(fd, 'w', encoding='utf-8') as result:
        json.dump(contents, result)
    for stream in (sys.stdout, sys.stderr):
        # A project may have closed or replaced it.
        with contextlib.suppress(Exception):
            stream.flush()
    # Threads that a project starts when it is imported must not hold up the answer.
    os._exit(0)


# Not in children that multiprocessing spawns, which import this file as their parent's main module.
if __name__ == '__main__':
    # `python list_spiders.py` puts this directory first, where its modules would shadow a project's own.
    del sys.path[0]
    main(int(sys.argv[1]), sys.argv[2])
