"""Which middlewares a newer Scrapy cannot take any more."""

import inspect


def outdated(middleware):
    """What is wrong with a spider middleware, in words; None when nothing is. It may still be one that its settings switch off."""
    import scrapy
    from scrapy.core.spidermw import SpiderMiddlewareManager

    # Where this is, what a spider yields comes as an asynchronous iterator only.
    is_async_only = hasattr(SpiderMiddlewareManager, '_get_process_spider_output')
    method = getattr(middleware, 'process_spider_output', None)
    if not is_async_only or method is None or inspect.isasyncgenfunction(method):
        return None
    if hasattr(middleware, 'process_spider_output_async'):
        return None
    return (
        'its process_spider_output() is no async generator, and Scrapy %s runs no spider with it: look for a newer release, or'
        ' deploy with an older stack, such as scrapy:2.13' % scrapy.__version__
    )
