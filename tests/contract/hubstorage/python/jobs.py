import time

from scrapinghub import DuplicateJobError
from scrapinghub.client.exceptions import BadRequest, Forbidden, NotFound
from support import PROJECT, SPIDER, URL, ClientTest, unique


class RunJobs(ClientTest):
    def test_run_stores_all_it_is_given(self):
        job = self.project.jobs.run(
            SPIDER,
            units=2,
            priority=4,
            meta={"meta1": "data1", "big": 12345678901234567890},
            add_tag=["tagB", "tagA"],
            job_settings={"SETTING1": 10, "SETTING2": "SETTING3"},
            cmd_args=None,
            environment={"VAR1": "VAL1"},
            job_args={"arg1": "val1", "nr": unique()},
        )
        self.assertRegex(job.key, r"^%d/\d+/\d+$" % PROJECT)
        meta = dict(job.metadata.iter())
        expected = {
            "project": PROJECT,
            "spider": SPIDER,
            "state": "pending",
            "units": 2,
            "priority": 4,
            "tags": ["tagB", "tagA"],
            "job_settings": {"SETTING1": 10, "SETTING2": "SETTING3"},
            "environment": {"VAR1": "VAL1"},
            "meta1": "data1",
            "big": 12345678901234567890,
            "spider_type": "manual",
            "api_url": URL + "/api/",
            "portia_url": URL + "/",
            "scheduled_by": meta["scheduled_by"],
            "pending_time": meta["pending_time"],
            "spider_args": {"arg1": "val1", "nr": meta["spider_args"]["nr"]},
        }
        self.assertEqual(meta, {**meta, **expected})
        self.assertLess(abs(time.time() * 1000 - meta["pending_time"]), 60000)
        for never in ("key", "_key", "auth", "unique"):
            self.assertNotIn(never, meta)

    def test_run_refuses_the_same_job_while_it_is_active(self):
        args = {"subid": unique()}
        job = self.project.jobs.run(SPIDER, job_args=args)
        with self.assertRaises(DuplicateJobError):
            self.project.jobs.run(SPIDER, job_args=args, priority=4, add_tag="other")
        self.project.jobs.run(SPIDER, job_args={"subid": unique()})
        job.start()
        with self.assertRaises(DuplicateJobError):
            self.project.jobs.run(SPIDER, job_args=args)
        job.finish()
        self.project.jobs.run(SPIDER, job_args=args)

    def test_run_begins_in_the_state_that_meta_names(self):
        for state in ("pending", "running", "finished"):
            job = self.new_job(state)
            self.assertEqual(job.metadata.get("state"), state)

    def test_run_needs_a_spider_that_exists(self):
        with self.assertRaises(BadRequest):
            self.project.jobs.run(unique("nobody"))


class LifeOfAJob(ClientTest):
    def test_start_finish_delete_tell_the_previous_state(self):
        job = self.new_job("pending")
        self.assertEqual(job.start(custom="x", none=None), "pending")
        self.assertEqual(job.metadata.get("custom"), "x")
        self.assertEqual(job.finish(close_reason="failed"), "running")
        self.assertEqual(job.metadata.get("close_reason"), "failed")
        self.assertEqual(job.finish(), "finished")
        self.assertEqual(job.delete(), "finished")
        self.assertEqual(job.metadata.get("state"), "deleted")
        with self.assertRaises(NotFound):
            job.delete()

    def test_update_moves_a_job_to_any_state(self):
        job = self.new_job("pending")
        self.assertEqual(job.update("running", foo="bar"), "pending")
        self.assertEqual(job.metadata.get("foo"), "bar")
        self.assertEqual(job.update("pending"), "running")
        self.assertEqual(job.update("finished"), "pending")

    def test_start_keeps_metadata_of_any_kind(self):
        job = self.new_job("pending")
        extras = {"string": "foo", "bool": True, "int": 123, "float": 123.456, "none": None, "list": ["a", 1], "d": {}}
        job.start(**extras)
        meta = dict(job.metadata.iter())
        for name, value in extras.items():
            self.assertEqual(meta[name], value)
            self.assertIs(type(meta[name]), type(value))

    def test_cancel_ends_a_pending_job_at_once(self):
        job = self.new_job("pending")
        job.cancel()
        self.assertEqual(job.metadata.get("state"), "finished")
        self.assertEqual(job.metadata.get("close_reason"), "cancelled")

    def test_cancel_asks_a_running_job_to_stop(self):
        job = self.new_job("running")
        self.assertIsNone(job.metadata.get("cancelled_by"))
        job.cancel()
        self.assertEqual(job.metadata.get("state"), "running")
        self.assertIsNotNone(job.metadata.get("cancelled_by"))
        self.assertTrue(job.metadata.get("stop_requested"))

    def test_cancel_of_many_counts_those_that_exist(self):
        jobs = [self.new_job("pending").key, self.new_job("running").key]
        missing = "%d/1/999999" % PROJECT
        self.assertEqual(self.project.jobs.cancel(keys=jobs + [missing])["count"], 2)
        self.assertEqual(self.project.jobs.cancel(keys=[missing])["count"], 0)

    def test_cancel_of_a_number_is_for_staff(self):
        with self.assertRaises(Forbidden):
            self.project.jobs.cancel(count=2)

    def test_update_tags_adds_in_order_and_removes(self):
        job = self.new_job("running", add_tag=["tag1"])
        job.update_tags(add=["tagA1", "tagA2"])
        self.assertEqual(job.metadata.get("tags"), ["tag1", "tagA1", "tagA2"])
        job.update_tags(remove=["tag1", "tagx"])
        self.assertEqual(job.metadata.get("tags"), ["tagA1", "tagA2"])
        job.update_tags(add=["tagB"], remove=["tagA2"])
        self.assertEqual(job.metadata.get("tags"), ["tagA1", "tagB"])

    def test_update_tags_of_all_jobs_of_a_spider(self):
        name = unique("all")
        self.project.spiders.get(name, create=True)
        jobs = [self.project.jobs.run(name, job_args={"n": n}) for n in range(3)]
        self.assertEqual(self.project.jobs.update_tags(spider=name, add=["every"]), 3)
        self.assertEqual([job.metadata.get("tags") for job in jobs], [["every"]] * 3)

    def test_close_writers_ends_uploads(self):
        job = self.new_job("running")
        # The client closes these writers only, not those of `job.items` and its siblings.
        job._job.items.write({"a": 1})
        job._job.logs.info("hello")
        job.close_writers()
        self.assertEqual(job.items.stats()["totals"]["input_values"], 1)


class Metadata(ClientTest):
    def test_metadata_set_get_update_delete_iter_list(self):
        job = self.new_job("running", meta={"meta1": "data1"})
        meta = job.metadata
        meta.set("meta2", {"nested": [1, None, 2.5]})
        self.assertEqual(meta.get("meta2"), {"nested": [1, None, 2.5]})
        meta.update({"meta1": "data2", "meta3": 123})
        self.assertEqual(meta.get("meta1"), "data2")
        self.assertEqual(dict(meta.iter())["meta3"], 123)
        self.assertIn(("meta1", "data2"), meta.list())
        with self.assertRaises(TypeError):
            meta.update("no dict")
        meta.delete("meta1")
        meta.delete("meta1")
        self.assertIsNone(meta.get("meta1"))

    def test_metadata_update_leaves_the_jobs_life_alone(self):
        job = self.new_job("pending")
        before = dict(job.metadata.iter())
        job.metadata.update({"foo": "bar"})
        self.assertEqual(dict(job.metadata.iter()), {**before, "foo": "bar"})
        job.start()
        self.assertEqual(job.metadata.get("state"), "running")

    def test_metadata_of_an_unknown_job_is_empty(self):
        job = self.client.get_job("%d/1/999999" % PROJECT)
        self.assertEqual(dict(job.metadata.iter()), {})
        self.assertIsNone(job.metadata.get("state"))

    def test_metadata_keeps_odd_numbers_and_texts(self):
        job = self.new_job("running")
        odd = {"nan_list": [1e308 * 10], "big": 2**70, "lone": "\ud800", "emoji": "\U0001f422", "n": -0.0}
        for name, value in odd.items():
            job.metadata.set(name, value)
            self.assertEqual(job.metadata.get(name), value)

    def test_metadata_known_fields_change_the_job(self):
        job = self.new_job("pending")
        job.metadata.set("tags", ["x", "y"])
        self.assertIn(job.key, [one["key"] for one in self.project.jobs.iter(state="pending", has_tag="y")])


class Lists(ClientTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.spider = unique("listed")
        cls.project.spiders.get(cls.spider, create=True)
        plan = [
            ("finished", ["t1"]), ("finished", ["t1", "t2"]), ("finished", []), ("running", ["t2"]), ("pending", []),
        ]
        cls.keys = [
            cls.project.jobs.run(cls.spider, job_args={"n": n}, meta={"state": state, "n": n}, add_tag=tags).key
            for n, (state, tags) in enumerate(plan)
        ]

    def found(self, **params):
        return [self.keys.index(job["key"]) for job in self.project.jobs.iter(spider=self.spider, **params)]

    def test_iter_gives_finished_jobs_newest_first(self):
        self.assertEqual(self.found(), [2, 1, 0])

    def test_iter_by_state(self):
        self.assertEqual(self.found(state="pending"), [4])
        self.assertEqual(self.found(state=["running", "pending"]), [4, 3])
        self.assertEqual(self.found(state="deleted"), [])

    def test_iter_by_tags(self):
        self.assertEqual(self.found(has_tag="t1"), [1, 0])
        self.assertEqual(self.found(has_tag=["t1", "t2"]), [1, 0])
        self.assertEqual(self.found(lacks_tag="t2"), [2, 0])
        self.assertEqual(self.found(lacks_tag=["t1", "t2"]), [2])
        self.assertEqual(self.found(has_tag="t1", lacks_tag="t2"), [0])

    def test_iter_pages(self):
        self.assertEqual(self.found(count=2), [2, 1])
        self.assertEqual(self.found(start=1), [1, 0])
        self.assertEqual(self.found(start=1, count=1), [1])

    def test_iter_between_times(self):
        times = [self.project.jobs.get(key).metadata.get("finished_time") for key in self.keys[:3]]
        self.assertEqual(self.found(startts=times[0]), [2, 1, 0])
        self.assertEqual(self.found(startts=times[2] + 1000), [])
        self.assertEqual(self.found(endts=times[0]), [])

    def test_iter_shows_summaries(self):
        [job] = self.project.jobs.iter(spider=self.spider, has_tag="t1", lacks_tag="t2")
        self.assertEqual(job["state"], "finished")
        self.assertEqual(job["spider"], self.spider)
        self.assertEqual(job["tags"], ["t1"])
        self.assertEqual(job["ts"], job["finished_time"])
        self.assertGreater(job["elapsed"], 0)

    def test_iter_with_jobmeta_shows_nothing_else(self):
        [job] = self.project.jobs.iter(spider=self.spider, state="running", jobmeta=["n", "state", "scheduled_by"])
        self.assertEqual(set(job), {"key", "state", "ts", "elapsed", "n"})
        self.assertEqual(job["n"], 3)

    def test_iter_params_of_the_old_filter(self):
        self.assertEqual(len(self.project.jobs.list(spider=self.spider)), 3)

    def test_count_counts_what_iter_gives(self):
        count = self.project.jobs.count
        self.assertEqual(count(spider=self.spider), 3)
        self.assertEqual(count(spider=self.spider, state=["pending", "running"]), 2)
        self.assertEqual(count(spider=self.spider, has_tag="t2"), 1)
        self.assertEqual(count(spider=self.spider, lacks_tag="t2"), 2)
        self.assertEqual(count(spider=unique("nobody")), 0)

    def test_summary_has_three_queues_with_lengths(self):
        spider = self.project.spiders.get(self.spider)
        summary = spider.jobs.summary()
        self.assertEqual([queue["name"] for queue in summary], ["pending", "running", "finished"])
        self.assertEqual([queue["count"] for queue in summary], [1, 1, 3])
        finished = spider.jobs.summary("finished", count=2, jobmeta="n")
        self.assertEqual(finished["count"], 3)
        self.assertEqual([job["n"] for job in finished["summary"]], [2, 1])
        self.assertEqual(len(spider.jobs.summary("finished", start=2)["summary"]), 1)

    def test_summary_of_the_project_shows_five_jobs_at_most(self):
        for _ in range(6):
            self.new_job("pending")
        queue = self.project.jobs.summary("pending")
        self.assertGreaterEqual(queue["count"], 6)
        self.assertEqual(len(queue["summary"]), 5)

    def test_iter_last_gives_the_last_finished_job_of_each_spider(self):
        [last] = self.project.spiders.get(self.spider).jobs.iter_last()
        self.assertEqual(last["key"], self.keys[2])
        lasts = {job["spider"]: job["key"] for job in self.project.jobs.iter_last()}
        self.assertEqual(lasts[self.spider], self.keys[2])
        self.assertEqual(len(list(self.project.jobs.iter_last(count=1))), 1)
        self.assertEqual([j["key"] for j in self.project.jobs.iter_last(spider=self.spider)], [self.keys[2]])
        nobody = self.project.spiders.get(unique("fresh"), create=True)
        self.assertEqual(list(nobody.jobs.iter_last()), [])

    def test_get_refuses_jobs_of_other_projects(self):
        with self.assertRaises(ValueError):
            self.project.jobs.get("1%d/1/1" % PROJECT)
        self.assertEqual(self.client.get_job(self.keys[0]).key, self.keys[0])
