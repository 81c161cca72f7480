"""What the fork server imports once, so that no crawl has to: the modules that an ordinary crawl ends up with.

Not in the list, because each crawl must execute them itself: sh_scrapy and whatever reads a job's environment when it
is imported (tldextract, and the cookies middleware that imports it), and whatever installs a Twisted reactor.
"""

import contextlib
import importlib
import os
import sys

MODULES = """
scrapinghub.client scrapy scrapy.cmdline scrapy.crawler scrapy.spiders
scrapy.commands.bench scrapy.commands.check scrapy.commands.crawl scrapy.commands.edit scrapy.commands.fetch
scrapy.commands.genspider scrapy.commands.list scrapy.commands.parse scrapy.commands.runspider
scrapy.commands.settings scrapy.commands.shell scrapy.commands.startproject scrapy.commands.version
scrapy.commands.view
scrapy.core.downloader scrapy.core.downloader._idna_patch scrapy.core.downloader.contextfactory
scrapy.core.downloader.handlers.datauri scrapy.core.downloader.handlers.file scrapy.core.downloader.handlers.ftp
scrapy.core.downloader.handlers.http11 scrapy.core.downloader.handlers.s3
scrapy.downloadermiddlewares.defaultheaders scrapy.downloadermiddlewares.downloadtimeout
scrapy.downloadermiddlewares.httpauth scrapy.downloadermiddlewares.httpcache
scrapy.downloadermiddlewares.httpcompression scrapy.downloadermiddlewares.httpproxy
scrapy.downloadermiddlewares.offsite scrapy.downloadermiddlewares.redirect scrapy.downloadermiddlewares.retry
scrapy.downloadermiddlewares.robotstxt scrapy.downloadermiddlewares.stats scrapy.downloadermiddlewares.useragent
scrapy.dupefilters scrapy.exporters scrapy.extensions.closespider scrapy.extensions.corestats
scrapy.extensions.debug scrapy.extensions.feedexport scrapy.extensions.logcount scrapy.extensions.logstats
scrapy.extensions.memdebug scrapy.extensions.memusage scrapy.extensions.remote_control
scrapy.extensions.spiderstate scrapy.extensions.telnet scrapy.extensions.throttle
scrapy.http.cookies scrapy.logformatter scrapy.pqueues
scrapy.spidermiddlewares.depth scrapy.spidermiddlewares.httperror scrapy.spidermiddlewares.metacopy
scrapy.spidermiddlewares.referer scrapy.spidermiddlewares.start scrapy.spidermiddlewares.urllength
scrapy.squeues scrapy.statscollectors
scrapy.core.scheduler scrapy.pipelines scrapy.spiderloader
lxml.html parsel w3lib.url itemadapter queuelib protego service_identity OpenSSL.SSL
cryptography.hazmat.backends.openssl.backend
msgpack requests.adapters requests_file filelock six retrying
encodings.idna encodings.charmap encodings.cp1252 encodings.hex_codec
certifi.core resource
""".split()
# What only crawls of older series end up with.
OLDER = ['scrapy.downloadermiddlewares.ajaxcrawl', 'scrapy.spidermiddlewares.offsite']


def preload():
    """Imports the list and returns the names of all environment variables that were looked at meanwhile, and of modules
    that were looked for and are not there.

    Another series of Scrapy may lack some of the modules, and in older ones a few install a reactor: crawls then import
    what they need themselves.
    """
    # These look for HOME, which matters to none of the rest; a crawl makes them look again.
    import site
    import sysconfig

    site.getusersitepackages()
    sysconfig.get_config_vars()
    with recorded_reads() as names, recorded_misses() as missed, no_reactor():
        for module in [*MODULES, *OLDER]:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
    if 'twisted.internet.reactor' in sys.modules:
        raise RuntimeError('an import has installed a Twisted reactor, which crawls could not choose any more')
    if len(os.listdir('/proc/self/task')) != 1:
        raise RuntimeError('an import has started a thread, which a fork would not copy')
    return names, missed


class NoReactor:
    """Lets imports of the reactor fail, and so those of the modules that begin with it."""

    def find_spec(self, name, path=None, target=None):
        if name == 'twisted.internet.reactor':
            raise ImportError('the fork server has no reactor')


@contextlib.contextmanager
def no_reactor():
    finder = NoReactor()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class Misses:
    """The last to be asked for modules: has none, and remembers the names that nobody above packages had."""

    def __init__(self):
        self.names = set()

    def find_spec(self, name, path=None, target=None):
        if path is None:
            self.names.add(name)


@contextlib.contextmanager
def recorded_misses():
    misses = Misses()
    sys.meta_path.append(misses)
    try:
        yield misses.names
    finally:
        sys.meta_path.remove(misses)


@contextlib.contextmanager
def recorded_reads():
    names = set()
    kind = type(os.environ)
    read = kind.__getitem__

    def record(self, name):
        names.add(name if isinstance(name, str) else os.fsdecode(name))
        return read(self, name)

    kind.__getitem__ = record
    try:
        yield names
    finally:
        kind.__getitem__ = read
