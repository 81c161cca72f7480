"""What the client tests share: clients of the service under test and jobs to work with."""

import os
import unittest
import uuid

from scrapinghub import Connection, HubstorageClient, ScrapinghubClient

URL = os.environ["SPIDERHUB_URL"]
KEY = os.environ["SPIDERHUB_KEY"]
STAFF_KEY = os.environ["SPIDERHUB_STAFF_KEY"]
PROJECT = int(os.environ["SPIDERHUB_PROJECT"])
OTHER_PROJECT = int(os.environ["SPIDERHUB_OTHER_PROJECT"])
USE_MSGPACK = os.environ.get("SPIDERHUB_MSGPACK") == "1"
STORAGE = URL + os.environ.get("SPIDERHUB_STORAGE_PATH", "/storage")
SPIDER = "site"


def unique(prefix="name"):
    return prefix + uuid.uuid4().hex[:10]


def new_client(auth=KEY, **kwargs):
    kwargs.setdefault("use_msgpack", USE_MSGPACK)
    return ScrapinghubClient(auth, dash_endpoint=URL + "/api/", endpoint=STORAGE, **kwargs)


def new_hubstorage(auth=KEY, **kwargs):
    kwargs.setdefault("use_msgpack", USE_MSGPACK)
    return HubstorageClient(auth=auth, endpoint=STORAGE, **kwargs)


def new_connection(key=KEY):
    return Connection(key, url=URL + "/api/")


class ClientTest(unittest.TestCase):
    """Tests with `ScrapinghubClient`; the project is paused, so jobs stay where the test puts them."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.client = new_client()
        cls.project = cls.client.get_project(PROJECT)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()

    def new_job(self, state="running", **kwargs):
        """A job of its own: the argument makes it no duplicate."""
        kwargs.setdefault("meta", {})["state"] = state
        kwargs.setdefault("job_args", {})["nr"] = unique()
        return self.project.jobs.run(SPIDER, **kwargs)


class HubstorageTest(unittest.TestCase):
    """Tests with the lower-level `HubstorageClient`."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.client = new_hubstorage()
        cls.project = cls.client.get_project(PROJECT)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()

    def new_spider(self):
        """Name of a spider that nobody else uses, and its number."""
        name = unique("spider")
        return name, self.project.ids.spider(name, create=1)

    def push(self, spider=None, **params):
        return self.project.push_job(spider or unique("spider"), **params)
