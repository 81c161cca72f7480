import json
import unittest
import urllib.request

from scrapinghub import APIError
from support import KEY, PROJECT, SPIDER, URL, new_client, new_connection, unique


class Legacy(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.connection = new_connection()
        cls.project = cls.connection[PROJECT]
        cls.client = new_client()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()

    def finished_job(self, items=0, logs=()):
        key = self.client.get_project(PROJECT).jobs.run(
            SPIDER, meta={"state": "finished"}, job_args={"n": unique()}, add_tag=["old"]).key
        job = self.client.get_job(key)
        for n in range(items):
            job.items.write({"n": n})
        for level, message in logs:
            job.logs.log(message, level=level)
        job.items.close()
        job.logs.close()
        return self.project.job(key)

    def test_project_ids(self):
        self.assertIn(PROJECT, self.connection.project_ids())
        self.assertEqual(self.connection.project_names(), self.connection.project_ids())

    def test_a_wrong_key_is_an_authentication_error(self):
        with self.assertRaises(APIError) as caught:
            new_connection("0" * 32).project_ids()
        self.assertEqual(caught.exception._type, APIError.ERR_AUTH_ERROR)

    def test_schedule_and_job(self):
        key = self.project.schedule(SPIDER, nr=unique(), add_tag="legacy", priority=3)
        job = self.project.job(key)
        self.assertEqual(job.id, key)
        self.assertEqual(job.info["tags"], ["legacy"])
        self.assertEqual(job.info["priority"], 3)
        self.assertEqual(job.info["state"], "pending")
        with self.assertRaises(APIError) as caught:
            self.project.schedule("nobody" + unique())
        self.assertEqual(caught.exception._type, APIError.ERR_BAD_REQUEST)
        self.assertIsNone(self.project.job("%d/1/99999" % PROJECT))

    def test_jobs_list_count_and_filter(self):
        tag = unique("tag")
        keys = [self.project.schedule(SPIDER, nr=unique(), add_tag=tag) for _ in range(3)]
        jobs = self.project.jobs(has_tag=tag)
        self.assertEqual(jobs.count(), 3)
        self.assertEqual([job.id for job in jobs], keys[::-1])
        self.assertEqual(len(list(self.project.jobs(has_tag=tag, count=2))), 2)
        self.assertEqual([job.id for job in self.project.jobs(has_tag=tag, offset=2)], keys[:1])
        self.assertEqual(list(self.project.jobs(has_tag=tag, state="finished")), [])
        self.assertEqual(self.project.jobs(spider=SPIDER, lacks_tag=tag).count() >= 0, True)

    def test_update_stop_and_delete(self):
        tag = unique("tag")
        keys = [self.project.schedule(SPIDER, nr=unique(), add_tag=tag) for _ in range(2)]
        job = self.project.job(keys[0])
        self.assertEqual(job.update(add_tag="more"), 1)
        self.assertEqual(self.project.job(keys[0]).info["tags"], [tag, "more"])
        self.assertEqual(self.project.jobs(has_tag=tag).update(add_tag="all", remove_tag="more"), 2)
        self.assertEqual(self.project.job(keys[0]).info["tags"], [tag, "all"])
        self.assertTrue(job.stop())
        self.assertEqual(self.project.job(keys[0]).info["state"], "finished")
        self.assertEqual(job.delete(), 1)
        rest = self.project.jobs(has_tag=tag)
        rest.stop()
        self.project.jobs(has_tag=tag).delete()
        self.assertEqual(self.project.jobs(has_tag=tag).count(), 0)

    def test_items_and_log(self):
        job = self.finished_job(items=5, logs=[(20, "one"), (40, "two")])
        self.assertEqual([item["n"] for item in job.items()], [0, 1, 2, 3, 4])
        self.assertEqual([item["n"] for item in job.items(offset=3)], [3, 4])
        self.assertEqual([item["n"] for item in job.items(offset=1, count=2)], [1, 2])
        self.assertEqual([line["message"] for line in job.log()], ["one", "two"])
        self.assertEqual([line["message"] for line in job.log(level="ERROR")], ["two"])

    def test_items_are_resumed_after_a_broken_download(self):
        job = self.finished_job(items=5)
        job.RETRY_INTERVAL = 0
        fetch, calls = job._get, []

        def broken(*args, **kwargs):
            calls.append(dict(kwargs["params"]))
            lines = fetch(*args, **kwargs)
            if len(calls) > 1:
                yield from lines
                return
            yield next(lines)
            yield next(lines)
            raise ValueError("cut")

        job._get = broken
        self.assertEqual([item["n"] for item in job.items()], [0, 1, 2, 3, 4])
        self.assertEqual([call["offset"] for call in calls], [0, 2])

    def test_spiders(self):
        names = [spider["id"] for spider in self.project.spiders()]
        self.assertIn(SPIDER, names)
        self.assertEqual([s["id"] for s in self.project.spiders(spider=SPIDER)], [SPIDER])

    def test_add_report(self):
        job = self.finished_job()
        job.add_report("summary", "text of the report", content_type="text/plain")
        job.add_report("summary", "a newer text")
        stranger = self.project.jobs().__iter__().__next__()
        stranger._id = "%d/1/99999" % PROJECT
        with self.assertRaises(APIError) as caught:
            stranger.add_report("x", "y")
        self.assertEqual(caught.exception._type, APIError.ERR_NOT_FOUND)

    def call(self, path, data=None, method=None):
        import base64
        import urllib.error

        request = urllib.request.Request(URL + "/api/" + path, data=data and data.encode(), method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode((KEY + ":").encode()).decode())
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def test_comments_on_items_and_fields(self):
        job = self.finished_job(items=2)
        status, comment = self.call("comments/%s/0" % job.id, "text=looks+odd")
        self.assertEqual((status, comment["text"], comment["editable"]), (200, "looks odd", True))
        self.call("comments/%s/1/title" % job.id, "text=typo")
        status, found = self.call("comments/" + job.id)
        self.assertEqual(set(found), {"0", "1/title"})
        self.assertEqual(self.call("comments/%s/1" % job.id)[1]["1/title"][0]["text"], "typo")
        self.assertEqual(self.call("comments/%d/stats" % PROJECT)[1][job.id], 2)
        status, changed = self.call("comments/%d" % comment["id"], "text=fine", "PUT")
        self.assertEqual(changed["text"], "fine")
        self.assertEqual(self.call("comments/%d" % comment["id"], method="DELETE")[0], 200)
        self.assertEqual(self.call("comments/%s/1/title" % job.id, method="DELETE")[0], 200)
        self.assertEqual(self.call("comments/" + job.id)[1], {})
        self.assertEqual(self.call("comments/999999", "text=x", "PUT")[0], 404)
        self.assertEqual(self.call("comments/%s/0" % job.id, "text=")[0], 400)
