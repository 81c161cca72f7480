from scrapinghub.client.exceptions import BadRequest, NotFound, Unauthorized
from support import OTHER_PROJECT, PROJECT, SPIDER, STAFF_KEY, ClientTest, new_client, unique


class Projects(ClientTest):
    def test_projects_list_names_the_members_projects_as_numbers(self):
        self.assertIn(PROJECT, self.client.projects.list())
        self.assertNotIn(OTHER_PROJECT, self.client.projects.list())
        self.assertEqual(list(self.client.projects.iter()), self.client.projects.list())

    def test_projects_get_knows_its_key(self):
        self.assertEqual(self.client.projects.get(PROJECT).key, str(PROJECT))

    def test_a_wrong_key_is_unauthorized_on_both_sides(self):
        client = new_client("0" * 32)
        with self.assertRaises(Unauthorized):
            client.projects.list()
        with self.assertRaises(Unauthorized):
            client.get_project(PROJECT).settings.list()
        client.close()

    def test_a_foreign_project_is_not_found(self):
        with self.assertRaises(NotFound):
            self.client.get_project(OTHER_PROJECT).jobs.count()

    def test_summary_counts_queues_of_projects_with_jobs(self):
        self.new_job("pending")
        self.new_job("running")
        summaries = {row["project"]: row for row in self.client.projects.summary()}
        row = summaries[PROJECT]
        self.assertGreaterEqual(row["pending"], 1)
        self.assertGreaterEqual(row["running"], 1)
        self.assertIn("finished", row)
        self.assertIs(row["has_capacity"], True)
        self.assertNotIn(OTHER_PROJECT, summaries)
        self.assertTrue(self.client.projects.summary(state="running"))

    def test_a_staff_key_reaches_what_it_does_not_list(self):
        client = new_client(STAFF_KEY)
        self.assertEqual(client.projects.list(), [])
        self.assertGreaterEqual(client.get_project(PROJECT).jobs.count(), 0)
        client.close()


class Settings(ClientTest):
    def test_settings_set_get_list_update_delete(self):
        settings = self.project.settings
        name = unique("setting_")
        self.assertIsNone(settings.get(name))
        settings.set(name, [1, "two", None])
        self.assertEqual(settings.get(name), [1, "two", None])
        settings.update({name: {"a": 1.5}, name + "x": True})
        self.assertEqual(dict(settings.iter())[name], {"a": 1.5})
        self.assertIn((name + "x", True), settings.list())
        settings.delete(name)
        settings.delete(name + "x")
        settings.delete(name)
        self.assertIsNone(settings.get(name))

    def test_settings_keep_big_numbers(self):
        name = unique("big_")
        self.project.settings.set(name, 12345678901234567890)
        self.assertEqual(self.project.settings.get(name), 12345678901234567890)
        self.project.settings.delete(name)


class Spiders(ClientTest):
    def test_spiders_list_and_iter_show_deployed_and_made_spiders(self):
        name = unique("made")
        self.project.spiders.get(name, create=True)
        spiders = {one["id"]: one for one in self.project.spiders.list()}
        self.assertEqual(spiders[SPIDER], {"id": SPIDER, "version": "1.0", "tags": [], "type": "manual"})
        self.assertIsNone(spiders[name]["version"])
        self.assertEqual(len(list(self.project.spiders.iter())), len(spiders))

    def test_spiders_get_gives_the_number_and_makes_spiders_on_demand(self):
        spider = self.project.spiders.get(SPIDER)
        self.assertEqual(spider.key, "%s/%s" % (PROJECT, spider._id))
        self.assertEqual(spider.name, SPIDER)
        with self.assertRaises(NotFound):
            self.project.spiders.get(unique("nobody"))
        made = self.project.spiders.get(unique("made"), create=True)
        self.assertEqual(self.project.spiders.get(made.name)._id, made._id)

    def test_spider_tags_are_added_removed_and_sorted(self):
        spider = self.project.spiders.get(unique("tagged"), create=True)
        self.assertEqual(spider.list_tags(), [])
        spider.update_tags(add=["new2", "new1"])
        self.assertEqual(spider.list_tags(), ["new1", "new2"])
        spider.update_tags(add=["new3"], remove=["new1", "absent"])
        self.assertEqual(spider.list_tags(), ["new2", "new3"])
        with self.assertRaises(BadRequest):
            spider.update_tags()

    def test_spider_jobs_are_those_of_the_spider(self):
        spider = self.project.spiders.get(SPIDER)
        job = spider.jobs.run(job_args={"nr": unique()})
        self.assertEqual(job.key.split("/")[1], str(spider._id))
        self.assertEqual(spider.jobs.get(job.key).key, job.key)
        self.assertIn(job.key, [one["key"] for one in spider.jobs.iter(state="pending")])
        self.assertGreaterEqual(spider.jobs.count(state="pending"), 1)
        summary = spider.jobs.summary("pending")
        self.assertEqual(summary["name"], "pending")
        self.assertGreaterEqual(summary["count"], 1)
        other = self.project.spiders.get(unique("other"), create=True)
        self.assertEqual(other.jobs.count(state="pending"), 0)
        self.assertEqual([queue["count"] for queue in other.jobs.summary()], [0, 0, 0])


class Activity(ClientTest):
    def test_activity_add_and_iter_newest_first(self):
        marker = unique()
        events = [{"event": marker, "nr": nr, "odd": float("inf")} for nr in range(3)]
        self.project.activity.add(events)
        found = [event for event in self.project.activity.iter() if event.get("event") == marker]
        self.assertEqual([event["nr"] for event in found], [2, 1, 0])
        self.assertEqual(found[0]["odd"], float("inf"))
        newest = self.project.activity.list(count=2)
        self.assertEqual(len(newest), 2)
        self.project.activity.add([{"event": marker, "job": "%d/2/3" % PROJECT, "user": "me"}])

    def test_activity_iter_filters_and_shows_times(self):
        marker = unique()
        self.project.activity.add([{"event": marker, "c": nr} for nr in range(10)])
        params = {"filter": [("event", "=", [marker]), ("c", ">", [5])], "meta": "_ts"}
        found = self.project.activity.list(**params)
        self.assertEqual([event["c"] for event in found], [9, 8, 7, 6])
        self.assertTrue(all(isinstance(event["_ts"], int) for event in found))

    def test_activity_tells_of_jobs(self):
        job = self.new_job("pending")
        job.start()
        job.finish()
        job.delete()
        events = [e["event"] for e in self.project.activity.iter() if e.get("job") == job.key]
        self.assertEqual(events, ["job:deleted", "job:completed", "job:started", "job:scheduled"])

    def test_activity_of_several_projects(self):
        self.project.activity.add([{"event": "several"}, {"event": "several"}])
        origin = self.project.activity._origin
        url = origin.url.rsplit("/", 1)[0] + "/projects"
        response = self.client._hsclient.request(
            method="GET", url=url, auth=origin.auth, is_idempotent=True,
            params={"p": [PROJECT], "pcount": 3, "count": 2, "meta": "_project"},
        )
        lines = response.text.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn('"_project":%d' % PROJECT, lines[0])
