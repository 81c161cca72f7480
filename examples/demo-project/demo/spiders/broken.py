import scrapy
from scrapy.exceptions import CloseSpider


class BrokenSpider(scrapy.Spider):
    """Fails in the way that the argument `how` asks for; the close reason that each ends with stands behind it.

    callback  an exception for each page: errors in the log, still `finished`, as Scrapy has it (the default)
    init      an exception before the crawl begins: `failed`
    close     the spider closes itself: `broken_on_purpose`
    exit      the process ends in the middle: `failed`
    """

    name = 'broken'

    def __init__(self, how='callback', **kwargs):
        super().__init__(**kwargs)
        self.how = how
        if how == 'init':
            raise ValueError('The spider cannot be made: broken on purpose')

    async def start(self):
        yield scrapy.Request(self.settings['DEMO_SITE_URL'])

    def parse(self, response):
        if self.how == 'close':
            raise CloseSpider('broken_on_purpose')
        if self.how == 'exit':
            import os

            os._exit(3)
        raise ValueError('The page cannot be read: broken on purpose')
