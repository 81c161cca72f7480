"""Settings that a crawl has here whatever its project says."""


def make_log_ours(settings_module):
    """The log of a job is the pipe: a file of the project's own would lie in a folder that only its author has."""
    enforce = settings_module._enforce_required_settings

    def enforce_and_drop_log_file(settings):
        enforce(settings)
        settings.set('LOG_FILE', None, priority='cmdline')

    settings_module._enforce_required_settings = enforce_and_drop_log_file
