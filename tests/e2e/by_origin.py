#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts by origin of `read --origins`, in its summary and in the minutes it stores, against a
slow computation over every source.

usage: by_origin.py ROOTWATCH THE_CASE
"""
import collections, ipaddress, json, pathlib, random, sqlite3, subprocess, sys, tempfile
import unittest

ROOTWATCH, THE_CASE = sys.argv[1:3]
FROM, TO = 129000, 129900  # the culprit begins in it


def read(*words, stdin=None):
    ran = subprocess.run([ROOTWATCH, "read", *map(str, words)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


class Slow:
    """Longest covering prefix, one by one."""

    def __init__(self, table):
        self.table, self.found = table, {}

    def origin(self, prefix):
        if prefix not in self.found:
            net = ipaddress.ip_network(prefix)
            covering = (net.supernet(new_prefix=n) for n in range(net.prefixlen, 7, -1))
            above = next((a for a in covering if a in self.table), None)
            self.found[prefix] = above and str(above), self.table.get(above)
        return self.found[prefix]


class ByOrigin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-origin-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.pcap, cls.excerpt, cls.whole = (cls.dir / n for n in ("pcap", "excerpt", "whole"))
        with open(cls.pcap, "wb") as to:
            subprocess.run([THE_CASE, "--rate", "0.1", "--from", str(FROM), "--to", str(TO)],
                           stdout=to, check=True)
        cls.plain = json.loads(read("--json", "--prefixes", "all", cls.pcap))
        cls.table = cls.make_tables()

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def make_tables(cls):
        """Nested announcements of two thirds of the sources, but not of the culprit; and the
        same with enough others to be whole."""
        draw, table = random.Random(3), {}
        nets = [ipaddress.ip_network(p["prefix"]) for p in cls.plain["prefixes"]]
        culprit = ipaddress.ip_network("207.244.46.0/24")
        for net in nets:
            for length in (16, 20, 24) if net.version == 4 else (32, 48):
                above = net.supernet(new_prefix=length) if length < net.prefixlen else net
                if draw.random() < 0.3 and not above.supernet_of(culprit) if net.version == 4 \
                        else draw.random() < 0.5:
                    table[above] = draw.randrange(64496, 64596)
        text = "".join(f"{net.network_address}\t{net.prefixlen}\t{asn} Name of {asn}\n"
                       for net, asn in table.items())
        cls.excerpt.write_text("# 2005-01-18\n" + text)
        used = {net.supernet(new_prefix=16) for net in nets if net.version == 4}
        free = [n for n in ipaddress.ip_network("0.0.0.0/0").subnets(new_prefix=16)
                if n not in used][:14000]
        cls.whole.write_text("# 2005-01-18\n" + text + "".join(
            f"{net.network_address}\t16\t64600\n" for net in free))
        return table

    def expected(self):
        slow, by_as, by_prefix = Slow(self.table), collections.Counter(), collections.Counter()
        rest = {4: 0, 6: 0}
        for p in self.plain["prefixes"]:
            above, asn = slow.origin(p["prefix"])
            if asn:
                by_as[asn] += p["queries"]
                by_prefix[above] += p["queries"]
            else:
                rest[6 if ":" in p["prefix"] else 4] += p["queries"]
        return by_as, by_prefix, rest

    def test_sums_up_every_query_by_as_and_by_announced_prefix(self):
        by_as, by_prefix, rest = self.expected()
        self.assertGreater(min(len(by_as), len(by_prefix), rest[4]), 20)
        for table, unrouted in ((self.excerpt, 0), (self.whole, rest[4])):
            summary = json.loads(read("--json", "--prefixes", "all", "--origins", table, self.pcap))
            o = summary["origins"]
            self.assertEqual(o["table"]["whole_ipv4"], table == self.whole)
            self.assertEqual(o["unrouted"], unrouted)
            self.assertEqual(o["unknown"], rest[4] + rest[6] - unrouted)
            self.assertEqual(o["routed"], sum(by_as.values()))
            self.assertEqual(o["routed"] + o["unrouted"] + o["unknown"], summary["queries"])
            self.assertEqual({r["asn"]: r["queries"] for r in o["by_asn"]}, dict(by_as))
            self.assertEqual({r["prefix"]: r["queries"] for r in o["by_prefix"]}, dict(by_prefix))
            self.assertEqual((o["ases"], o["announced"]), (len(by_as), len(by_prefix)))
            self.assertEqual([r["queries"] for r in o["by_asn"]],
                             sorted(by_as.values(), reverse=True))
            self.assertEqual(o["by_asn"][0]["name"], f"Name of {o['by_asn'][0]['asn']}")

    def test_says_of_each_source_where_it_is_from(self):
        slow = Slow(self.table)
        rows = json.loads(read("--json", "--prefixes", "all", "--origins", self.whole,
                               self.pcap))["prefixes"]
        for r in rows:
            above, asn = slow.origin(r["prefix"])
            want = (asn, above, None) if asn else (
                None, None, "unknown" if ":" in r["prefix"] else "unrouted")
            self.assertEqual((r.get("asn"), r.get("announced"), r.get("origin")), want)

    def test_cuts_at_what_was_asked_for_and_says_how_many_there_were(self):
        by_as, by_prefix, _ = self.expected()
        o = json.loads(read("--json", "--prefixes", 3, "--origins", self.excerpt,
                            self.pcap))["origins"]
        self.assertEqual((len(o["by_asn"]), len(o["by_prefix"])), (3, 3))
        self.assertEqual((o["ases"], o["announced"]), (len(by_as), len(by_prefix)))

    def test_stores_minutes_that_are_complete(self):
        by_as, _, rest = self.expected()
        state = self.dir / "state"
        read("--state", state, "--origins", self.whole, self.pcap)
        with sqlite3.connect(state / "rootwatch.db") as db:
            minutes = [json.loads(doc) for (doc,) in
                       db.execute("SELECT doc FROM minutes ORDER BY start")]
        self.assertEqual(len(minutes), (TO - FROM) // 60)
        for m in minutes:
            o = m["origins"]
            self.assertEqual(o["routed"] + o["unrouted"] + o["unknown"], m["queries"])
            self.assertEqual(len(o["leading_ases"]), 10)
            self.assertGreaterEqual(o["routed"], sum(n for _, n, _ in o["leading_ases"]))
            self.assertGreater(o["ases"], 10)
            self.assertEqual(o["table"], 1106006400)
        self.assertEqual(sum(m["origins"]["unrouted"] for m in minutes), rest[4])
        self.assertEqual(sum(m["origins"]["routed"] for m in minutes), sum(by_as.values()))
        events = [json.loads(line) for line in subprocess.run(
            [ROOTWATCH, "incident", "list", "--state", state, "--json"], capture_output=True,
            text=True).stdout.splitlines()]
        self.assertEqual(events[0]["unrouted"], ["207.244.46.0/24"])
        self.assertIn("207.244.46.0/24 (no route) sends", events[0]["summary"])
        self.assertEqual(len(events), 1)

    def test_prints_them_for_people(self):
        by_as, _, rest = self.expected()
        text = read("--origins", self.whole, self.pcap)
        self.assertIn(f"Leading origin ASes, of {len(by_as)}", text)
        asn, queries = by_as.most_common(1)[0]
        self.assertRegex(text, rf"(?m)^  AS{asn} +{queries} +[0-9.]+ %  Name of {asn}$")
        self.assertRegex(text, rf"(?m)^  no route to the source +{rest[4]} ")
        self.assertRegex(text, rf"(?m)^  origin not known +{rest[6]} ")
        self.assertNotIn("Leading origin", read(self.pcap))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
