"""A Scrapyd's store of finished jobs in memory, as its default one, that has BENCH_FINISHED jobs from the start."""

import os
from datetime import datetime, timedelta

from scrapyd.jobstorage import MemoryJobStorage
from scrapyd.launcher import ScrapyProcessProtocol


class FilledJobStorage(MemoryJobStorage):
    def __init__(self, config):
        super().__init__(config)
        start = datetime(2026, 1, 1)
        for n in range(int(os.environ["BENCH_FINISHED"])):
            job = ScrapyProcessProtocol("bench", "one", f"finished-{n}", env={}, args=[])
            job.start_time = start + timedelta(seconds=n)
            job.end_time = job.start_time + timedelta(seconds=5)
            self.add(job)
