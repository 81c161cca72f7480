"""What fails in every job of a spider fails here: settings of each class, and the modules that its jobs import.

Nothing is made of what is imported: pipelines and extensions may open connections when they are.
"""

import contextlib
import sys

from spiderhub_checks.middlewares import outdated
from spiderhub_checks.start import never_called

# Settings that name one thing, and those that name many.
_ONE = ['DOWNLOADER', 'SCHEDULER', 'DUPEFILTER_CLASS', 'STATS_CLASS', 'LOG_FORMATTER']
_MANY = ['SPIDER_MIDDLEWARES', 'DOWNLOADER_MIDDLEWARES', 'ITEM_PIPELINES', 'EXTENSIONS']
_ALWAYS_USED = ['http', 'https']


class BadSpider(Exception):
    pass


def check(settings, classes):
    """Returns warnings, a line each, and names of spiders whose first method nobody calls. Raises BadSpider with the
    first thing that cannot work."""
    has_own_reactor = 'twisted.internet.reactor' in sys.modules
    install_reactor(settings)
    loaded = {}
    words = {cls.name: check_one(settings, cls, loaded, has_own_reactor) for cls in classes}
    warnings = ['WARNING: spider %s: %s' % (name, why) for name, why in words.items() if why]
    warnings += ['WARNING: %s: %s' % (path, why) for path, why in loaded.items() if why]
    return warnings, [name for name, why in words.items() if why]


def check_one(settings, cls, loaded, has_own_reactor):
    merged = settings_of(cls, settings)
    if has_own_reactor:
        check_reactor(cls, merged)
    for setting, path in used(merged):
        key = path if isinstance(path, str) else repr(path)
        if key in loaded:
            continue
        try:
            found = load(path)
        except Exception as error:
            raise BadSpider(
                'spider %s: %s names %s, which cannot be imported: %s' % (cls.name, setting, path, say(error))
            ) from error
        loaded[key] = outdated(found) if setting == 'SPIDER_MIDDLEWARES' else None
    return never_called(cls)


def check_reactor(cls, settings):
    """A module that imports twisted.internet.reactor installs one, and Scrapy refuses to run on another than it is to have."""
    from scrapy.utils.reactor import verify_installed_reactor

    path = settings.get('TWISTED_REACTOR')
    try:
        if path and settings.getbool('TWISTED_REACTOR_ENABLED', True):
            verify_installed_reactor(path)
    except Exception as error:
        raise BadSpider(
            'spider %s: a module of the project imports twisted.internet.reactor, which installs it too early: %s'
            % (cls.name, error)
        ) from error


def settings_of(cls, settings):
    import scrapy

    is_plain = cls.update_settings.__func__ is scrapy.Spider.update_settings.__func__
    # Copying takes milliseconds, and there may be hundreds of spiders.
    if is_plain and not (cls.custom_settings or {}).keys() & {*_ONE, *_MANY, 'DOWNLOAD_HANDLERS', 'ADDONS'}:
        return settings
    merged = settings.copy()
    try:
        cls.update_settings(merged)
    except Exception as error:
        raise BadSpider('spider %s: its settings cannot be made: %s' % (cls.name, say(error))) from error
    return merged


def used(settings):
    """Pairs of a setting and what it names, of all that a job loads before its first request."""
    for name in _ONE:
        if settings.get(name):
            yield name, settings[name]
    for name in _MANY:
        for path, order in settings.getwithbase(name).items():
            if order is not None:
                yield name, path
    handlers = dict(settings.getwithbase('DOWNLOAD_HANDLERS'))
    # Scrapy goes on without the others, and some of its own want packages that nobody asked for.
    for scheme in _ALWAYS_USED:
        if handlers.get(scheme):
            yield 'DOWNLOAD_HANDLERS', handlers[scheme]


def load(path):
    from scrapy.exceptions import NotConfigured
    from scrapy.utils.misc import load_object

    if not isinstance(path, str):
        return path
    with contextlib.suppress(NotConfigured):
        return load_object(path)


def install_reactor(settings):
    """As a crawl does before it loads the rest, unless a module of the project has done so."""
    from scrapy.utils.reactor import install_reactor as install

    path = settings.get('TWISTED_REACTOR')
    if path and 'twisted.internet.reactor' not in sys.modules:
        install(path, settings.get('ASYNCIO_EVENT_LOOP'))


def say(error):
    return '%s: %s' % (type(error).__name__, error)
