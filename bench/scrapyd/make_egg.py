"""Writes the egg of the benchmark: `make_egg.py PATH`. Its spider makes one request and says when it began."""

import sys
import zipfile

SPIDER = '''
import scrapy


class One(scrapy.Spider):
    name = "one"

    def __init__(self, url=None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.url = url

    async def start(self):
        self.logger.info("begins")
        yield scrapy.Request(self.url)

    def parse(self, response):
        yield {"url": response.url}
'''

FILES = {
    "EGG-INFO/PKG-INFO": "Metadata-Version: 2.1\nName: bench\nVersion: 1.0\n",
    "EGG-INFO/entry_points.txt": "[scrapy]\nsettings = bench.settings\n",
    "bench/__init__.py": "",
    "bench/settings.py": 'BOT_NAME = "bench"\nSPIDER_MODULES = ["bench.spiders"]\nTELNETCONSOLE_ENABLED = False\n',
    "bench/spiders/__init__.py": SPIDER,
}

with zipfile.ZipFile(sys.argv[1], "w") as egg:
    for name, text in FILES.items():
        egg.writestr(name, text)
