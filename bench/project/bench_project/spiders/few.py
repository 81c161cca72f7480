import scrapy


class FewSpider(scrapy.Spider):
    """One item, and then nothing for `seconds`: so that a measurement can watch how it begins."""

    name = 'few'
    start_urls = ['data:,page']
    # Series before 2.13 have another reactor of their own accord.
    custom_settings = {'TWISTED_REACTOR': 'twisted.internet.asyncioreactor.AsyncioSelectorReactor'}
    seconds = '2'

    async def parse(self, response):
        import asyncio

        yield {'n': 0}
        await asyncio.sleep(float(self.seconds))
