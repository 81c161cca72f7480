"""Uploads items in batches to one job, through however many deaths of the API; prints how many when all are there."""

import sys

from scrapinghub.hubstorage.batchuploader import BatchUploader
from support import STORAGE, new_hubstorage

# The client itself would wait half a minute before it tries again.
BatchUploader.worker_min_interval = 0.2
BatchUploader.worker_max_interval = 0.2
BatchUploader.worker_loop_delay = 0.01

key, count, size, pad = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
client = new_hubstorage()
url = "%s/items/%s" % (STORAGE.rstrip("/"), key)
writer = client.batchuploader.create_writer(url, auth=client.auth, size=size, content_encoding="gzip")
for number in range(count):
    writer.write({"n": number, "pad": "%d-" % number * pad})
writer.close()
client.close()
print(count)
