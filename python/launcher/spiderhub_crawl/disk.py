"""sh_scrapy's end of crawls whose disk is full, for more than a quota that the file system keeps."""

import errno

# Of a file system with quotas, of one that is full, and of a file that is as large as all files of a job may be.
_FULL = {errno.EDQUOT, errno.ENOSPC, errno.EFBIG}


def end_when_full(module):
    """Mends sh_scrapy.diskquota."""
    module.DiskQuota._is_disk_quota_error = lambda self, error: isinstance(error, OSError) and error.errno in _FULL
