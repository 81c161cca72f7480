"""Files that a crawl leaves in its folder, which is removed with the job: kept on request, and told of otherwise."""

import logging
import os

logger = logging.getLogger('spiderhub')

_STORES = ('JOBDIR', 'FILES_STORE', 'IMAGES_STORE', 'FEED_URI')


def keep_files(settings):
    """DOTSCRAPY_ENABLED keeps `.scrapy`, JOB_FOLDER_ENABLED the whole working directory, per project and spider."""
    kept = os.environ.get('SHUB_KEPT_FOLDER')
    keep_all = settings.getbool('JOB_FOLDER_ENABLED')
    if not kept or not (keep_all or settings.getbool('DOTSCRAPY_ENABLED')):
        return
    data = os.path.join(kept, '.scrapy')
    os.makedirs(data, mode=0o700, exist_ok=True)
    if keep_all:
        os.chdir(kept)
        # Scrapy looks for its data beside such a file.
        open('scrapy.cfg', 'a').close()
    elif not os.path.lexists('.scrapy'):
        os.symlink(data, '.scrapy')


def persist_without_bucket(module):
    """Mends scrapy_dotpersistence, which projects of Scrapy Cloud list: without a bucket of its own it has nothing to do."""
    from scrapy.exceptions import NotConfigured

    connect = module.DotScrapyPersistence.from_crawler.__func__

    def from_crawler(cls, crawler):
        if not crawler.settings.get('ADDONS_S3_BUCKET'):
            raise NotConfigured('.scrapy is kept on this machine, as no ADDONS_S3_BUCKET is set')
        return connect(cls, crawler)

    module.DotScrapyPersistence.from_crawler = classmethod(from_crawler)


def warn_of_lost_files(settings):
    for name, path in _places(settings):
        if _goes_with_the_job(path):
            logger.warning(
                "%s: %s lies in the job's own folder, which is removed when the job ends. To keep it for the spider's "
                'next jobs set %s.',
                name,
                os.path.abspath(path),
                'DOTSCRAPY_ENABLED' if name == 'HTTPCACHE_DIR' else 'JOB_FOLDER_ENABLED',
            )


def _places(settings):
    """Settings with the paths in them; addresses of other machines are none."""
    places = [(name, settings.get(name)) for name in _STORES]
    places += [('FEEDS', uri) for uri in settings.getdict('FEEDS')]
    if settings.getbool('HTTPCACHE_ENABLED'):
        places.append(('HTTPCACHE_DIR', os.path.join('.scrapy', settings.get('HTTPCACHE_DIR') or '')))
    for name, value in places:
        path = str(value or '')
        if path.startswith('file://'):
            path = path[len('file://') :]
        # sh_scrapy gives every crawl a JOBDIR of its own, which nobody asked to keep.
        elsewhere = '://' in path or path == 'stdout:'
        if path and not elsewhere and not os.path.basename(path).startswith('jobdata-'):
            yield name, path


def _goes_with_the_job(path):
    home = os.path.realpath(os.environ.get('HOME') or os.getcwd())
    return (os.path.realpath(path) + os.sep).startswith(os.path.dirname(home) + os.sep)
