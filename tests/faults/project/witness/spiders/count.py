"""Counts, and tells a file outside of the system about it: when this process began, each item, how it ended."""

import asyncio
import os
import time

import scrapy


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def process_began_ms():
    with open('/proc/self/stat', encoding='ascii', errors='replace') as file:
        ticks = int(file.read().rpartition(')')[2].split()[19])
    return ticks * 1000 // os.sysconf('SC_CLK_TCK')


class CountSpider(scrapy.Spider):
    name = 'count'

    def __init__(self, witness, items, gap_ms, padding='0', **kwargs):
        super().__init__(**kwargs)
        self.padding = int(padding)
        self.items, self.gap_seconds = int(items), int(gap_ms) / 1000
        job = os.environ['SHUB_JOBKEY'].replace('/', '-')
        self.execution = '%s.%d.%d' % (job, os.getpid(), process_began_ms())
        path = os.path.join(witness, self.execution)
        self.witness = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.tell('S', process_began_ms())

    def tell(self, what, value):
        os.write(self.witness, b'%s %d %d\n' % (what.encode(), value, now_ms()))

    async def start(self):
        yield scrapy.Request('data:,', self.count)

    async def count(self, response):
        for number in range(self.items):
            # Before the item: what is stored can never be ahead of what was told.
            self.tell('I', number)
            item = {'number': number, 'execution': self.execution}
            if self.padding:
                item['padding'] = os.urandom(self.padding // 2).hex()
            yield item
            await asyncio.sleep(self.gap_seconds)

    def closed(self, reason):
        self.tell('E', 0)
