"""The end of crawls whose disk is full: of those that work, for more than sh_scrapy's quota, and of those that cannot begin."""

import errno
import functools
import logging
import sys
import threading

# Of a file system with quotas, of one that is full, and of a file that is as large as all files of a job may be.
_FULL = {errno.EDQUOT, errno.ENOSPC, errno.EFBIG}
# What `tempfile` makes of it: nothing of a crawl lies where it may not write.
_NO_ROOM = 'No usable temporary directory'

# Scrapy's words for crawls whose own start fails.
_OF_SCRAPY = {'shutdown', 'start_error'}

# Who logs what was lost: the page that a cache did not take, the item of a pipeline that could not write.
_LOSERS = {'scrapy', 'twisted'}

# Whether an error of this process said so.
_noticed = False
# Whether such an error has cost something, in a project that does not want to go on then.
_lost = False
# sh_scrapy's, which ends the crawl; none where the project wants to go on.
_quota = None


def is_full(error):
    return isinstance(error, OSError) and (error.errno in _FULL or _NO_ROOM in str(error))


def end_when_full(module):
    """Mends sh_scrapy.diskquota, which hears only of what downloads and callbacks raise."""
    quota = module.DiskQuota
    make = quota.__init__

    def make_and_remember(self, crawler):
        global _quota
        make(self, crawler)
        _quota = self

    quota.__init__ = make_and_remember
    quota._is_disk_quota_error = lambda self, error: is_full(error)


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
            if is_full(error):
                _end(error)
            raise

    return call_and_notice


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
    """Scrapy closes a spider whose start fails, also for a queue on disk that takes no request, or as one with nothing to do."""
    tell = writer_class.set_outcome

    def set_outcome(self, outcome):
        is_of_disk = (_noticed and outcome in _OF_SCRAPY) or (_lost and outcome == 'finished')
        tell(self, 'diskusage_exceeded' if is_of_disk else outcome)

    writer_class.set_outcome = set_outcome


def tell_if_full(writer):
    """Of a crawl that has failed: without this its outcome would say nothing of the disk."""
    if _noticed:
        writer.set_outcome('diskusage_exceeded')


class _Notice(logging.Handler):
    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else None
        full = _notice(error)
        if full and record.name.partition('.')[0] in _LOSERS:
            _end(full)


def _end(error):
    """Once. An engine that is not there yet, or not any more, ends by itself."""
    global _lost
    engine = _quota and _quota.crawler.engine
    was_lost, _lost = _lost, _quota is not None
    # Elsewhere than in its own thread nobody may ask it; the outcome tells.
    if engine and engine.running and not was_lost and threading.current_thread() is threading.main_thread():
        _quota._handle_exception(error)


def _notice(error):
    """Returns the error of a full disk that is this one, or behind it."""
    global _noticed
    seen = set()
    while error is not None and id(error) not in seen:
        if is_full(error):
            _noticed = True
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None
