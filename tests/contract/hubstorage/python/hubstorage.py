import json
import time

from requests.exceptions import HTTPError
from scrapinghub.hubstorage import HubstorageClient
from scrapinghub.hubstorage.jobq import DuplicateJobError
from support import PROJECT, STORAGE, HubstorageTest, new_hubstorage, unique


class Queue(HubstorageTest):
    def test_push_start_finish_delete(self):
        job = self.push(priority=self.project.jobq.PRIO_LOW, foo="baz")
        self.assertEqual(job.metadata["state"], "pending")
        self.assertEqual(job.metadata["priority"], 1)
        self.assertEqual(job.metadata["foo"], "baz")
        [answer] = self.project.jobq.start(job)
        self.assertEqual(answer, {"prevstate": "pending", "key": job.key})
        job.metadata.expire()
        self.assertEqual(job.metadata["state"], "running")
        self.assertIn("running_time", job.metadata)
        list(self.project.jobq.finish(job, close_reason="failed"))
        job.metadata.expire()
        self.assertEqual(job.metadata["close_reason"], "failed")
        job.purged()
        self.assertEqual(job.metadata["state"], "deleted")

    def test_push_with_unique_is_refused_while_active(self):
        spider, key = unique("s"), unique()
        first = self.push(spider, unique=key)
        for _ in range(2):
            with self.assertRaises(DuplicateJobError):
                self.push(spider, unique=key)
        self.push(spider, unique=None)
        self.push(spider, unique=None)
        self.push(spider, unique=unique())
        list(self.project.jobq.start(first))
        with self.assertRaises(DuplicateJobError):
            self.push(spider, unique=key)
        list(self.project.jobq.finish(first))
        self.push(spider, unique=key)

    def test_push_of_a_duplicate_names_the_request(self):
        spider, key = unique("s"), unique()
        self.push(spider, unique=key)
        [answer] = self.project.jobq.apipost("push", jl={"spider": spider, "unique": key})
        self.assertEqual(answer["request"], {"spider": spider, "unique": key})
        self.assertEqual(answer["error"], "Active job exists with key " + key)

    def test_push_with_a_state(self):
        for state, has_token in (("pending", False), ("running", True), ("finished", False), ("deleted", False)):
            [answer] = self.project.jobq.apipost("push", jl={"spider": "pushed", "state": state})
            self.assertEqual(bool(answer["auth"]), has_token)
            job = self.client.get_job(answer["key"])
            self.assertEqual(job.metadata["state"], state)
            self.assertEqual("pending_time" in job.metadata, state == "pending")

    def test_push_of_several_jobs_in_one_call(self):
        answers = list(self.project.jobq.apipost("push", jl=[{"spider": "a1"}, {"spider": ""}, {"spider": "a2"}]))
        self.assertEqual(["error" in answer for answer in answers], [False, True, False])

    def test_push_keeps_arguments_and_settings(self):
        job = self.push(spider_args={"a": "1", "n": 5}, job_settings={"S": 1.5}, tags=["x", "y"], units=3)
        self.assertEqual(job.metadata["spider_args"], {"a": "1", "n": "5"})
        self.assertEqual(job.metadata["job_settings"], {"S": 1.5})
        self.assertEqual(job.metadata["tags"], ["x", "y"])
        self.assertEqual(job.metadata["units"], 3)

    def test_update_of_several_jobs(self):
        jobs = [self.push() for _ in range(2)]
        answers = list(self.project.jobq.update(jobs, state="running", foo="bar"))
        self.assertEqual(sorted(a["key"] for a in answers), sorted(job.key for job in jobs))
        self.assertEqual([job.metadata["foo"] for job in jobs], ["bar", "bar"])
        mixed = [jobs[0], jobs[1].key, {"key": "%d/1/99999" % PROJECT}]
        self.assertEqual(len(list(self.project.jobq.finish(mixed))), 2)

    def test_update_of_a_spider_reaches_its_jobs_in_order(self):
        name, number = self.new_spider()
        keys = [self.push(name, state=state).key for state in ("finished", "running", "pending", "pending")]
        self.push(name, state="deleted")
        spider_key = "%d/%s" % (PROJECT, number)
        answers = list(self.project.jobq.update({"key": spider_key}, foo=1))
        self.assertEqual([a["key"] for a in answers], [keys[2], keys[3], keys[1], keys[0]])
        answers = list(self.project.jobq.finish({"key": spider_key}))
        self.assertEqual([a["prevstate"] for a in answers], ["pending", "pending", "running", "finished"])
        self.assertEqual(len(list(self.project.jobq.delete({"key": spider_key}))), 4)
        self.assertEqual(list(self.project.jobq.delete({"key": spider_key})), [])

    def test_update_that_makes_no_sense_is_refused(self):
        for line in ({"state": "running"}, {"key": "x"}, {"key": "%d/1/1" % PROJECT, "state": "flying"}):
            with self.assertRaises(HTTPError) as caught:
                list(self.project.jobq.apipost("update", jl=line))
            self.assertEqual(caught.exception.response.status_code, 400)

    def test_request_cancel(self):
        job = self.push(state="running")
        job.request_cancel()
        job.metadata.expire()
        self.assertEqual(job.metadata["state"], "running")
        self.assertTrue(job.metadata["stop_requested"])


class StartJob(HubstorageTest):
    def drain(self):
        while self.project.jobq.start():
            pass

    def test_startjob_takes_the_highest_priority_then_the_oldest(self):
        self.drain()
        order = [self.push(priority=priority).key for priority in (2, 0, 4, 2)]
        taken = [self.project.jobq.start() for _ in range(4)]
        self.assertEqual([job["key"] for job in taken], [order[n] for n in (2, 0, 3, 1)])
        self.assertIsNone(self.project.jobq.start())

    def test_startjob_answers_with_the_whole_job_and_a_token(self):
        self.drain()
        pushed = self.push(foo="bar")
        job = self.project.jobq.start(host="me", nested={"a": [1]})
        self.assertEqual(job["key"], pushed.key)
        self.assertEqual(job["state"], "running")
        self.assertEqual((job["foo"], job["host"], job["nested"]), ("bar", "me", {"a": [1]}))
        self.assertTrue({"pending_time", "running_time", "started_by", "spider", "project"} <= set(job))
        token = (job["key"], job["auth"])
        crawl = self.client.get_job(job["key"], auth=None, jobauth=token)
        crawl.items.write({"a": 1})
        crawl.close_writers()
        self.assertEqual(list(crawl.items.list()), [{"a": 1}])
        list(self.project.jobq.finish(job, close_reason="finished"))
        self.assertEqual(self.client.get_job(job["key"]).metadata["state"], "finished")

    def test_startjob_for_a_group_that_the_project_does_not_name(self):
        self.drain()
        self.push()
        self.project.settings["botgroups"] = ["ours"]
        self.project.settings.save()
        self.assertIsNone(self.project.jobq.start(botgroup="theirs"))
        self.assertIsNotNone(self.project.jobq.start(botgroup="ours"))
        del self.project.settings["botgroups"]
        self.project.settings.save()

    def test_botgroups_are_accepted(self):
        root = self.client.root
        self.assertEqual(list(root.apipost("botgroups/test/max_running", data="null")), [None])
        self.assertEqual(list(root.apidelete("botgroups/test")), [None])


class Lists(HubstorageTest):
    def test_list_with_the_old_filter(self):
        spider = unique("s")
        job = self.push(spider, state="finished", tags=["t1"], close_reason="finished")
        self.push(spider, state="finished", tags=["t2"], close_reason="failed")
        params = [['["tags","haselement",["t1"]]', '["spider","=",["%s"]]' % spider]]
        found = list(self.project.jobq.list(filter=params[0]))
        self.assertEqual([one["key"] for one in found], [job.key])
        reasons = ['["close_reason","=",["finished"]]', '["spider","=",["%s"]]' % spider]
        self.assertEqual([one["key"] for one in self.project.jobq.list(filter=reasons)], [job.key])
        self.assertEqual(len(list(self.project.get_jobs(spider=spider))), 2)

    def test_list_stops_before_a_job(self):
        spider = unique("s")
        jobs = [self.push(spider, state="finished") for _ in range(4)]
        found = [one["key"] for one in self.project.jobq.list(spider=spider, stop=jobs[1].key)]
        self.assertEqual(found, [jobs[3].key, jobs[2].key])

    def test_list_by_key(self):
        jobs = [self.push(state="finished") for _ in range(2)]
        found = self.project.jobq.list(key=[job.key for job in jobs])
        self.assertEqual(len(list(found)), 2)

    def test_jobsummary_in_the_order_of_the_request(self):
        jobs = [self.push(state=state, foo=state) for state in ("finished", "running")]
        keys = [job.key for job in jobs]
        found = list(self.project.jobq.jobsummary(keys, ["spider", "foo", "none"]))
        self.assertEqual([one["key"] for one in found], keys)
        self.assertEqual([one["foo"] for one in found], ["finished", "running"])
        self.assertEqual(set(found[0]), {"key", "state", "ts", "elapsed", "spider", "foo"})
        self.assertEqual(len(list(self.project.jobq.jobsummary(keys + ["%d/1/99999" % PROJECT], []))), 2)

    def test_summary_orders_by_the_time_in_the_queue(self):
        name, number = self.new_spider()
        first, second = self.push(name), self.push(name)
        list(self.project.jobq.start(first))
        list(self.project.jobq.start(second))
        [queue] = [one for one in self.project.jobq.summary(spiderid=number) if one["name"] == "running"]
        self.assertEqual([one["key"] for one in queue["summary"]], [second.key, first.key])
        self.assertEqual(self.project.jobq.summary("running", spiderid=number)["count"], 2)

    def test_lastjobsummary(self):
        name, number = self.new_spider()
        self.push(name, state="finished")
        last = self.push(name, state="finished")
        found = list(self.project.spiders.lastjobsummary(number))
        self.assertEqual([one["key"] for one in found], [last.key])
        everything = list(self.project.spiders.lastjobsummary(count=1000))
        self.assertIn(last.key, [one["key"] for one in everything])

    def test_jobsummary_of_the_project(self):
        before = self.project.jobsummary()
        self.assertEqual(before["project"], PROJECT)
        self.push(state="running", units=2)
        after = self.project.jobsummary()
        self.assertEqual(after["running"] - before["running"], 1)
        self.assertEqual(after["running_units_count"] - before["running_units_count"], 2)
        self.assertIs(after["has_capacity"], True)
        self.assertIsNone(after["pending_units_max"])

    def test_ids_of_spiders(self):
        name = unique("s")
        self.assertIsNone(self.project.ids.spider(name))
        number = self.project.ids.spider(name, create=1)
        self.assertEqual(self.project.ids.spider(name), number)
        self.assertEqual(self.push(name).key.split("/")[1], str(number))

    def test_server_timestamp_needs_no_key(self):
        stranger = HubstorageClient(auth=None, endpoint=STORAGE)
        self.assertLess(abs(stranger.server_timestamp() - time.time() * 1000), 60000)

    def test_without_a_key_nothing_else_is_reached(self):
        stranger = HubstorageClient(auth=None, endpoint=STORAGE)
        project = stranger.get_project(PROJECT)
        for attempt in (
            lambda: list(project.items.list()), lambda: list(project.jobq.list()), lambda: project.push_job("x"),
            lambda: list(project.collections.apiget("list")), lambda: dict(project.settings),
        ):
            with self.assertRaises(HTTPError) as caught:
                attempt()
            self.assertEqual(caught.exception.response.status_code, 401)

    def test_jobs_metadata_as_a_mapping(self):
        job = self.push(foo="bar")
        job.metadata["new"] = [1]
        job.metadata["foo"] = "changed"
        job.metadata.save()
        job.metadata.expire()
        self.assertEqual((job.metadata["new"], job.metadata["foo"]), ([1], "changed"))
        del job.metadata["foo"]
        job.metadata.save()
        job.metadata.expire()
        self.assertNotIn("foo", job.metadata)
        self.assertIsNone(job.metadata.liveget("foo"))
        self.assertEqual(job.metadata.liveget("state"), "pending")
        job.update_metadata({"a": 1}, b=2)
        self.assertEqual((job.metadata["a"], job.metadata["b"]), (1, 2))
        self.assertIsNone(job.metadata.authtoken())
        job.metadata.apidelete("never")

    def test_delete_of_a_job_removes_its_data(self):
        job = self.push(state="running", foo="bar")
        job.items.write({"a": 1})
        job.close_writers()
        list(job.metadata.apidelete())
        self.assertEqual(list(job.items.list()), [])
        job.metadata.expire()
        self.assertNotIn("foo", job.metadata)


class Writers(HubstorageTest):
    def writer(self, job, **kwargs):
        url = "%s/items/%s" % (STORAGE.rstrip("/"), job.key)
        return self.client.batchuploader.create_writer(url, auth=self.client.auth, **kwargs)

    def test_writers_send_batches_with_one_time_each(self):
        job = self.push(state="running")
        writer = self.writer(job, size=10)
        for n in range(111):
            writer.write({"x": n})
        writer.close()
        items = list(job.items.list(meta=["_key", "_ts"]))
        self.assertEqual([item["x"] for item in items], list(range(111)))
        self.assertEqual([item["_key"] for item in items], ["%s/%d" % (job.key, n) for n in range(111)])
        self.assertEqual(len({item["_ts"] for item in items}), 12)

    def test_writers_in_every_encoding(self):
        for encoding in ("identity", "gzip"):
            job = self.push(state="running")
            writer = self.writer(job, content_encoding=encoding)
            for n in range(111):
                writer.write({"x": n})
            writer.close()
            self.assertEqual(job.items.stats()["totals"]["input_values"], 111)
            self.assertEqual(job.items.stats()["counts"], {"x": 111})

    def test_a_repeated_batch_overwrites(self):
        job = self.push(state="running")
        for _ in range(2):
            writer = self.writer(job)
            for n in range(5):
                writer.write({"x": n})
            writer.close()
        self.assertEqual([item["x"] for item in job.items.list()], list(range(5)))
        writer = self.writer(job, start=3)
        for n in range(4):
            writer.write({"x": 100 + n})
        writer.close()
        self.assertEqual([item["x"] for item in job.items.list()], [0, 1, 2, 100, 101, 102, 103])
        self.assertEqual(job.items.stats()["totals"]["input_values"], 7)

    def test_a_writer_may_begin_behind_the_end(self):
        job = self.push(state="running")
        writer = self.writer(job, start=10)
        writer.write({"x": 1})
        writer.close()
        [item] = job.items.list(meta="_key")
        self.assertEqual(item["_key"], job.key + "/10")

    def test_a_batch_of_the_largest_records(self):
        job = self.push(state="running")
        line = json.dumps({"x": "y" * (1024 * 1024 - 20)})
        body = "\n".join([line] * 30).encode()
        url = "%s/items/%s" % (STORAGE.rstrip("/"), job.key)
        self.client.request(method="POST", url=url, auth=self.client.auth, data=body, params={"start": 0})
        self.assertEqual(job.items.stats()["totals"]["input_values"], 30)
        self.assertEqual(sum(1 for _ in job.items.iter_json(nodata=1)), 30)

    def test_job_writers_of_all_resources(self):
        job = self.push(state="running")
        for n in range(3):
            job.items.write({"n": n})
            job.logs.info("m%d" % n, appendmode=True)
            job.samples.write([n, n])
            job.requests.add("http://x/%d" % n, 200, "GET", 1, None, 2, n)
        job.close_writers()
        self.assertEqual(len(list(job.items.iter_values())), 3)
        self.assertEqual(len(list(job.logs.iter_values())), 3)
        self.assertEqual(len(list(job.samples.list())), 3)
        self.assertEqual(len(list(job.requests.iter_values())), 3)
        self.assertEqual(job.items.get(1), {"n": 1})
        later = self.client.get_job(job.key)
        later.logs.info("appended", appendmode=True)
        later.close_writers()
        self.assertEqual([log["message"] for log in job.logs.list()], ["m0", "m1", "m2", "appended"])

    def test_frontier_of_the_lower_client(self):
        frontier, slot = unique("f"), "s"
        self.project.frontier.add(frontier, slot, [{"fp": "/"}, {"fp": "/1"}])
        self.project.frontier.flush()
        self.assertEqual(self.project.frontier.newcount, 2)
        [batch] = self.project.frontier.read(frontier, slot)
        self.assertEqual(batch["requests"], [["/", None], ["/1", None]])
        self.project.frontier.delete(frontier, slot, [batch["id"]])
        self.assertEqual(list(self.project.frontier.read(frontier, slot, mincount=1)), [])
        self.project.frontier.delete_slot(frontier, slot)
        self.project.frontier.close()
