"""A build backend in the package itself: whoever installs the package from source runs it."""

import os
import zipfile

from attacks import files, kernel, privileges, processes, sockets  # noqa: F401 - each fills its family
from attacks.registry import run

# What is being made, the unpacked source and the installer that waits for it are a build's own.
_NO_ATTACKS = (
    'write into the environment',
    'write into its own egg, which others run too',
    'leave something in an egg for the next job',
    'look at memory of other processes',
)
_INFO = 'hostile-1.0.dist-info'
_NAME = 'hostile-1.0-py3-none-any.whl'


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    results = list(run(['files', 'privileges', 'processes', 'kernel', 'sockets'], 5, _NO_ATTACKS))
    with zipfile.ZipFile(os.path.join(wheel_directory, _NAME), 'w') as wheel:
        wheel.writestr('hostile_results.py', f'RESULTS = {results!r}\n')
        wheel.writestr(f'{_INFO}/METADATA', 'Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n')
        wheel.writestr(f'{_INFO}/WHEEL', 'Wheel-Version: 1.0\nGenerator: hostile\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        wheel.writestr(f'{_INFO}/RECORD', '')
    return _NAME
