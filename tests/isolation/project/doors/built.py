import scrapy


class Built(scrapy.Spider):
    """Tells what a package's build did before it was one."""

    name = 'built'

    async def start(self):
        import hostile_results
        for one in hostile_results.RESULTS:
            yield {**one, 'name': f'build, {one["name"]}'}
        yield {'name': 'build: come to its end', 'succeeded': False, 'detail': 'yes'}
