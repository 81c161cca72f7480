import scrapy


class FewSpider(scrapy.Spider):
    """One item, and then nothing for `seconds`: so that a measurement can watch how it begins."""

    name = 'few'
    seconds = '2'

    async def start(self):
        yield scrapy.Request('data:,page', dont_filter=True)

    async def parse(self, response):
        import asyncio

        yield {'n': 0}
        await asyncio.sleep(float(self.seconds))
