"""What a crawl's process executes: sh_scrapy's `start-crawl` with what spiderhub_crawl mends and adds.

Children that multiprocessing spawns import this file as their parent's main module: only a crawl's own process does
more than define functions.
"""

import sys


def mend_extension(exporter):
    def mend(extension):
        from spiderhub_checks.start import warn_in_log

        exporter.make_exporter_quick(extension)
        warn_in_log(extension)

    return mend


def mend_log(disk, streams):
    def mend(log):
        streams.make_outputs_like_files(log)
        disk.notice_in_log(log)

    return mend


def main():
    # `python crawl.py` puts this directory first, where its modules would shadow a project's own.
    here = sys.path.pop(0)
    sys.path.append(here)
    import spiderhub_checks  # noqa: F401 - what is in it is found by its package from now on
    from spiderhub_crawl import disk, exporter, folder, hubstorage, mend, settings, streams, writer

    sys.path.remove(here)
    from scrapinghub import HubstorageClient
    from sh_scrapy import crawl as stock
    from sh_scrapy.writer import pipe_writer

    writer.make_writer_reentrant(type(pipe_writer))
    hubstorage.make_client_find_credentials(HubstorageClient)
    mend.when_imported('sh_scrapy.diskquota', disk.end_when_full)
    mend.when_imported('sh_scrapy.extension', mend_extension(exporter))
    mend.when_imported('sh_scrapy.log', mend_log(disk, streams))
    mend.when_imported('sh_scrapy.settings', settings.make_settings_ours)
    mend.when_imported('scrapy.core.scheduler', disk.end_when_queue_is_full)
    mend.when_imported('scrapy_dotpersistence', folder.persist_without_bucket)
    disk.notice_before_log(stock)
    disk.tell_in_outcome(type(pipe_writer))
    status = stock.main()
    if status:
        disk.tell_if_full(pipe_writer)
    return status


if __name__ == '__main__':
    sys.exit(main())
