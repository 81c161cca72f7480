import scrapy


class TellingSpider(scrapy.Spider):
    """Logs a line every `pause` seconds, `lines` of them: so that a measurement can watch how they reach a reader."""

    name = 'telling'
    start_urls = ['data:,page']
    custom_settings = {'TWISTED_REACTOR': 'twisted.internet.asyncioreactor.AsyncioSelectorReactor'}
    lines = '100'
    pause = '0.1'

    async def parse(self, response):
        import asyncio

        for n in range(int(self.lines)):
            self.logger.info('told %d', n)
            await asyncio.sleep(float(self.pause))
