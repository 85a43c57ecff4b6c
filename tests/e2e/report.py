#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`rootwatch report` against a slow computation over the same database, and against `read`.

usage: report.py ROOTWATCH THE_CASE
"""
import collections, ipaddress, json, pathlib, random, re, sqlite3, struct, subprocess, sys
import tempfile
import unittest

ROOTWATCH, THE_CASE = sys.argv[1:3]
CASE = 1105920000  # 2005-01-17 00:00 UTC; the culprit begins 36 hours later
HOUR, DAY = 3600, 86400
FROM = CASE + 32 * HOUR
MANUAL = (pathlib.Path(__file__).parents[2] / "docs/rootwatch.8.scd").read_text()


def run(*words, status=0):
    ran = subprocess.run([ROOTWATCH, *map(str, words)], capture_output=True, text=True)
    assert ran.returncode == status, (words, ran.returncode, ran.stderr)
    return ran


def network(bits):
    """analysis/prefix.h: 56 bits of address, then the family and the length."""
    bits &= (1 << 64) - 1
    family, low = (4, bits & 127) if bits & 128 else (6, (bits & 255) - 1)
    head = bits >> 8 << 8
    return ipaddress.ip_network((head >> 32, low) if family == 4 else (head << 64, low))


def down(time, unit):
    return time // unit * unit


class Slow:
    """Everything that is stored, in dictionaries."""

    def __init__(self, state, table=None):
        with sqlite3.connect(state / "rootwatch.db") as db:
            self.hours = {t: {} for t, in db.execute("SELECT start FROM hours_stored")}
            for t, prefix, n in db.execute("SELECT start, prefix, queries FROM hours"):
                self.hours[t][network(prefix)] = n
            self.minutes = {t: json.loads(doc) for t, doc in db.execute("SELECT * FROM minutes")}
        self.table, self.found = table or {}, {}

    def origin(self, net):
        if net not in self.found:
            covering = (net.supernet(new_prefix=n) for n in range(net.prefixlen, 0, -1))
            above = next((a for a in covering if a in self.table), None)
            self.found[net] = above, self.table.get(above)
        return self.found[net]

    def inside(self, hour):
        return [m for t, m in self.minutes.items() if hour <= t < hour + HOUR]

    def counts(self, by, start, end):
        """Rows, unknown, total, seconds."""
        rows, unknown, total, seconds = collections.Counter(), 0, 0, 0
        if by == "qtype":
            for t, m in self.minutes.items():
                if start <= t < end:
                    rows.update({k: n for k, n in m["qtype"].items() if k != "other"})
                    total += m["queries"]
                    seconds += m["covered"]
            return rows, 0, total, seconds
        for hour, prefixes in self.hours.items():
            if not start <= hour < end:
                continue
            inside = self.inside(hour)
            total += max(sum(m["queries"] for m in inside), sum(prefixes.values()))
            seconds += sum(m["covered"] for m in inside) if inside else HOUR
            for net, n in prefixes.items():
                above, asn = self.origin(net)
                unknown += 0 if asn else n
                if by == "prefix":
                    rows[str(net)] += n
                elif asn:
                    rows[str(above) if by == "cidr" else f"AS{asn}"] += n
        return rows, unknown, total, seconds


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Six hours of the case with two gaps: one of half an hour, one that takes a whole hour."""
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-report-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.state, cls.table_file = cls.dir / "state", cls.dir / "table"
        cls.files = []
        for n, (a, b) in enumerate(((32, 34), (34.5, 36), (37, 38.3))):
            cls.files.append(cls.dir / f"{n}.pcap")
            with open(cls.files[-1], "wb") as to:
                subprocess.run([THE_CASE, "--rate", "0.003", "--from", str(int(a * HOUR)), "--to",
                                str(int(b * HOUR))], stdout=to, check=True)
        cls.config = cls.dir / "floor.yaml"
        cls.config.write_text("retention:\n  hour-floor: 3\n")
        run("read", "-c", cls.config, "--state", cls.state, *cls.files)
        cls.table = cls.make_table()

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def make_table(cls):
        """Nested announcements of two thirds of the sources."""
        draw, table = random.Random(7), {}
        nets = {net for prefixes in Slow(cls.state).hours.values() for net in prefixes}
        for net in sorted(nets, key=str):
            if draw.random() < 0.1:
                table[net.supernet(new_prefix=draw.randrange(10, 25))] = draw.randrange(1, 30)
        cls.table_file.write_text("".join(f"{n} {a} Name of {a}\n" for n, a in table.items()))
        return table

    def report(self, *words, state=None):
        return json.loads(run("report", "--json", "--top", "all", "--state",
                              state or self.state, *words).stdout)

    def check(self, slow, by, start, end, have):
        unit = 60 if by == "qtype" else HOUR
        start, end = down(start, unit), -down(-end, unit)
        length = end - start
        rows, unknown, total, seconds = slow.counts(by, start, end)
        before, _, _, seconds_before = slow.counts(by, start - length, start)
        self.assertEqual((have["period"]["from"], have["period"]["to"]), (start, end))
        self.assertEqual({r["key"]: r["count"] for r in have["rows"]}, dict(rows))
        self.assertEqual((have["total"], have["unknown"]), (total, unknown))
        apart = unknown if by in ("cidr", "asn") else 0
        self.assertEqual(have["rest"], total - sum(rows.values()) - apart)
        counts = [r["count"] for r in have["rows"]]
        self.assertEqual(counts, sorted(counts, reverse=True))
        compared = 0.9 * max(seconds, seconds_before) <= min(seconds, seconds_before) > 0
        self.assertEqual(have["compared"], compared)
        so_far = 0
        for n, row in enumerate(have["rows"], 1):
            so_far += row["count"]
            self.assertEqual(row["rank"], n)
            self.assertAlmostEqual(row["share"], row["count"] / total, 8)
            self.assertAlmostEqual(row["cumulative"], so_far / total, 8)
            was = before[row["key"]]
            self.assertEqual(row.get("before", 0), was)
            if compared and was:
                change = row["count"] / seconds / (was / seconds_before) - 1
                self.assertAlmostEqual(row["change"], change, delta=1e-6 * (1 + abs(change)))
            else:
                self.assertNotIn("change", row)
            if "asn" in row:
                self.assertEqual(slow.table[ipaddress.ip_network(row["prefix"])], row["asn"])
                self.assertEqual(row["name"], f"Name of {row['asn']}")
        return compared

    def test_agrees_with_a_slow_computation(self):
        slow, compared = Slow(self.state, self.table), 0
        spans = [(FROM, FROM + 7 * HOUR), (FROM + HOUR, FROM + 2 * HOUR),
                 (FROM + 3 * HOUR, FROM + 4 * HOUR), (FROM + 2 * HOUR + 1, FROM + 3 * HOUR + 61),
                 (FROM + 5 * HOUR + 600, FROM + 5 * HOUR + 900), (FROM + 20, FROM + 9 * DAY)]
        for by in ("prefix", "cidr", "asn", "qtype"):
            for start, end in spans:
                with self.subTest(by=by, start=start, end=end):
                    have = self.report("--by", by, "--origins", self.table_file, "--from", start,
                                       "--to", end)
                    self.assertGreater(len(have["rows"]), 2)
                    compared += self.check(slow, by, start, end, have)
        self.assertGreater(compared, 4)

    def test_agrees_with_what_read_counts(self):
        """Without a floor, over all of it: each prefix, and nothing is left."""
        state = self.dir / "whole"
        said = json.loads(run("read", "--json", "--prefixes", "all", "--state", state,
                              *self.files).stdout)
        have = self.report("--from", FROM, "--to", FROM + 7 * HOUR, state=state)
        self.assertEqual({r["key"]: r["count"] for r in have["rows"]},
                         {p["prefix"]: p["queries"] for p in said["prefixes"]})
        self.assertEqual((have["total"], have["rest"]), (said["queries"], 0))
        have = self.report("--by", "qtype", state=state)
        self.assertEqual({r["key"]: r["count"] for r in have["rows"]}, said["qtype"])

    def test_says_what_is_missing(self):
        slow = Slow(self.state)
        have = self.report("--from", FROM, "--to", FROM + 10 * HOUR)["period"]
        self.assertEqual((have["hours"], have["hours_missing"]), (6, 4))
        self.assertEqual(have["minutes"], len(slow.minutes))
        self.assertEqual(have["minutes"] + have["minutes_missing"], 600)
        self.assertEqual(have["captured_s"], sum(m["covered"] for m in slow.minutes.values()))

    def changed(self, name, *statements):
        state = self.dir / name
        subprocess.run(["cp", "-r", self.state, state], check=True)
        with sqlite3.connect(state / "rootwatch.db") as db:
            for words in statements:
                db.execute(*words)
        db.close()
        return state

    def test_goes_by_prefixes_where_minutes_are_gone_or_hours_lost(self):
        state = self.changed(
            "changed", ("DELETE FROM minutes WHERE start < ?", (FROM + HOUR + 3000,)),
            ("DELETE FROM hours WHERE start = ?", (FROM + 3 * HOUR,)),
            ("DELETE FROM hours_stored WHERE start = ?", (FROM + 3 * HOUR,)),
            ("INSERT INTO hours VALUES (?, ?, 70, 3, 20)",
             (FROM + 2 * HOUR, 0x20010db80001 << 16 | 49)),  # 2001:db8:1::/48
            ("UPDATE minutes SET doc = '[]' WHERE start = ?", (FROM + 5 * HOUR,)))
        slow = Slow(state, self.table)
        apart = [m["queries"] for t, m in slow.minutes.items() if down(t, HOUR) not in slow.hours]
        slow.minutes.pop(FROM + 5 * HOUR)
        ran = run("report", "--json", "--top", "all", "--state", state, "--origins",
                  self.table_file, "--from", FROM, "--to", FROM + 7 * HOUR)
        have = json.loads(ran.stdout)
        self.check(slow, "prefix", FROM, FROM + 7 * HOUR, have)
        self.assertIn(("2001:db8:1::/48", 70), [(r["key"], r["count"]) for r in have["rows"]])
        alone = [hour for hour, prefixes in slow.hours.items()
                 if sum(m["queries"] for m in slow.inside(hour)) < sum(prefixes.values())]
        self.assertEqual(alone, [FROM, FROM + HOUR])
        self.assertEqual(have["period"]["hours_alone"], 2)
        self.assertEqual(have["period"]["minutes_apart"], len(apart))
        self.assertEqual(have["period"]["queries_apart"], sum(apart))
        self.assertEqual(have["damaged_rows"], 1)
        self.assertIn("what is in damaged rows is left out", ran.stderr)
        text = run("report", "--state", state, "--from", FROM, "--to", FROM + 7 * HOUR).stdout
        self.assertIn("Hours not captured or not stored, in no row and no total: 2.\n", text)
        self.assertIn(f"Minutes stored of these hours: {len(apart)}, with {sum(apart)} queries.\n",
                      text)
        self.assertIn("Hours of which minutes are missing: 2.", text)

    def test_prints_a_table_for_people(self):
        words = ("--state", self.state, "--origins", self.table_file, "--top", 2, "--from",
                 "2005-01-18 11:00", "--to", "2005-01-18T12:00")
        for by in ("prefix", "cidr", "asn", "qtype"):
            have = json.loads(run("report", "--json", "--by", by, *words).stdout)
            lines = run("report", "--by", by, *words).stdout.splitlines()
            self.assertRegex(lines[0], r"^Queries by [\w ]+, 2005-01-18 11:00 - 2005-01-18 12:00 UTC$")
            self.assertEqual(lines[2].split()[:5], ["rank", "cum", "%", "%", "queries"])
            for line, row in zip(lines[3:], have["rows"]):
                self.assertEqual(line.split()[3], str(row["count"]))
                self.assertIn(row["key"], line)
            self.assertRegex(lines[5], rf" {have['left_out']} more$")
            said = "\n".join(lines)
            self.assertRegex(said, rf" {have['total']} +([\d.]+ +)?in all\n")
            self.assertEqual("rest: " in said, have["rest"] > 0)
            self.assertIn("\nStored: ", said)
            self.assertRegex(said, r"\n(Change: of queries/s, against|No change is told: of) 2005")
            self.assertEqual(have["rest"] > 0, by != "qtype", "of prefixes below the floor")

    def test_has_the_keys_of_the_manual(self):
        have = self.report("--origins", self.table_file)
        keys = set(have) | set(have["period"])
        for row in have["rows"] + self.report("--from", FROM + HOUR, "--to",
                                              FROM + 2 * HOUR)["rows"]:
            keys |= set(row)
        for key in keys - {"origin"}:
            self.assertIn(f'"{key}"', MANUAL)
        self.assertIn("_origin_", MANUAL)

    def test_says_what_is_wrong_with_its_use(self):
        for words in (("--by", "continent"), ("--top", "few"), ("more",), ("--from", "noon"),
                      ("--to", "9999999999999"), ("--from", "2005-01-18", "--to", "2005-01-18")):
            ran = run("report", "--state", self.state, *words, status=2)
            self.assertIn("usage: rootwatch report", ran.stderr)
        for words, why in ((("--state", self.dir / "none"), "none/rootwatch.db: opening: "),
                           (("--state", self.state, "--from", "2006-01-01"),
                            "nothing is stored after 2006-01-01 00:00 UTC\n"),
                           (("--state", self.state, "--origins", self.dir / "none"),
                            "none: opening: No such file")):
            ran = run("report", *words, status=1)
            self.assertEqual(ran.stdout, "")
            self.assertTrue(ran.stderr.startswith("rootwatch report: "))
            self.assertIn(why, ran.stderr)
            self.assertEqual(ran.stderr.count("\n"), 1)

    def test_has_an_empty_table_for_a_time_without_any(self):
        have = self.report("--from", "2004-01-01", "--to", "2004-01-02")
        self.assertEqual((have["rows"], have["total"], have["period"]["hours_missing"]), ([], 0, 24))

    def test_says_that_it_cannot_print(self):
        with open("/dev/full", "w") as full:
            for words in ((), ("--json",)):
                ran = subprocess.run([ROOTWATCH, "report", "--state", self.state, *words],
                                     stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(ran.returncode, 1)
                self.assertIn("rootwatch report: standard output: ", ran.stderr)


def pcap(questions):
    """Of (time, name as labels): a query each."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for n, (time, labels) in enumerate(questions):
        dns = struct.pack(">6H", n & 0xFFFF, 0, 1, 0, 0, 0)
        dns += b"".join(bytes([len(part)]) + part for part in labels) + struct.pack(">BHH", 0, 1, 1)
        udp = struct.pack(">4H", 1024 + n % 60000, 53, 8 + len(dns), 0) + dns
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(udp), n & 0xFFFF, 0, 60, 17, 0,
                         0xC0000201, 0xC6336401) + udp
        out += struct.pack("<IIII", int(time), int(time % 1 * 1e6), len(ip), len(ip)) + ip
    return out


def shown(labels):
    """RFC 4343, section 2.1."""
    plain = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
    return ".".join("".join(chr(c) if c in plain else f"\\{c:03}" for c in part.lower())
                    for part in labels) or "."


HOSTILE = (b'<b>\n\x1b."', b"\xff\x00", b"Example")


class Names(unittest.TestCase):
    """Two hours, the second with a stop in it, of which three names each are kept."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-names-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.state, config = cls.dir / "state", cls.dir / "three.yaml"
        config.write_text("retention:\n  hour-names: 3\n")
        draw, cls.truth = random.Random(3), collections.defaultdict(collections.Counter)
        names = [(b"www", b"example"), HOSTILE, (), (b"a", b"test"), (b"b", b"test")]
        names += [(f"n{i}".encode(), f"t{i % 9}".encode()) for i in range(40)]
        files = []
        for part, (begin, span) in enumerate(((0, HOUR), (HOUR, 1800), (HOUR + 1800, 1800))):
            files.append(cls.dir / f"{part}.pcap")
            asked = []
            for time in sorted(draw.uniform(begin, begin + span - 0.001) for _ in range(6000)):
                first = draw.randrange(len(names)) if time < HOUR + 1800 else 12
                labels = names[draw.randrange(first + 1)]
                asked.append((CASE + time, labels))
                for by, key in (("name", shown(labels)), ("tld", shown(labels[-1:]))):
                    cls.truth[by, time >= HOUR][key] += 1
            files[-1].write_bytes(pcap(asked))
            if part > 0:
                run("read", "-c", config, "--state", cls.state, *files)
                files = []

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def report(self, *words):
        return json.loads(run("report", "--json", "--top", "all", "--state", self.state,
                              *words).stdout)

    def test_bounds_every_name_by_hour_and_over_both(self):
        for by in ("name", "tld"):
            both = self.truth[by, False] + self.truth[by, True]
            spans = (((0, 2), both, {}), ((0, 1), self.truth[by, False], {}),
                     ((1, 2), self.truth[by, True], self.truth[by, False]))
            for (start, end), truth, before in spans:
                have = self.report("--by", by, "--from", CASE + start * HOUR, "--to",
                                   CASE + end * HOUR)
                self.assertEqual(have["total"], truth.total())
                self.assertEqual(have["rest"], truth.total() - sum(r["count"] for r in have["rows"]))
                self.assertGreaterEqual(len(have["rows"]), 3)
                self.assertLessEqual(len(have["rows"]), 3 * (end - start))
                self.assertEqual([r["count"] for r in have["rows"]],
                                 sorted((r["count"] for r in have["rows"]), reverse=True))
                self.assertGreater(have["absent_at_most"], 0)
                self.assertEqual(have["lost"], 0)
                for row in have["rows"]:
                    asked = truth[row["key"]]
                    self.assertLessEqual(row["at_least"], asked)
                    self.assertLessEqual(asked, row["at_most"])
                    self.assertLessEqual(row["at_least"], row["count"])
                    self.assertLessEqual(row["count"], row["at_most"])
                    if before:
                        self.assertTrue(row["before"] <= before[row["key"]] <=
                                        row["before_at_most"])
                        self.assertEqual("change" in row, row["before"] > 0)
                    self.assertAlmostEqual(row["share"], row["count"] / have["total"], 8)
                listed = {row["key"] for row in have["rows"]}
                for name, asked in truth.items():
                    if name not in listed:
                        self.assertLessEqual(asked, have["absent_at_most"])

    def test_is_exact_of_names_that_lead_in_one_go(self):
        have = self.report("--by", "name", "--from", CASE, "--to", CASE + HOUR)
        leading = sorted(self.truth["name", False].items(), key=lambda n: (-n[1], n[0]))[:3]
        self.assertEqual([r["count"] for r in have["rows"]], [n for _, n in leading])
        self.assertEqual([(r["at_least"], r["at_most"]) for r in have["rows"]],
                         [(n, n) for _, n in leading])

    def test_escapes_what_a_name_holds(self):
        have = self.report("--by", "name", "--from", CASE, "--to", CASE + HOUR)
        self.assertIn(shown(HOSTILE), [r["key"] for r in have["rows"]])
        self.assertEqual(shown(HOSTILE), r"\060b\062\010\027\046\034.\255\000.example")
        text = run("report", "--by", "name", "--state", self.state).stdout
        self.assertIn("  " + shown(HOSTILE) + "\n", text)
        self.assertEqual([c for c in text if not " " <= c <= "~" and c != "\n"], [])

    def test_says_to_people_what_it_cannot_know(self):
        words = ("--by", "name", "--state", self.state, "--from", CASE + HOUR, "--to",
                 CASE + 2 * HOUR)
        have = json.loads(run("report", "--json", *words).stdout)
        text = run("report", *words).stdout
        self.assertRegex(text.splitlines()[2],
                         r"^rank +cum % +% +queries +at least +at most +change +name$")
        for row in have["rows"]:
            self.assertRegex(text, rf"(?m)^ +{row['rank']} .* {row['count']} +{row['at_least']} "
                             rf"+{row['at_most']} .* {re.escape(row['key'])}$")
        self.assertRegex(text, rf"(?m)^ +[\d.]+ +{have['rest']} +rest: of names that did not lead")
        self.assertIn(f"\nA name in no row had at most {have['absent_at_most']} queries.\n", text)
        self.assertIn('\nChange "-": it led in no hour of the period before.\n', text)

    def test_has_the_keys_of_the_manual(self):
        have = self.report("--by", "name", "--from", CASE + HOUR)
        for key in set(have) | set(have["rows"][0]):
            self.assertTrue(f'"{key}"' in MANUAL, key)

    def test_raises_bounds_by_what_an_hour_lost(self):
        """Of a part of an hour that was never stored, minutes alone tell."""
        state = self.dir / "lost"
        subprocess.run(["cp", "-r", self.state, state], check=True)
        with sqlite3.connect(state / "rootwatch.db") as db:
            db.execute("UPDATE hour_names_stored SET queries = queries - 100 WHERE start = ?",
                       (CASE,))
            db.execute("UPDATE hour_names_stored SET queries = queries + 7, lost = 5"
                       " WHERE start = ?", (CASE + HOUR,))
        db.close()
        whole = self.report("--by", "name")
        have = json.loads(run("report", "--json", "--by", "name", "--state", state).stdout)
        self.assertEqual(have["absent_at_most"], whole["absent_at_most"] + 100)
        self.assertEqual([r["at_most"] for r in have["rows"]],
                         [r["at_most"] + 100 for r in whole["rows"]])
        self.assertEqual(have["total"], whole["total"] + 7)
        self.assertEqual((have["lost"], have["period"]["hours_alone"]), (5, 1))
        self.assertIn("; under no name, as there were too many: 5.\n",
                      run("report", "--by", "name", "--state", state).stdout)

    def test_has_none_of_hours_stored_before_names_were(self):
        state = self.dir / "old"
        subprocess.run(["cp", "-r", self.state, state], check=True)
        with sqlite3.connect(state / "rootwatch.db") as db:
            for words in ("DROP TABLE hour_names", "DROP TABLE hour_names_stored",
                          "PRAGMA user_version = 2"):
                db.execute(words)
        db.close()
        ran = run("report", "--by", "name", "--state", state, status=1)
        self.assertEqual(ran.stderr, "rootwatch report: no hour with names is stored yet: one is "
                         "when it has ended\n")
        have = json.loads(run("report", "--json", "--by", "name", "--state", state, "--from", CASE,
                              "--to", CASE + 2 * HOUR).stdout)
        self.assertEqual((have["rows"], have["total"], have["period"]["hours_missing"]), ([], 0, 2))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
