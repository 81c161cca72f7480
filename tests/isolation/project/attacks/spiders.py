"""Spiders that attack, each with a part of what there is. What came of it goes out as items, as a spider's work does."""

import contextlib
import json
import os
import time

import scrapy

from . import files, kernel, privileges, processes, public, resources, sockets  # noqa: F401 - each fills its family
from .registry import know, run


class Attack(scrapy.Spider):
    name = 'attack'
    families = 'files,processes,privileges,kernel,sockets,public'

    def _all(self):
        yield from run(self.families.split(','))

    async def start(self):
        for item in self._all():
            yield item


class Probe(scrapy.Spider):
    """What an earlier job left for this one."""

    name = 'probe'

    async def start(self):
        left = os.path.join(os.path.dirname(__file__), 'left_behind.txt')
        yield {'name': 'files: leave something in an egg for the next job', 'succeeded': os.path.exists(left), 'detail': left}


class Victim(scrapy.Spider):
    """Another tenant's: works for a while, and says that it came to its end."""

    name = 'victim'
    seconds = '20'

    async def start(self):
        # Known to an attacker who can look.
        os.environ['VICTIM_MARK'] = know()['victim']
        import asyncio
        about = know()

        async def greet(_, writer):
            writer.write(about['mark'].encode())
            writer.close()

        # One of them at a time; it goes on meanwhile.
        with contextlib.suppress(OSError):
            await asyncio.start_server(greet, '127.0.0.1', about['ports']['victim'])
        deadline = time.time() + float(self.seconds)
        while time.time() < deadline:
            await asyncio.sleep(0.2)
        yield {'alive': True}


class Disk(scrapy.Spider):
    """Fills its folders up to so many MiB."""

    name = 'disk'
    mib = '3500'

    async def start(self):
        import asyncio
        block = b'\1' * (16 << 20)
        written = 0
        try:
            with open(os.path.join(os.environ['HOME'], 'hog'), 'wb') as file:
                while written < int(self.mib):
                    file.write(block)
                    written += 16
                    await asyncio.sleep(0.02)
        except OSError as error:
            yield {'name': 'resources: fill the disk', 'succeeded': False, 'detail': f'{written} MiB: {error}'}
            return
        await asyncio.sleep(12)
        yield {'name': 'resources: fill the disk', 'succeeded': True, 'detail': f'{written} MiB'}


class Warm(scrapy.Spider):
    """Ends itself by memory: only what a limit does counts."""

    name = 'hog'

    async def start(self):
        hog = [bytearray(64 << 20) for _ in range(32)]
        for part in hog:
            for at in range(0, len(part), 4096):
                part[at] = 1
        yield {'name': 'resources: hold more memory than its units in the crawl itself', 'succeeded': True, 'detail': json.dumps(len(hog))}
