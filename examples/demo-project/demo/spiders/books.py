import scrapy

from demo.items import BookItem


class BooksSpider(scrapy.Spider):
    """Reads the shop's catalogue page by page.

    Arguments: `category` reads only that one, `max_pages` stops after so many catalogue pages.
    """

    name = 'books'

    def __init__(self, category=None, max_pages=None, **kwargs):
        super().__init__(**kwargs)
        self.category = category
        self.max_pages = int(max_pages) if max_pages else None
        self.pages = 0

    async def start(self):
        base = self.settings['DEMO_SITE_URL']
        yield scrapy.Request(f'{base}category/{self.category}' if self.category else base)

    def parse(self, response):
        self.pages += 1
        yield from response.follow_all(css='.book a', callback=self.parse_book)
        if self.max_pages is None or self.pages < self.max_pages:
            yield from response.follow_all(css='a.next')

    def parse_book(self, response):
        yield BookItem(
            url=response.url,
            title=response.css('h1::text').get(),
            category=response.css('.category::text').get(),
            price=float(response.css('.price::text').get()),
            currency=self.settings['DEMO_CURRENCY'],
            in_stock=response.css('.stock::text').get() == 'In stock',
        )
