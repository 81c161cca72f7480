"""Resolves the pins of stacks anew: `python3 freeze.py [SERIES...]` writes SERIES.txt beside this file.

A series' last release, with the newest companions that it really runs with; limits that Scrapy's own metadata does not
name stand in the table. What comes out is tested by `npm run test:stacks`.
"""

import os
import subprocess
import sys
import tempfile
import venv

# In every environment of crawls. Newer setuptools have no pkg_resources, which many projects still import.
COMPANIONS = ['scrapinghub-entrypoint-scrapy==0.18.1', 'scrapinghub[msgpack]==2.9.0', 'setuptools==80.9.0', 'pip==25.3']

# Twisted 23 changed what Scrapy's HTTP client patched until 2.10; its 22 needs the module cgi, which Python 3.13 lost,
# and its TLS code an older pyOpenSSL.
OLD_TLS = ['pyOpenSSL==24.2.1', 'cryptography==43.0.3']
TWISTED_22 = ['Twisted==22.10.0', *OLD_TLS]
SERIES = {
    '2.7': ('3.10', '3.12', ['Scrapy==2.7.1', 'w3lib==2.0.1', 'parsel==1.8.1', *TWISTED_22]),
    '2.8': ('3.10', '3.12', ['Scrapy==2.8.0', 'w3lib==2.1.2', 'parsel==1.8.1', *TWISTED_22]),
    '2.9': ('3.10', '3.12', ['Scrapy==2.9.0', 'w3lib==2.1.2', 'parsel==1.8.1', *TWISTED_22]),
    '2.10': ('3.10', '3.12', ['Scrapy==2.10.1', 'w3lib==2.1.2', 'parsel==1.8.1', *TWISTED_22]),
    '2.11': ('3.10', '3.12', ['Scrapy==2.11.2', 'w3lib==2.1.2', 'parsel==1.9.1', 'Twisted==24.3.0', *OLD_TLS]),
    '2.12': ('3.10', '3.13', ['Scrapy==2.12.0', 'w3lib==2.2.1', 'parsel==1.9.1', 'Twisted==24.11.0']),
    '2.13': ('3.10', '3.14', ['Scrapy==2.13.4', 'w3lib==2.3.1', 'Twisted==25.5.0']),
    '2.14': ('3.10', '3.14', ['Scrapy==2.14.2', 'w3lib==2.4.1', 'Twisted==25.5.0']),
    '2.15': ('3.10', '3.14', ['Scrapy==2.15.2', 'w3lib==2.4.1', 'Twisted==25.5.0']),
    '2.16': ('3.10', '3.14', ['Scrapy==2.16.0']),
    '2.17': ('3.10', '3.14', ['Scrapy==2.17.0']),
    '2.18': ('3.10', '3.14', ['Scrapy==2.18.0']),
    '2.19': ('3.10', '3.14', ['Scrapy==2.19.0']),
}


def freeze(series):
    oldest, newest, pins = SERIES[series]
    with tempfile.TemporaryDirectory() as directory:
        venv.EnvBuilder(symlinks=True, with_pip=True).create(directory)
        python = os.path.join(directory, 'bin', 'python')
        pip = [python, '-m', 'pip', '--disable-pip-version-check']
        subprocess.run([*pip, 'install', '--quiet', *pins, *COMPANIONS], check=True)
        subprocess.run([*pip, 'check'], check=True)
        subprocess.run([python, '-c', 'import sh_scrapy.crawl, scrapy.core.downloader.handlers.http11'], check=True,
                       env={'SHUB_FIFO_PATH': os.devnull})
        frozen = subprocess.run([*pip, 'freeze', '--all'], check=True, capture_output=True, text=True).stdout
    # The extra is no part of what "pip freeze" says, and its package is there by itself.
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), series + '.txt')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'# Python {oldest} to {newest}; made by freeze.py\n{frozen}')
    print(series, 'done', flush=True)


if __name__ == '__main__':
    for each in sys.argv[1:] or SERIES:
        freeze(each)
