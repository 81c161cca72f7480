import scrapy


class ManySpider(scrapy.Spider):
    """As many small items from one page as the argument `count` asks for. It needs no network."""

    name = 'many'
    count = '200000'

    async def start(self):
        yield scrapy.Request('data:,page', dont_filter=True)

    def parse(self, response):
        for n in range(int(self.count)):
            yield {'n': n, 'url': f'https://example.com/products/{n}', 'title': f'Product {n}', 'price': n / 100}
