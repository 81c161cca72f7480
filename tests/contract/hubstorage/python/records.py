import json
import math
import time
from numbers import Integral

from scrapinghub import ValueTooLarge
from scrapinghub.client.exceptions import BadRequest, NotFound, Unauthorized
from support import PROJECT, USE_MSGPACK, ClientTest, new_client, unique


class Items(ClientTest):
    def job_with(self, count, state="running"):
        job = self.new_job(state)
        for n in range(count):
            job.items.write({"id": n, "data": "data%d" % n})
        job.items.close()
        return job

    def test_items_iter_list_and_count(self):
        job = self.job_with(7)
        self.assertEqual(job.items.list(), [{"id": n, "data": "data%d" % n} for n in range(7)])
        self.assertEqual([item["id"] for item in job.items.iter(count=3)], [0, 1, 2])
        self.assertEqual(job.items.list(count=0), [])

    def test_items_iter_start_is_inclusive_and_startafter_exclusive(self):
        job = self.job_with(7)
        self.assertEqual([i["id"] for i in job.items.iter(start=job.key + "/4")], [4, 5, 6])
        self.assertEqual([i["id"] for i in job.items.iter(startafter=job.key + "/4")], [5, 6])
        self.assertEqual([i["id"] for i in job.items.iter(start=job.key + "/4", count=2)], [4, 5])
        self.assertEqual(job.items.list(startafter=job.key + "/999999"), [])
        self.assertEqual([i["id"] for i in job.items.iter(start=2, count=1)], [2])

    def test_items_iter_by_index(self):
        job = self.job_with(7)
        self.assertEqual([i["id"] for i in job.items.iter(index=[5, 1, 99])], [5, 1])

    def test_items_iter_offset_parameter_of_the_client(self):
        job = self.job_with(5)
        self.assertEqual([i["id"] for i in job.items.iter(offset=3)], [3, 4])

    def test_items_list_iter_gives_chunks(self):
        job = self.job_with(7)
        chunks = [[i["id"] for i in chunk] for chunk in job.items.list_iter(chunksize=3)]
        self.assertEqual(chunks, [[0, 1, 2], [3, 4, 5], [6]])
        chunks = [[i["id"] for i in chunk] for chunk in job.items.list_iter(chunksize=2, start=3, count=4)]
        self.assertEqual(chunks, [[3, 4], [5, 6]])

    def test_items_get_gives_one(self):
        job = self.job_with(3)
        self.assertEqual(job.items.get(1), {"id": 1, "data": "data1"})
        self.assertEqual(job.items.get(0, meta="_key"), {"id": 0, "data": "data0"})
        self.assertIsNone(job.items.get(99))

    def test_items_meta_comes_when_asked_for(self):
        job = self.job_with(2)
        first, second = job.items.iter(meta=["_key", "_ts"])
        self.assertEqual(first["_key"], job.key + "/0")
        self.assertEqual(second["_key"], job.key + "/1")
        self.assertEqual(first["_ts"], second["_ts"])
        self.assertLess(abs(first["_ts"] - time.time() * 1000), 60000)

    def test_items_nodata_gives_keys_alone(self):
        job = self.job_with(2)
        found = job.items.list(nodata=True, meta=["_key"])
        self.assertEqual(found, [{"_key": job.key + "/0"}, {"_key": job.key + "/1"}])

    def test_items_filters(self):
        job = self.job_with(10)
        self.assertEqual([i["id"] for i in job.items.iter(filter=[("id", ">", [7])])], [8, 9])
        self.assertEqual([i["id"] for i in job.items.iter(filter=[("id", ">", [2])], count=2)], [3, 4])
        both = [("id", ">=", [3]), ["data", "icontains", ["DATA5"]]]
        self.assertEqual([i["id"] for i in job.items.iter(filter=both)], [5])
        self.assertEqual([i["id"] for i in job.items.iter(filter='["data", "matches", ["a[13]$"]]')], [1, 3])

    def test_items_filters_that_make_no_sense_are_bad_requests(self):
        job = self.job_with(1)
        for text in ('["a"]', "nonsense", '["id", "~", [1]]', '["id", "matches", ["("]]', '["id", "=", []]'):
            with self.assertRaises(BadRequest):
                job.items.list(filter=text)

    def test_items_filter_with_a_hostile_pattern_takes_no_time(self):
        job = self.new_job("running")
        job.items.write({"title": "a" * 5000 + "b"})
        job.items.close()
        begin = time.monotonic()
        self.assertEqual(job.items.list(filter=[("title", "matches", ["^(a+)+$"])]), [])
        self.assertLess(time.monotonic() - begin, 10)

    def test_items_filter_by_time_of_writing(self):
        job = self.new_job("running")
        for n in range(3):
            job.items.write({"n": n})
            job.items.flush()
        times = [item["_ts"] for item in job.items.iter(meta=["_ts"])]
        self.assertEqual(len(set(times)), 3)
        self.assertEqual([i["n"] for i in job.items.iter(startts=times[1])], [1, 2])
        self.assertEqual([i["n"] for i in job.items.iter(endts=times[1])], [0])

    def test_items_stats_count_fields(self):
        job = self.new_job("running")
        for n in range(10):
            job.items.write({"x": n, "_hidden": 1, **({"y": 1} if n % 2 else {})})
        job.items.close()
        stats = job.items.stats()
        self.assertEqual(stats["counts"], {"x": 10, "y": 5})
        self.assertEqual(stats["totals"]["input_values"], 10)
        self.assertGreater(stats["totals"]["input_bytes"], 0)

    def test_items_come_back_as_they_went_in(self):
        odd = {
            "big": 2**63 + 5, "negative": -(2**62), "nested": [{"a": [None, True, 1.5]}], "empty": {}, "": "noname",
            "unicode": "\u017c\u00f3\u0142w \U0001f422", "nul": "\u0000", "float": 1e300, "int": 2**53 + 1,
            "infinite": [float("inf"), float("-inf")], "__proto__": {"x": 1}, "constructor": 1,
        }
        job = self.new_job("running")
        job.items.write(odd)
        job.items.write({"nan": float("nan")})
        job.items.write({})
        job.items.close()
        first, second, third = job.items.iter()
        self.assertEqual(first, odd)
        self.assertTrue(math.isnan(second["nan"]))
        self.assertEqual(third, {})
        for name in ("big", "negative", "int"):
            self.assertIsInstance(first[name], Integral)

    def test_items_raw_text_survives(self):
        line = '{"a":1.0,"b":12345678901234567890123,"c":NaN,"d":"\\ud800","a":2,"e":1E5}'
        job = self.new_job("running")
        origin = job.items._origin
        self.client._hsclient.request(method="POST", url=origin.url, auth=origin.auth, data=line + "\n", params={"start": 0})
        [back] = origin.iter_json()
        self.assertEqual(back, line[:-1] + ',"_key":"%s/0"}' % job.key)
        response = self.client._hsclient.request(method="GET", url=origin.url, auth=origin.auth)
        self.assertEqual(response.text, line + "\n")

    def test_items_of_an_unknown_job_are_none(self):
        job = self.client.get_job("%d/1/999999" % PROJECT)
        self.assertEqual(job.items.list(), [])
        self.assertEqual(job.items.stats()["totals"]["input_values"], 0)

    def test_items_larger_than_a_megabyte_are_refused_by_the_client(self):
        job = self.new_job("running")
        job.items.write({"a": "x" * (1024 * 1024 - 20)})
        with self.assertRaises(ValueTooLarge):
            job.items.write({"a": "x" * (1024 * 1024)})
        job.items.close()
        self.assertEqual(len(job.items.list()), 1)

    def test_items_of_a_finished_job_are_still_accepted(self):
        job = self.job_with(2, state="finished")
        self.assertEqual(len(job.items.list()), 2)

    def test_items_count_shows_in_the_jobs_summary(self):
        job = self.job_with(4)
        job.finish()
        [row] = [one for one in self.project.jobs.iter(count=5) if one["key"] == job.key]
        self.assertEqual(row["items"], 4)


class Logs(ClientTest):
    def job_with_logs(self):
        job = self.new_job("pending")
        job.logs.log("simple-msg1")
        job.logs.log("simple-msg2", level=10)
        job.logs.debug("simple-msg3")
        job.logs.info("simple-msg4", extra="dropped")
        job.logs.warn("simple-msg5")
        job.logs.error("simple-msg6", ts=1234567890123)
        job.logs.close()
        return job

    def test_logs_are_time_level_and_message(self):
        job = self.job_with_logs()
        logs = job.logs.list()
        self.assertEqual([log["level"] for log in logs], [20, 10, 10, 20, 30, 40])
        self.assertEqual(logs[5], {"time": 1234567890123, "level": 40, "message": "simple-msg6"})
        for log in logs:
            self.assertEqual(set(log), {"time", "level", "message"})
            self.assertIsInstance(log["time"], Integral)

    def test_logs_stats_count_levels_and_bytes_of_messages(self):
        job = self.job_with_logs()
        self.assertEqual(
            job.logs.stats(),
            {"counts": {"10": 2, "20": 2, "30": 1, "40": 1}, "totals": {"input_values": 6, "input_bytes": 72}},
        )

    def test_logs_filters_and_levels(self):
        job = self.job_with_logs()
        self.assertEqual(len(job.logs.list(level="WARNING")), 2)
        self.assertEqual(len(job.logs.list(level="ERROR")), 1)
        self.assertEqual([l["level"] for l in job.logs.iter(filter=[("message", "contains", ["msg5"])])], [30])
        self.assertEqual(len(job.logs.list(filter=[("level", ">=", [20])], count=2)), 2)

    def test_logs_pages(self):
        job = self.job_with_logs()
        self.assertEqual([l["message"][-1] for l in job.logs.iter(offset=4)], ["5", "6"])
        self.assertEqual([l["message"][-1] for l in job.logs.iter(start=job.key + "/1", count=2)], ["2", "3"])
        self.assertEqual(job.logs.get(0)["message"], "simple-msg1")

    def test_logs_json_has_keys(self):
        job = self.job_with_logs()
        keys = [json.loads(line)["_key"] for line in job.logs._origin.iter_json()]
        self.assertEqual(keys, ["%s/%d" % (job.key, n) for n in range(6)])

    def test_logs_in_append_mode_go_on_behind_the_stored_ones(self):
        job = self.job_with_logs()
        again = self.client.get_job(job.key)
        again.logs._origin.batch_append = True
        again.logs.info("later")
        again.logs.close()
        self.assertEqual([l["message"] for l in job.logs.iter()][5:], ["simple-msg6", "later"])


class Requests(ClientTest):
    def test_requests_add_iter_and_stats(self):
        job = self.new_job("running")
        ts = int(time.time() * 1000)
        first = job.requests.add(
            url="http://test.com/", status=200, method="GET", rs=1337, duration=5, parent=None, ts=ts, fp="1234")
        second = job.requests.add(
            url="http://test.com/2", status=1000, method="POST", rs=0, duration=1, parent=first, ts=ts + 1)
        job.requests.close()
        self.assertEqual((first, second), (0, 1))
        rows = job.requests.list()
        self.assertEqual(rows, [
            {"url": "http://test.com/", "status": 200, "method": "GET", "rs": 1337, "duration": 5, "time": ts, "fp": "1234"},
            {"url": "http://test.com/2", "status": 1000, "method": "POST", "rs": 0, "duration": 1, "time": ts + 1, "parent": 0},
        ])
        counts = {"url": 2, "parent": 1, "status": 2, "method": 2, "rs": 2, "duration": 2, "fp": 1}
        stats = job.requests.stats()
        self.assertEqual(stats["counts"], counts)
        self.assertEqual(stats["totals"]["input_values"], 2)
        self.assertEqual(job.requests.list(meta=["_key"])[1]["_key"], job.key + "/1")
        self.assertEqual([r["status"] for r in job.requests.iter(filter=[("status", ">", [500])])], [1000])


class Samples(ClientTest):
    def test_samples_write_iter(self):
        job = self.new_job("running")
        self.assertEqual(job.samples.list(), [])
        ts = int(time.time() * 1000)
        rows = [[ts + n, 1, n, 2**40] for n in range(5)]
        for row in rows:
            job.samples.write(row)
        job.samples.close()
        self.assertEqual([list(row) for row in job.samples.iter()], rows)
        self.assertEqual([list(row) for row in job.samples.iter(count=2)], rows[:2])


class Wide(ClientTest):
    def test_spider_wide_and_project_wide_reads_go_by_job_and_number(self):
        name = unique("wide")
        spider = self.project.spiders.get(name, create=True)
        keys = []
        for n in range(2):
            job = self.project.jobs.run(name, meta={"state": "running"}, job_args={"n": n})
            for m in range(2):
                job.items.write({"job": n, "item": m})
                job.samples.write([n, m])
            job.items.close()
            job.samples.close()
            keys.append(job.key)
        project = self.client._hsclient.get_project(PROJECT)
        everything = [(i["job"], i["item"]) for i in project.items.list(spider._id)]
        self.assertEqual(everything, [(0, 0), (0, 1), (1, 0), (1, 1)])
        [first] = project.items.list(spider._id, count=1, meta="_key")
        self.assertEqual(first["_key"], keys[0] + "/0")
        rest = project.items.list(spider._id, startafter=keys[0] + "/0")
        self.assertEqual([(i["job"], i["item"]) for i in rest], [(0, 1), (1, 0), (1, 1)])
        last = project.items.list(spider._id, start=keys[1] + "/1")
        self.assertEqual([(i["job"], i["item"]) for i in last], [(1, 1)])
        self.assertEqual([list(s) for s in project.samples.list(spider._id, count=3)], [[0, 0], [0, 1], [1, 0]])
        wide = [i for i in project.items.list(filter='["job", "=", [1]]', count=1)]
        self.assertEqual(wide[0]["item"], 0)


class JobToken(ClientTest):
    def as_crawl(self, job):
        hubstorage = self.client._hsclient
        [update] = hubstorage.get_project(PROJECT).jobq.apipost("push", jl={"spider": unique("t"), "state": "running"})
        auth = ("%s:%s" % (update["key"], update["auth"])).encode().hex()
        return new_client(auth), update["key"]

    def test_a_token_is_good_for_its_own_job(self):
        client, key = self.as_crawl(None)
        job = client.get_job(key)
        job.items.write({"by": "token"})
        job.items.close()
        self.assertEqual(job.items.list(), [{"by": "token"}])
        job.metadata.set("foo", "bar")
        self.assertEqual(job.metadata.get("foo"), "bar")
        client.close()

    def test_a_token_reaches_collections_and_frontier(self):
        client, _key = self.as_crawl(None)
        project = client.get_project(PROJECT)
        store = project.collections.get_store(unique("c"))
        store.set({"_key": "a", "value": 1})
        self.assertEqual(store.get("a"), {"value": 1})
        slot = project.frontiers.get(unique("f")).get("s")
        slot.f.add(["x"])
        slot.flush()
        self.assertEqual(slot.newcount, 1)
        client.close()

    def test_a_token_is_good_for_nothing_else(self):
        client, key = self.as_crawl(None)
        other = self.new_job("running")
        project = client.get_project(PROJECT)
        attempts = [
            lambda: client.get_job(other.key).items.list(),
            lambda: project.jobs.cancel(keys=[key]),
            lambda: client.get_job(key).finish(),
            lambda: client.get_job(other.key).metadata.set("a", 1),
            lambda: project.settings.set("a", 1),
            lambda: project.activity.list(),
            lambda: client.projects.summary(),
            lambda: client.get_project(PROJECT + 1).collections.list(),
            lambda: project._client._hsclient.get_project(PROJECT).items.list(1).__next__(),
            lambda: project._client._hsclient.push_job(PROJECT, "site"),
        ]
        for attempt in attempts:
            with self.assertRaises(Exception) as caught:
                attempt()
            self.assertIn(type(caught.exception).__name__, ("Forbidden", "NotFound", "Unauthorized"))
        client.close()

    def test_a_token_reads_its_project_and_tags_its_job(self):
        client, key = self.as_crawl(None)
        other = self.new_job("running")
        project = client.get_project(PROJECT)
        self.assertEqual(client.projects.list(), [PROJECT])
        self.assertIn("site", [spider["id"] for spider in project.spiders.list()])
        self.assertIn(other.key, [job["key"] for job in project.jobs.iter(state="running")])
        self.assertEqual(client.get_job(other.key).metadata.get("state"), "running")
        self.assertIsInstance(dict(project.settings.list()), dict)
        client.get_job(key).update_tags(add=["mine"])
        self.assertEqual(client.get_job(key).metadata.get("tags"), ["mine"])
        with self.assertRaises(Exception):
            client.get_job(other.key).update_tags(add=["mine"])
        client.close()

    def test_a_token_ends_with_its_job(self):
        client, key = self.as_crawl(None)
        job = client.get_job(key)
        self.assertEqual(job.items.list(), [])
        self.client.get_job(key).delete()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                job.items.list()
            except Unauthorized:
                break
        else:
            self.fail("the token of a deleted job still works")
        client.close()
