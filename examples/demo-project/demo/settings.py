import os
from urllib.parse import urljoin

BOT_NAME = 'demo'

SPIDER_MODULES = ['demo.spiders']
NEWSPIDER_MODULE = 'demo.spiders'

USER_AGENT = 'demo (+http://127.0.0.1/)'
ROBOTSTXT_OBEY = False
CONCURRENT_REQUESTS_PER_DOMAIN = 8
DOWNLOAD_DELAY = 0

# Where the small shop lies that the spiders read: Spiderhub serves it itself, beside the API that a job is told of.
DEMO_SITE_URL = urljoin(os.environ.get('SHUB_APIURL', 'http://127.0.0.1:8000/api/'), '../demo/')
# Goes into each item: set it for the project or for one job and see it change.
DEMO_CURRENCY = 'GBP'
