"""Settings that a crawl has here whatever its project says."""


def make_settings_ours(module):
    """Mends sh_scrapy.settings."""
    load_defaults = module._load_default_settings
    enforce = module._enforce_required_settings

    def load_defaults_and_companion(settings):
        load_defaults(settings)
        settings.get('EXTENSIONS_BASE').update({'spiderhub_crawl.extension.Companion': -1000})

    def enforce_and_drop_log_file(settings):
        enforce(settings)
        # The log of a job is the pipe: a file of the project's own would lie in a folder that only its author has.
        settings.set('LOG_FILE', None, priority='cmdline')

    module._load_default_settings = load_defaults_and_companion
    module._enforce_required_settings = enforce_and_drop_log_file
