import scrapy


class SlowSpider(scrapy.Spider):
    """Never ends by itself: one page each `delay` seconds (1 by default). For trying out a stop."""

    name = 'slow'

    def __init__(self, delay='1', **kwargs):
        super().__init__(**kwargs)
        self.download_delay = float(delay)
        self.visits = 0

    async def start(self):
        yield self.next_request()

    def next_request(self):
        return scrapy.Request(self.settings['DEMO_SITE_URL'], dont_filter=True)

    def parse(self, response):
        self.visits += 1
        yield {'url': response.url, 'visit': self.visits}
        yield self.next_request()
