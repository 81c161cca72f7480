"""shub, whose waits are short, and which asks us instead of Docker what is in an image."""

import json
import sys
import time

import shub.image.list
import shub.utils
from shub.tool import cli

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.1))
shub.utils.job_live.__defaults__ = (0,)
shub.image.list._run_cmd_in_docker_container = lambda image, command, environment: (
    0,
    json.dumps({
        "project_type": "scrapy",
        "spiders": ["imaged", "py:script.py"],
        "settings_seen": json.loads(environment["JOB_SETTINGS"]),
    }),
)
sys.exit(cli())
