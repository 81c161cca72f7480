"""Starts the crawl of an egg in its Pod: `python pod_crawl.py FOLDER EGG...` unpacks the eggs and becomes crawl.py.

Whatever is in an egg is unpacked with the crawl's own rights, in its own container.
"""

import os
import re
import sys
import zipfile


def main(folder, eggs):
    found = []
    for number, egg in enumerate(eggs):
        with zipfile.ZipFile(egg) as archive:
            target = os.path.join(folder, str(number), _name(archive))
            archive.extractall(target)
        found.append(target)
    os.environ['PYTHONPATH'] = os.pathsep.join(found)
    crawl = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'crawl.py')
    os.execv(sys.executable, [sys.executable, crawl])


def _name(archive):
    """As packages/runners/src/egg-name.ts: Python looks for scripts and entry points by it."""
    try:
        text = archive.read('EGG-INFO/PKG-INFO').decode('utf-8', 'replace')
    except KeyError:
        text = ''
    headers = re.split(r'\r?\n\r?\n', text, maxsplit=1)[0]
    return '%s-%s.egg' % (_field(headers, 'Name') or 'project', _field(headers, 'Version') or '0')


def _field(headers, name):
    match = re.search(r'^%s:(.*)$' % name, headers, re.IGNORECASE | re.MULTILINE)
    return re.sub(r'[^A-Za-z0-9.]+', '_', match.group(1).strip()[:100]) if match else None


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
