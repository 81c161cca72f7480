"""The end of crawls whose disk is full: of those that work, for more than sh_scrapy's quota, and of those that cannot begin."""

import errno
import functools
import logging
import sys

# Of a file system with quotas, of one that is full, and of a file that is as large as all files of a job may be.
_FULL = {errno.EDQUOT, errno.ENOSPC, errno.EFBIG}
# What `tempfile` makes of it: nothing of a crawl lies where it may not write.
_NO_ROOM = 'No usable temporary directory'

# Scrapy's words for crawls whose own start fails.
_OF_SCRAPY = {'shutdown', 'start_error'}

# Whether an error of this process said so.
_noticed = False


def is_full(error):
    return isinstance(error, OSError) and (error.errno in _FULL or _NO_ROOM in str(error))


def end_when_full(module):
    """Mends sh_scrapy.diskquota."""
    module.DiskQuota._is_disk_quota_error = lambda self, error: is_full(error)


def end_when_queue_is_full(module):
    """
    Mends scrapy.core.scheduler, whose queue lies on disk: the request that a full one takes from it is gone, with all that would
    have followed, and the spider ends as if it had finished.
    """
    for name in ('enqueue_request', 'next_request'):
        setattr(module.Scheduler, name, _ending_when_full(getattr(module.Scheduler, name)))


def _ending_when_full(method):
    @functools.wraps(method)
    def call_and_notice(scheduler, *args):
        try:
            return method(scheduler, *args)
        except OSError as error:
            _end_if_full(scheduler, error)
            raise

    return call_and_notice


def _end_if_full(scheduler, error):
    from scrapy.exceptions import NotConfigured
    from sh_scrapy.diskquota import DiskQuota

    try:
        # Kept: what it has begun goes on only as long as somebody knows it.
        scheduler.quota = DiskQuota(scheduler.crawler)
    except NotConfigured:
        return  # Its project wants to go on.
    scheduler.quota._handle_exception(error)


def notice_in_log(module):
    """Mends sh_scrapy.log: whatever ends a crawl is logged, by sh_scrapy, Scrapy or Twisted."""
    initialize = module.initialize_logging

    def initialize_and_notice():
        handler = initialize()
        logging.getLogger().addHandler(_Notice(logging.ERROR))
        return handler

    module.initialize_logging = initialize_and_notice


def notice_before_log(module):
    """Mends sh_scrapy.crawl, which prints what happens before there is a log."""
    tell = module._fatalerror

    def notice_and_tell():
        _notice(sys.exc_info()[1])
        tell()

    module._fatalerror = notice_and_tell


def tell_in_outcome(writer_class):
    """Scrapy closes a spider whose start fails, also for a queue on disk that takes no request."""
    tell = writer_class.set_outcome

    def set_outcome(self, outcome):
        tell(self, 'diskusage_exceeded' if _noticed and outcome in _OF_SCRAPY else outcome)

    writer_class.set_outcome = set_outcome


def tell_if_full(writer):
    """Of a crawl that has failed: without this its outcome would say nothing of the disk."""
    if _noticed:
        writer.set_outcome('diskusage_exceeded')


class _Notice(logging.Handler):
    def emit(self, record):
        if record.exc_info:
            _notice(record.exc_info[1])


def _notice(error):
    global _noticed
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        _noticed = _noticed or is_full(error)
        error = error.__cause__ or error.__context__
