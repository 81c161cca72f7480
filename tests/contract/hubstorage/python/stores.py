import uuid

from scrapinghub.client.exceptions import BadRequest, NotFound, ValueTooLarge
from support import PROJECT, USE_MSGPACK, ClientTest, unique


class Collections(ClientTest):
    def fresh(self, kind="get_store"):
        return getattr(self.project.collections, kind)(unique("c_"))

    def test_set_get_delete(self):
        col = self.fresh()
        col.set({"_key": "foo", "value": "bar", "big": 2**60, "nested": {"a": [1, None]}})
        self.assertEqual(col.get("foo"), {"value": "bar", "big": 2**60, "nested": {"a": [1, None]}})
        col.set({"_key": "foo", "value": "baz"})
        self.assertEqual(col.get("foo"), {"value": "baz"})
        col.delete("foo")
        col.delete(["foo", "never"])
        with self.assertRaises(NotFound):
            col.get("foo")

    def test_set_of_many_and_delete_of_many(self):
        col = self.fresh()
        col.set([{"_key": "k%d" % n, "n": n} for n in range(30)])
        self.assertEqual(col.count(), 30)
        col.delete("k%d" % n for n in range(0, 30, 2))
        self.assertEqual(sorted(item["n"] for item in col.iter()), list(range(1, 30, 2)))

    def test_keys_of_many_kinds(self):
        col = self.fresh()
        for key in ("with space", "\u017c\u00f3\u0142w", "a/b/c", "100%", "count2", "http://example.com/x", "value"):
            col.set({"_key": key, "is": key})
            if "%" not in key:
                self.assertEqual(col.get(key), {"is": key})
            col.delete(key)
        self.assertEqual(col.count(), 0)

    def test_writes_without_a_key_are_refused(self):
        col = self.fresh()
        for bad in ({"foo": 42}, {"_key": []}, {"_key": None}, {"_key": 5}):
            with self.assertRaises((ValueError, BadRequest)) as caught:
                col.set(bad)
            self.assertIn("missing value for _key field", str(caught.exception))

    def test_too_large_values_are_refused(self):
        col = self.fresh()
        with self.assertRaises((ValueTooLarge, ValueError)) as caught:
            col.set({"_key": "large", "value": "x" * (1024 * 1024 + 1)})
        self.assertIn("too large", str(caught.exception))
        col.set({"_key": "fits", "value": "x" * (1024 * 1024 - 100)})
        self.assertEqual(len(col.get("fits")["value"]), 1024 * 1024 - 100)

    def test_iter_goes_by_key_in_the_order_of_bytes(self):
        col = self.fresh()
        col.set([{"_key": "post%d" % n, "counter": n} for n in range(20)])
        keys = [item["_key"] for item in col.iter(meta=["_key"])]
        self.assertEqual(keys, sorted("post%d" % n for n in range(20)))
        self.assertEqual([i["counter"] for i in col.iter(prefix="post1")], [1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
        self.assertEqual([i["counter"] for i in col.iter(prefix="post1", count=2)], [1, 10])
        self.assertEqual([i["counter"] for i in col.iter(prefix=["post1", "post2"], prefixcount=1)], [1, 2])
        self.assertEqual([i["counter"] for i in col.iter(key=["post3", "post5"])], [3, 5])
        self.assertEqual([i["counter"] for i in col.iter(start="post8")], [8, 9])
        self.assertEqual([i["counter"] for i in col.iter(startafter="post8")], [9])
        self.assertEqual(len(col.list()), 20)

    def test_iter_filters_and_counts(self):
        col = self.fresh()
        col.set([{"_key": "k%02d" % n, "counter": n} for n in range(20)])
        self.assertEqual([i["counter"] for i in col.iter(filter=[("counter", ">", [17])])], [18, 19])
        self.assertEqual(col.count(filter='["counter", ">", [5]]'), 14)
        self.assertEqual(col.count(prefix="k1"), 10)
        self.assertEqual(col.count(key="k03"), 1)

    def test_iter_shows_times_and_keys_alone(self):
        col = self.fresh()
        col.set([{"_key": "a", "v": 1}, {"_key": "b", "v": 2}])
        found = col.list(meta=["_key", "_ts"])
        self.assertEqual([set(item) for item in found], [{"_key", "_ts", "v"}] * 2)
        self.assertEqual(col.list(meta=["_key"], nodata=True), [{"_key": "a"}, {"_key": "b"}])
        self.assertEqual(len(col.list(startts=found[0]["_ts"])), 2)
        self.assertEqual(col.list(endts=found[0]["_ts"]), [])

    def test_data_download_of_more_than_one_page(self):
        col = self.fresh()
        writer = col.create_writer()
        for n in range(2500):
            writer.write({"_key": "k%06d" % n, "n": n})
        writer.close()
        self.assertEqual([item["n"] for item in col.iter()], list(range(2500)))
        self.assertEqual(col.count(), 2500)

    def test_list_names_collections_and_types(self):
        name = unique("listed_")
        collections = self.project.collections
        for kind in ("get_store", "get_cached_store", "get_versioned_store", "get_versioned_cached_store"):
            getattr(collections, kind)(name).set({"_key": "a"})
        found = [one for one in collections.list() if one["name"] == name]
        self.assertEqual(found, [{"name": name, "type": t} for t in ("s", "vs", "cs", "vcs")])
        self.assertEqual(len(list(collections.iter())), len(collections.list()))
        self.assertEqual(collections.get("vs", name).count(), 1)

    def test_truncate_empties_all_types_of_a_name(self):
        name = unique("gone_")
        stores = [self.project.collections.get_store(name), self.project.collections.get_cached_store(name)]
        for col in stores:
            col.set([{"_key": str(n)} for n in range(5)])
        stores[0].truncate()
        self.assertEqual([col.count() for col in stores], [0, 0])
        self.assertEqual(stores[0].list(), [])

    def test_an_unknown_collection_is_empty(self):
        col = self.fresh()
        self.assertEqual(col.list(), [])
        self.assertEqual(col.count(), 0)
        with self.assertRaises(NotFound):
            col.get("x")

    def test_names_of_collections_are_checked_by_the_client(self):
        for args in (("invalid_type", "n"), ("s", "foo-bar"), ("s", "")):
            with self.assertRaises(ValueError):
                self.project.collections.get(*args)

    def test_hubstorage_get_by_prefix_and_missing_keys(self):
        store = self.client._hsclient.get_project(PROJECT).collections.new_store(unique("hs_"))
        store.set([{"_key": "ab", "n": 1}, {"_key": "ac", "n": 2}, {"_key": "b", "n": 3}])
        self.assertEqual([item["n"] for item in store.get(prefix="a")], [1, 2])
        self.assertEqual([item["n"] for item in store.iter_values(prefix="a")], [1, 2])
        with self.assertRaises(KeyError):
            self.plain_get(store)
        writer = store.create_writer()
        for n in range(10):
            writer.write({"_key": "w%d" % n, "n": n})
        writer.close()
        self.assertEqual(len(list(store.iter_values(prefix="w"))), 10)

    def plain_get(self, store):
        try:
            store.get("never")
        except NotFound:
            raise KeyError("never")

    def test_frontiers_add_read_delete(self):
        frontier = self.project.frontiers.get(unique("f"))
        slot = frontier.get("slot1")
        slot.q.add([{"fp": "/"}, {"fp": "page1.html", "p": 1, "qdata": {"depth": 1}}])
        slot.q.add([{"fp": "/"}])
        slot.flush()
        self.assertEqual((slot.newcount, frontier.newcount), (2, 2))
        batches = slot.q.list()
        requests = [request for batch in batches for request in batch["requests"]]
        self.assertEqual(requests, [["/", None], ["page1.html", {"depth": 1}]])
        slot.q.delete([batch["id"] for batch in batches])
        self.assertEqual(slot.q.list(), [])
        self.assertEqual(slot.f.list(), ["/", "page1.html"])
        slot.f.add(["new"])
        slot.flush()
        self.assertEqual(slot.newcount, 3)
        self.assertEqual(list(slot.f.iter()), ["/", "new", "page1.html"])
        self.assertIn(frontier.key, self.project.frontiers.list())
        self.assertIn(frontier.key, list(self.project.frontiers.iter()))
        self.assertEqual(frontier.list(), ["slot1"])
        self.assertEqual(list(frontier.iter()), ["slot1"])
        slot.delete()
        self.assertEqual(frontier.list(), [])
        slot.q.add([{"fp": "/"}])
        slot.flush()
        self.assertEqual(slot.newcount, 1)
        slot.delete()

    def test_frontiers_mincount_reads_whole_batches(self):
        slot = self.project.frontiers.get(unique("f")).get("s")
        slot.q.add([{"fp": str(n)} for n in range(300)])
        slot.flush()
        self.assertEqual([len(batch["requests"]) for batch in slot.q.iter()], [100, 100, 100])
        self.assertEqual(len(slot.q.list(mincount=100)), 1)
        self.assertEqual(len(slot.q.list(mincount=150)), 2)
        [first] = slot.q.list(mincount=1)
        slot.q.delete(first["id"])
        self.assertEqual(len(slot.q.list()), 2)
        self.project.frontiers.flush()
        self.assertGreaterEqual(self.project.frontiers.newcount, 300)

    def test_frontiers_with_odd_names_and_texts(self):
        slot = self.project.frontiers.get("f " + unique()).get("example.com \u017c")
        slot.q.add([{"fp": "http://example.com/?q=\u017c", "qdata": [1.5, "\u0000", 2**70]}])
        slot.flush()
        [batch] = slot.q.list()
        self.assertEqual(batch["requests"], [["http://example.com/?q=\u017c", [1.5, "\u0000", 2**70]]])
        slot.delete()
