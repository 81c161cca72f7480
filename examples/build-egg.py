"""Builds the egg of a Scrapy project without setuptools: python build-egg.py PROJECT_DIRECTORY OUTPUT.egg

Takes the packages and scripts of the directory and the settings module of its scrapy.cfg. The same sources give the
same bytes, so that deploying again changes nothing.
"""

import configparser
import os
import sys
import zipfile

EPOCH = (2020, 1, 1, 0, 0, 0)


def main(project, output):
    config = configparser.ConfigParser()
    if not config.read(os.path.join(project, 'scrapy.cfg')):
        sys.exit('There is no scrapy.cfg in %s' % project)
    settings = config['settings']['default']
    package = settings.split('.')[0]
    # A temporary name first: an interrupted build leaves no half egg.
    with zipfile.ZipFile(output + '.tmp', 'w', zipfile.ZIP_DEFLATED) as egg:
        for name, source in sorted(project_files(project, package)):
            with open(source, 'rb') as file:
                add(egg, name, file.read())
        add(egg, 'EGG-INFO/PKG-INFO', 'Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n' % package)
        add(egg, 'EGG-INFO/entry_points.txt', '[scrapy]\nsettings = %s\n' % settings)
        add(egg, 'EGG-INFO/top_level.txt', package + '\n')
        add(egg, 'EGG-INFO/not-zip-safe', '\n')
    os.replace(output + '.tmp', output)


def project_files(project, package):
    for directory, subdirectories, files in os.walk(os.path.join(project, package)):
        subdirectories[:] = [name for name in subdirectories if name != '__pycache__']
        for file in files:
            path = os.path.join(directory, file)
            yield os.path.relpath(path, project).replace(os.sep, '/'), path
    scripts = os.path.join(project, 'scripts')
    for file in os.listdir(scripts) if os.path.isdir(scripts) else []:
        if file.endswith('.py'):
            yield 'EGG-INFO/scripts/' + file, os.path.join(scripts, file)


def add(egg, name, content):
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    egg.writestr(entry, content)


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
