"""The extension that every crawl has here, before all others."""

import logging

from scrapy import signals

from spiderhub_crawl.folder import keep_files, warn_of_lost_files

logger = logging.getLogger('spiderhub')

_SIGNS_OF_WORK = ('item_scraped_count', 'downloader/request_count', 'response_received_count', 'scheduler/enqueued')


class Companion:
    """Keeps the crawl's files where they are wanted, and says in its log what its author would have to guess."""

    def __init__(self, crawler):
        self._stats = crawler.stats
        keep_files(crawler.settings)
        warn_of_lost_files(crawler.settings)
        crawler.signals.connect(self.spider_closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def spider_closed(self, spider, reason):
        if reason == 'finished' and not any(self._stats.get_value(name) for name in _SIGNS_OF_WORK):
            logger.warning(
                'The spider %s finished without a single request or item: nothing was asked for. Look at its start(), or '
                'start_requests(), and at its arguments.',
                spider.name,
            )
