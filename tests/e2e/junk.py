#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Classes of junk: in summaries, the store, reports and incidents, against a slow computation.

usage: junk.py ROOTWATCH THE_CASE
"""
import collections, ipaddress, json, os, pathlib, random, re, socket, sqlite3, struct, subprocess
import sys, tempfile, unittest

from drawing import DRAWING

ROOTWATCH, THE_CASE = sys.argv[1:3]
MANUAL = (pathlib.Path(__file__).parents[2] / "docs/rootwatch.8.scd").read_text()
START, HOUR, DAY = 1106049600, 3600, 86400
FROM = 43200 + 86400  # of the case: when the culprit begins
CLASSES = ["unused-class", "a-for-a", "invalid-tld", "non-printable", "underscore", "rfc1918-ptr",
           "identical", "repeated", "referral-not-cached", "legitimate"]
A, NS, PTR, MX, DS = 1, 2, 12, 15, 43
TLDS = ["com", "net", "org", "arpa", "de", "google"]


class Query:
    def __init__(self, time, client, name, qtype=A, qclass=1, id=0, broken=False):
        self.time, self.client, self.name = time, client, name  # labels, as octets
        self.qtype, self.qclass, self.id, self.broken = qtype, qclass, id, broken

    def frame(self):
        name = b"".join(bytes([len(x)]) + x for x in self.name) + b"\0"
        dns = struct.pack(">6H", self.id, 0, 1, 0, 0, 0)
        dns += b"\xbf" if self.broken else name + struct.pack(">HH", self.qtype, self.qclass)
        udp = struct.pack(">4H", 40000, 53, 8 + len(dns), 0) + dns
        if ":" in self.client:
            ip = struct.pack(">IHBB", 0x60000000, len(udp), 17, 60)
            ip += socket.inet_pton(socket.AF_INET6, self.client)
            ip += socket.inet_pton(socket.AF_INET6, "2001:db8:53::53")
            return bytes(12) + b"\x86\xdd" + ip + udp
        ip = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(udp), 0, 60, 17, 0)
        ip += socket.inet_aton(self.client) + socket.inet_aton("198.51.100.53")
        return bytes(12) + b"\x08\x00" + ip + udp


def pcap(queries):
    out = [struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)]
    for q in queries:
        frame = q.frame()
        out.append(struct.pack("<4I", int(q.time), int(q.time % 1 * 1e6), len(frame), len(frame)))
        out.append(frame)
    return b"".join(out)


def queries_of(capture):
    """Of a capture of plain queries over IPv4, as the case is."""
    at = 24
    while at < len(capture):
        s, us, size, _ = struct.unpack_from("<4I", capture, at)
        ip = capture[at + 30:at + 16 + size]
        at += 16 + size
        dns, name, n = ip[28:], [], 12
        while dns[n]:
            name.append(dns[n + 1:n + 1 + dns[n]].lower())
            n += 1 + dns[n]
        yield Query(s + us / 1e6, socket.inet_ntoa(ip[12:16]), name,
                    *struct.unpack_from(">HH", dns, n + 1), struct.unpack_from(">H", dns)[0])


class Slow:
    """The definitions, one after the other, with all that was ever asked in dictionaries."""

    def __init__(self, tlds, cut=1):
        self.tlds, self.cut, self.asked, self.referred = set(tlds), cut, {}, {}

    def recent(self, table, key, time):
        then = table.get(key)
        return then is not None and int(time) - int(then[0]) <= DAY

    def judge(self, q):
        if q.broken:
            return None
        name = [x.lower() for x in q.name]
        text = b"".join(name)
        if q.qclass not in (1, 3, 4, 254, 255):
            return "unused-class"
        if q.qtype == A and len(name) == 4 and all(re.fullmatch(rb"\d{1,3}", x) and int(x) < 256
                                                   for x in name):
            return "a-for-a"
        internet = q.qclass not in (3, 4)
        if name and internet and name[-1].decode("latin1") not in self.tlds:
            return "invalid-tld"
        if re.search(rb"[^a-z0-9_-]", text):
            return "non-printable"
        if b"_" in text:
            return "underscore"
        if q.qtype == PTR and name[-2:] == [b"in-addr", b"arpa"] and len(name) > 2:
            octets = [int(x) if x.isdigit() else 999 for x in name[-3::-1]]
            if octets[0] == 10 or octets[:2] == [192, 168] or \
                    (octets[0] == 172 and 16 <= (octets + [0])[1] < 32):
                return "rfc1918-ptr"
        return self.remember(q, tuple(name), internet)

    def remember(self, q, name, internet):
        question = (q.client, q.qclass, q.qtype, name)
        known = self.recent(self.asked, question, q.time)
        same = known and self.asked[question][1] == q.id
        self.asked[question] = (q.time, q.id)
        referred = internet and name and len(name) >= self.cut and \
            not (len(name) == self.cut and q.qtype == DS) and self.refer(q, name[-self.cut:])
        if known:
            return "identical" if same else "repeated"
        return "referral-not-cached" if referred else "legitimate"

    def refer(self, q, zone):
        known = self.recent(self.referred, (q.client, zone), q.time)
        self.referred[q.client, zone] = (q.time, 0)
        return known


def some_traffic(count, seconds, seed=11):
    """Of every kind, some of it asked again: soon, and by chance after a day."""
    draw, sent = random.Random(seed), []
    octets = bytes(range(256)).translate(None, b".")
    for i in range(count):
        time = START + i * seconds / count
        if sent and draw.random() < 0.3:
            old = draw.choice(sent[-2000:])
            q = Query(time, old.client, old.name, old.qtype, old.qclass, old.id)
            q.id = old.id if draw.random() < 0.3 else draw.randrange(65536)
        else:
            client = (f"203.0.{draw.randrange(40)}.{draw.randrange(4)}" if draw.random() < 0.8
                      else f"2001:db8:{draw.randrange(9)}::{draw.randrange(1, 4)}")
            label = lambda: b"%s%d" % (draw.choice([b"www", b"MAIL", b"a-b"]), draw.randrange(400))
            name = [label(), label(), draw.choice(TLDS).encode()]
            kind = draw.randrange(12)
            if kind == 0:
                name = [b"%d" % draw.randrange(300) for _ in range(4)]
            elif kind == 1:
                name[-1] = draw.choice([b"local", b"COMM", b"lan", b"home-9", b"a" * 63, b"goog1e"])
            elif kind == 2:
                name[draw.randrange(2)] = bytes(draw.choice(octets) for _ in range(9))
            elif kind == 3:
                name.insert(0, b"_ldap")
            elif kind == 4:
                name = [b"%d" % draw.randrange(1, 255) for _ in range(draw.randrange(5))]
                name += [draw.choice([b"10", b"168", b"20", b"31"]),
                         draw.choice([b"192", b"172", b"10"]), b"in-addr", b"arpa"]
            elif kind == 5:
                name = name[draw.randrange(1, 4):]
            q = Query(time, client, name, draw.choice([A, A, NS, PTR, MX, DS]),
                      draw.choice([1] * 20 + [3, 255, 2, 0]), draw.randrange(65536))
            q.broken = draw.random() < 0.01
        sent.append(q)
    return sent


def network(text):
    return ipaddress.ip_network(f"{text}/{48 if ':' in text else 24}", strict=False)


def run(*words, status=0):
    ran = subprocess.run([ROOTWATCH, *map(str, words)], capture_output=True, text=True,
                         env=DRAWING if words[0] == "graph" else None)
    assert ran.returncode == status, (words, ran.returncode, ran.stderr)
    return ran


class Junk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-junk-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.queries = some_traffic(20000, 2 * DAY)
        cls.file = cls.dir / "all.pcap"
        cls.file.write_bytes(pcap(cls.queries))
        cls.list = cls.dir / "tlds"
        cls.list.write_text("# Version 1\n" + "".join(t.upper() + "\n" for t in TLDS))
        cls.config = cls.settings("memory-mib: 64", f"tlds: {cls.list}")

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def settings(cls, *lines):
        file = cls.dir / f"{'-'.join(re.sub(r'[^a-z0-9]', '', x) for x in lines)}.yaml"
        file.write_text("counting:\n  interval: 60\njunk:\n" + "".join(f"  {x}\n" for x in lines))
        return file

    def slow(self, queries, tlds=TLDS, cut=1):
        slow = Slow(tlds, cut)
        return [slow.judge(q) for q in queries]

    def check(self, summary, queries, classes):
        have = dict(summary["junk"])
        self.assertEqual(summary["queries"], len(queries))
        self.assertEqual(have.pop("unreadable", 0), classes.count(None))
        self.assertEqual(have, {c: n for c, n in collections.Counter(classes).items() if c})
        rests = summary["junk_rests_on"]
        self.assertEqual([rests[x] for x in ("questions_forgotten", "estimated", "one_in")],
                         [0, 0, 1])

    def test_every_query_is_in_the_class_that_a_slow_computation_finds(self):
        summary = json.loads(run("read", "-c", self.config, "--json", "--prefixes", "all",
                                 self.file).stdout)
        classes = self.slow(self.queries)
        self.assertEqual(set(classes), {None, *CLASSES})
        self.check(summary, self.queries, classes)
        self.assertEqual(summary["junk_rests_on"]["tlds"], str(self.list))
        by_prefix = collections.Counter(str(network(q.client)) for q, c in
                                        zip(self.queries, classes) if c not in (None, "legitimate"))
        self.assertEqual({p["prefix"]: p["junk"] for p in summary["prefixes"]}, by_prefix)

    def test_a_root_zone_and_the_servers_of_a_tld(self):
        zone = self.dir / "root.zone"
        zone.write_text(". 86400 IN SOA a. b. 1 2 3 4 5\n" + "".join(
            f"{t}. 172800 IN NS ns.{t}.\nns.{t}. 172800 IN A 192.0.2.1\n" for t in TLDS[:3]))
        config = self.settings("memory-mib: 64", f"tlds: {zone}", "zone-labels: 2")
        part = self.queries[:5000]
        file = self.dir / "part.pcap"
        file.write_bytes(pcap(part))
        summary = json.loads(run("read", "-c", config, "--json", file).stdout)
        self.check(summary, part, self.slow(part, TLDS[:3], 2))

    def test_files_in_any_order_are_one_stream(self):
        names = []
        for i in range(3):
            names.append(self.dir / f"{i}.pcap")
            names[-1].write_bytes(pcap(self.queries[i::3]))
        summary = json.loads(run("read", "-c", self.config, "--json", names[2], names[0],
                                 names[1]).stdout)
        self.assertEqual(summary["queries"], len(self.queries))
        self.assertEqual(sum(summary["junk"].values()), len(self.queries))
        whole = json.loads(run("read", "-c", self.config, "--json", self.file).stdout)["junk"]
        for c in CLASSES[:6]:
            self.assertEqual(summary["junk"][c], whole[c])

    def test_a_small_memory_says_how_long_it_remembered(self):
        few = self.settings("memory-mib: 1", f"tlds: {self.list}")
        queries = [Query(START + i / 2000, f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", [b"com"], DS)
                   for i in range(200000)]
        file = self.dir / "flood.pcap"
        file.write_bytes(pcap(queries))
        rests = json.loads(run("read", "-c", few, "--json", file).stdout)["junk_rests_on"]
        self.assertGreaterEqual(rests["questions_forgotten"], 200000 - 131072)
        self.assertTrue(1 <= rests["youngest_s"] <= 64, rests)
        self.assertEqual(rests["half_kept_s"], 32)  # of 66 s, at 2000 a second
        text = run("read", "-c", few, file).stdout
        self.assertRegex(text, r"\d+ questions forgotten, half of them after 32 s or more\)")

    def test_a_stream_too_fast_for_the_memory_is_known_by_a_sample(self):
        few = self.settings("memory-mib: 1", f"tlds: {self.list}")
        draw, sent = random.Random(5), []
        for i in range(240000):
            time = START - START % 60 + i / 2000
            if i > 2000 and draw.random() < 0.4:
                old = sent[-draw.randrange(1, 2000)]
                q = Query(time, old.client, old.name, A, 1, old.id)
                q.id = old.id if draw.random() < 0.5 else draw.randrange(65536)
            else:
                q = Query(time, f"203.0.113.{draw.randrange(250)}",
                          [b"w%d" % i, draw.choice([b"com", b"de", b"lan"])], A, 1,
                          draw.randrange(65536))
            sent.append(q)
        file, state, www = self.dir / "fast.pcap", self.dir / "fast", self.dir / "fast-www"
        file.write_bytes(pcap(sent))
        want = collections.Counter(self.slow(sent))
        summary = json.loads(run("read", "-c", few, "--json", "--state", state, file).stdout)
        have, rests = summary["junk"], summary["junk_rests_on"]
        split = ["identical", "repeated", "referral-not-cached"]

        # Whether it is junk is known of each; which of three kinds, within what is stated.
        self.assertEqual(sum(have.values()), len(sent))
        for c in set(CLASSES) - set(split):
            self.assertEqual(have.get(c, 0), want[c], c)
        self.assertEqual(sum(p["junk"] for p in summary["prefixes"]),
                         len(sent) - want["legitimate"])
        one_in = rests["one_in"]
        self.assertIn(one_in, [2, 4, 8, 16, 32])
        self.assertLess(sum(want[c] for c in split) / 2, rests["estimated"])
        self.assertLessEqual(rests["estimated"], sum(want[c] for c in split))
        error = 2 * (want[split[2]] * one_in) ** 0.5
        self.assertAlmostEqual(have[split[2]], want[split[2]], delta=2 * error)
        for c in split[:2]:
            self.assertAlmostEqual(have[c], want[c], delta=0.1 * want[c])

        self.assertRegex(run("read", "-c", few, file).stdout,
                         r"; which of identical, repeated and referral-not-cached \d+ queries are "
                         rf"is estimated from one question in {one_in}\)")
        with sqlite3.connect(state / "rootwatch.db") as db:
            minutes = [json.loads(doc) for doc, in db.execute("SELECT doc FROM minutes")]
        self.assertEqual(sum(sum(m["junk"].values()) for m in minutes), len(sent))
        self.assertEqual(sum(m["junk_estimated"] for m in minutes), rests["estimated"])
        self.assertEqual(max(m.get("junk_one_in", 1) for m in minutes), one_in)
        run("graph", "--state", state, "--out", www)
        self.assertRegex((www / "day.html").read_text(),
                         f"Kind of junk estimated</dt><dd>[^<]+<small>queries, from one question "
                         f"in {one_in}<")

    def test_minutes_hours_and_reports_have_it(self):
        state, table = self.dir / "state", self.dir / "table"
        run("read", "-c", self.config, "--state", state, self.file)
        table.write_text("203.0.0.0/19 64500 First\n203.0.32.0/19 64501 Second\n"
                         "2001:db8::/32 64502 Third\n")
        origin = lambda net: (64502 if net.version == 6 else
                              64501 if net.network_address >= ipaddress.ip_address("203.0.32.0")
                              else 64500)
        classes, junk, queries = self.slow(self.queries), collections.Counter(), collections.Counter()
        for q, c in zip(self.queries, classes):
            for key in (str(network(q.client)), f"AS{origin(network(q.client))}"):
                queries[key] += 1
                junk[key] += c not in (None, "legitimate")
        with sqlite3.connect(state / "rootwatch.db") as db:
            self.assertEqual(db.execute("SELECT sum(junk) FROM hours").fetchone()[0],
                             sum(c not in (None, "legitimate") for c in classes))
            minutes = collections.Counter()
            for doc, in db.execute("SELECT doc FROM minutes"):
                minutes.update(json.loads(doc)["junk"])
        self.assertEqual(minutes, collections.Counter(c for c in classes if c))
        for by in ("prefix", "asn"):
            words = ("report", "--state", state, "--from", "2005-01-18", "--to", "2005-01-21",
                     "--by", by, "--origins", table, "--top", "all")
            have = json.loads(run(*words, "--json").stdout)
            self.assertTrue(have["rows"])
            for row in have["rows"]:
                self.assertAlmostEqual(row["junk"], junk[row["key"]] / queries[row["key"]], 6)
            self.assertEqual(have["judged"], len(self.queries))
            self.assertEqual(have["junk"], sum(c not in (None, "legitimate") for c in classes))
            text = run(*words).stdout
            self.assertIn("junk %", text)
            row = have["rows"][0]
            self.assertRegex(text, rf"\n +1 .* {100 * row['junk']:.1f}  ")
        self.assertNotIn("junk", run("report", "--state", state, "--by", "qtype").stdout)

    def test_hours_of_an_older_release_have_none_that_is_known(self):
        state = self.dir / "old"
        run("read", "-c", self.config, "--state", state, self.file)
        with sqlite3.connect(state / "rootwatch.db") as db:
            half = START + DAY - START % HOUR
            db.execute("UPDATE hours SET junk = NULL WHERE start < ?", (half,))
        words = ("report", "--state", state, "--from", "2005-01-18", "--to", "2005-01-21",
                 "--json", "--top", "all")
        have = json.loads(run(*words).stdout)
        with sqlite3.connect(state / "rootwatch.db") as db:
            judged, junk = db.execute("SELECT sum(queries), sum(junk) FROM hours WHERE start >= ?",
                                      (half,)).fetchone()
            db.execute("UPDATE hours SET junk = NULL")
        self.assertEqual((have["judged"], have["junk"]), (judged, junk))
        self.assertTrue(any(r.get("judged", r["count"]) < r["count"] for r in have["rows"]))
        have = json.loads(run(*words).stdout)
        self.assertNotIn("junk", have)
        self.assertFalse(any("junk" in r for r in have["rows"]))
        self.assertNotIn("junk %", run(*words[:-3]).stdout)

    def test_an_incident_says_what_of_it_is_junk(self):
        capture = subprocess.run([THE_CASE, "--rate", "0.02", "--from", str(FROM - 900), "--to",
                                  str(FROM + 600)], check=True, capture_output=True).stdout
        file, state, www = self.dir / "case.pcap", self.dir / "case", self.dir / "www"
        file.write_bytes(capture)
        queries = list(queries_of(capture))
        shipped = json.loads(run("read", "--json", "--state", state, file).stdout)
        incident, = shipped["incidents"]
        prefix, = incident["prefix"]
        junk = incident["junk"]
        whose = collections.Counter()
        slow = Slow([t for t in shipped_tlds()])
        for q in queries:
            whose[str(network(q.client)) == prefix, slow.judge(q)] += 1
        self.assertEqual(sum(shipped["junk"].values()), len(queries))
        # A set of the memory that happens to be full forgets a question, and says so.
        forgotten = shipped["junk_rests_on"]["questions_forgotten"]
        self.assertLess(forgotten, 20)
        for c in CLASSES:
            self.assertAlmostEqual(shipped["junk"].get(c, 0), whose[True, c] + whose[False, c],
                                   msg=c, delta=forgotten)
        its = {c: whose[True, c] for c in CLASSES if whose[True, c]}
        self.assertEqual(junk["leading"], max(CLASSES[:-1], key=lambda c: its.get(c, 0)))
        self.assertEqual(set(junk["classes"]) - set(its), set())
        self.assertTrue(0 < junk["judged"] <= incident["queries"])
        self.assertAlmostEqual(junk["share"], junk["junk"] / junk["judged"], 6)
        real = 1 - its.get("legitimate", 0) / sum(its.values())
        self.assertAlmostEqual(junk["share"], real, delta=0.05)
        leading = junk["leading"].replace("-", " ").replace("tld", "TLD")
        words = f"of these queries are junk, mostly {leading} ("
        self.assertIn(words, run("incident", "show", incident["id"], "--state", state).stdout)
        run("graph", "--state", state, "--out", www)
        self.assertIn(words, (www / "incidents" / incident["id"] / "index.html").read_text())
        self.assertIn('id="junk"', (www / "day.html").read_text())
        self.assertTrue((www / "graphs/day-junk.png").read_bytes().startswith(b"\x89PNG"))

    def test_a_culprit_is_told_apart_exactly_while_all_others_are_a_sample(self):
        """Of each second's queries of the culprit 40 are identical, 30 repeated, 30 neither."""
        config, file = self.dir / "culprit.yaml", self.dir / "culprit.pcap"
        config.write_text(f"junk: {{memory-mib: 1, tlds: {self.list}}}\ndetection: {{warmup: 60}}\n")
        begin, sent = START - START % 60, []
        for second in range(330):
            at = begin + second
            sent += [Query(at + i / 1000, f"203.0.{i % 100}.{second % 250}",
                           [b"w%d-%d" % (second, i), b"com"], MX, id=i) for i in range(700)]
            for i in range(100 if second >= 240 else 0):
                name, id = (i, i) if i < 30 else (i % 30, i % 30 if i < 70 else 1000 + i)
                sent.append(Query(at + 0.8 + i / 1000, "192.0.2.7",
                                  [b"c%d-%d" % (second, name), b"com"], id=id))
        file.write_bytes(pcap(sent))
        summary = json.loads(run("read", "-c", config, "--json", file).stdout)
        rests = summary["junk_rests_on"]
        self.assertGreater(rests["one_in"], 1)
        self.assertGreater(rests["estimated"], 50000)
        incident, = [i for i in summary["incidents"] if i.get("prefix") == ["192.0.2.0/24"]]
        junk = incident["junk"]
        watched = junk["judged"] // 100
        self.assertGreaterEqual(watched, 5)
        self.assertEqual((junk["judged"], junk["junk"]), (100 * watched, 100 * watched))
        self.assertEqual(junk["classes"], {"identical": 40 * watched, "repeated": 30 * watched,
                                           "referral-not-cached": 30 * watched})
        self.assertEqual([junk.get("estimated", 0), junk.get("one_in", 0)], [0, 0])
        self.assertEqual(junk["leading"], "identical")

    def test_a_list_that_is_wrong_is_told_with_its_line(self):
        bad = self.dir / "bad"
        bad.write_text("com\nnot a label\n")
        config = self.settings(f"tlds: {bad}")
        ran = run("read", "-c", config, self.file, status=1)
        self.assertEqual(ran.stdout, "")
        self.assertIn(f'junk.tlds: {bad}:2: "not a label?" is followed by more', ran.stderr)
        ran = run("check", "-c", config, status=2)
        self.assertIn(f"error: junk.tlds: {bad}:2:", ran.stderr)

    def test_the_manual_names_every_class(self):
        for c in CLASSES:
            self.assertIn(f"_{c}_", MANUAL)


def shipped_tlds():
    text = (pathlib.Path(__file__).parents[2] / "analysis/tlds_shipped.c").read_text()
    return re.findall(r'"([a-z0-9-]+)"', text[text.index("tlds_shipped[] ="):])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
