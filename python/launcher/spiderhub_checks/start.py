"""Which of a spider's first methods its Scrapy never calls."""


def never_called(spider_class):
    """What is wrong, in words; None when nothing is."""
    import scrapy

    base = scrapy.Spider
    own_start = getattr(spider_class, 'start', None) is not getattr(base, 'start', None)
    own_requests = getattr(spider_class, 'start_requests', None) is not getattr(base, 'start_requests', None)
    if own_requests and not own_start and not hasattr(base, 'start_requests'):
        return (
            'its start_requests() is not called by Scrapy %s: rename it to "async def start", or deploy with an older stack,'
            ' such as scrapy:2.13' % scrapy.__version__
        )
    if own_start and not own_requests and not hasattr(base, 'start') and not spider_class.__dict__.get('start_urls'):
        return (
            'its start() is not called by Scrapy %s: give it start_requests(), or deploy with a newer stack, from'
            ' scrapy:2.13 on' % scrapy.__version__
        )
    return None


def warn_in_log(extension):
    """Lets sh_scrapy.extension say it in the log of each job."""
    import logging

    connect = extension.HubstorageExtension.from_crawler.__func__

    def from_crawler(cls, crawler):
        words = never_called(crawler.spidercls)
        if words:
            logging.getLogger('spiderhub').warning('Spider %s: %s', crawler.spidercls.name, words)
        return connect(cls, crawler)

    extension.HubstorageExtension.from_crawler = classmethod(from_crawler)
