#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A day of the published case: `report`, `rank` and `filters` against a slow computation that
reads the capture itself, judges every query itself, and matches prefixes in the table's text.

usage: day.py ROOTWATCH THE_CASE
"""
import bisect, collections, functools, ipaddress, itertools, json, math, pathlib, random, re, shutil, socket
import struct, subprocess, sys, tempfile, unittest

ROOTWATCH, THE_CASE = sys.argv[1:3]
SANITIZED = b"__asan_init" in pathlib.Path(ROOTWATCH).read_bytes()
CASE, HOUR = 1105920000, 3600
BEGIN = CASE + 2 * 86400  # 19 January 2005, when the spammer's second wave begins
HOURS = 4 if SANITIZED else 24
END = BEGIN + HOURS * HOUR
CULPRIT = "207.244.46.0/24"
TLDS = "com net org arpa de jp cn uk edu kr br fr ru it tw".split()
TYPES = {1: "A", 2: "NS", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
         38: "A6", 255: "ANY"}
PTR = 12
NFT = shutil.which("nft") or shutil.which("/usr/sbin/nft")


def run(*words, text=None):
    ran = subprocess.run([ROOTWATCH, *map(str, words)], capture_output=True, text=True, input=text)
    assert ran.returncode == 0, (words, ran.returncode, ran.stderr)
    return ran.stdout


# ---- The slow computation --------------------------------------------------------------------

class Question:
    """What follows of a question's octets alone: the same for all who ask it."""

    def __init__(self, octets):
        labels, at = [], 0
        while octets[at]:
            labels.append(octets[at + 1:at + 1 + octets[at]].lower().decode())
            at += 1 + octets[at]
        qtype, qclass = struct.unpack_from(">HH", octets, at + 1)
        assert qclass == 1 and len(octets) == at + 5
        assert all(re.fullmatch("[a-z0-9-]+", label) for label in labels)
        assert not (qtype == 1 and len(labels) == 4 and labels[-1].isdigit())
        self.type, self.name = TYPES[qtype], ".".join(labels) or "."
        self.tld = labels[-1] if labels else None
        private = qtype == PTR and labels[-2:] == ["in-addr", "arpa"] and (
            labels[-3:-2] == ["10"] or labels[-4:-2] == ["168", "192"] or
            (labels[-3:-2] == ["172"] and labels[-4:-3] and 16 <= int(labels[-4]) < 32))
        self.junk = (labels and self.tld not in TLDS) or private


class Slow:
    """Counts of every hour, of a capture of plain queries over IPv4 in Ethernet frames."""

    def __init__(self, file):
        octets = file.read_bytes()
        assert octets[:4] == b"\xd4\xc3\xb2\xa1" and octets[20:24] == b"\1\0\0\0"
        tables = ("queries", "junk", "address", "name", "tld", "qtype")
        self.hours = [{t: collections.Counter() for t in tables} for _ in range(HOURS)]
        questions, asked, referred, at = {}, set(), set(), 24
        while at < len(octets):
            second, _, size, _ = struct.unpack_from("<4I", octets, at)
            frame, at = at + 16, at + 16 + size
            source, question = octets[frame + 26:frame + 30], octets[frame + 54:at]
            q = questions.get(question)
            if q is None:
                q = questions[question] = Question(question)
            hour = self.hours[(second - BEGIN) // HOUR]
            net = source[:3]
            hour["queries"][net] += 1
            hour["address"][source] += 1
            hour["name"][q.name] += 1
            hour["tld"][q.tld or "."] += 1
            hour["qtype"][q.type] += 1
            junk = q.junk
            if not junk:  # whether it was asked before, or a zone of which it was told
                junk = source + question in asked or (q.tld and (source, q.tld) in referred)
                if source + question not in asked and q.tld:
                    referred.add((source, q.tld))
                asked.add(source + question)
            hour["junk"][net] += bool(junk)

    def count(self, table, begin=0, end=HOURS):
        return sum((h[table] for h in self.hours[begin:end]), collections.Counter())


class Table:
    """A text table of announcements, and the longest match by trying every length."""

    def __init__(self, text):
        self.asn, self.name = {}, {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                prefix, asn, name = line.split(" ", 2)
                address, length = prefix.split("/")
                number, = struct.unpack(">I", socket.inet_aton(address))
                self.asn[int(length), number] = int(asn)
                self.name[int(asn)] = name
        self.lengths = sorted({length for length, _ in self.asn}, reverse=True)

    def find(self, number, longest=32):
        for length in self.lengths:
            key = (length, number >> 32 - length << 32 - length)
            if length <= longest and key in self.asn:
                return key
        return None


def number_of(octets):
    return int.from_bytes(octets.ljust(4, b"\0"), "big")


def shown(key):
    length, number = key
    return f"{socket.inet_ntoa(struct.pack('>I', number))}/{length}"


class Lists:
    """What prefixes hold of sources that are in order."""

    def __init__(self, queries, junk):
        self.place = sorted(number_of(net) for net in queries)
        by_number = {number_of(net): (n, junk[net]) for net, n in queries.items()}
        self.count = [by_number[p] for p in self.place]

    def inside(self, text):
        net = ipaddress.ip_network(text)
        first = int(net.network_address)
        return range(bisect.bisect_left(self.place, first),
                     bisect.bisect_left(self.place, first + net.num_addresses))

    def sums(self, *texts):
        """Queries, junk, sources, of these hurt: each source once."""
        found = set(itertools.chain.from_iterable(map(self.inside, texts)))
        counts = [self.count[i] for i in found]
        return (sum(q for q, _ in counts), sum(j for _, j in counts), len(counts),
                sum(q > j for q, j in counts))


# ---- The tests -------------------------------------------------------------------------------

class Day(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-day-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.state, pcap, config = cls.dir / "state", cls.dir / "pcap", cls.dir / "yaml"
        with open(pcap, "wb") as to:
            subprocess.run([THE_CASE, "--rate", "0.001", "--from", str(BEGIN - CASE), "--to",
                            str(END - CASE)], stdout=to, check=True)
        tlds = cls.dir / "tlds"
        tlds.write_text("".join(f"{t.upper()}\n" for t in TLDS))
        config.write_text(f"junk:\n  tlds: {tlds}\n  memory-mib: 256\n")
        for _ in range(4):  # once in 20 times a question is forgotten: five met in one place
            shutil.rmtree(cls.state, ignore_errors=True)
            said = json.loads(run("read", "-c", config, "--json", "--state", cls.state, pcap))
            if said["junk_rests_on"]["questions_forgotten"] == 0:
                break
        cls.slow = Slow(pcap)
        cls.queries, cls.junk = cls.slow.count("queries"), cls.slow.count("junk")
        assert said["queries"] == cls.queries.total(), said["queries"]
        assert said["junk_rests_on"]["questions_forgotten"] == 0
        cls.sources = Lists(cls.queries, cls.junk)
        cls.make_tables()

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def make_tables(cls):
        """Nested announcements of about two thirds of the sources, but not of the culprit, some
        longer than a source; and the same with enough others to be whole."""
        draw, lines, culprit = random.Random(19), {}, ipaddress.ip_network(CULPRIT)
        for net in sorted(cls.queries):
            if draw.random() < 0.3:
                around = ipaddress.ip_network((number_of(net), draw.randrange(13, 27)), strict=False)
                if not around.supernet_of(culprit) and not around.subnet_of(culprit):
                    lines[str(around)] = draw.randrange(1, 2000)
        text = "# 2005-01-19\n" + "".join(f"{net} {asn} Name of {asn}\n"
                                          for net, asn in lines.items())
        used = {number_of(net) >> 16 for net in cls.queries}
        free = [n for n in range(1 << 8, 1 << 16) if n not in used][:14000]
        more = "".join(f"{n >> 8}.{n & 255}.0.0/16 64600 Others\n" for n in free)
        cls.excerpt, cls.whole = cls.dir / "excerpt", cls.dir / "whole"
        cls.excerpt.write_text(text)
        cls.whole.write_text(text + more)
        cls.table = Table(text)

    def report(self, *words, begin=BEGIN, end=END):
        return json.loads(run("report", "--json", "--top", "all", "--state", self.state, "--from",
                              begin, "--to", end, *words))

    def check_rows(self, have, want, total):
        """`want`: count by key; ties may stand in any order of their own."""
        self.assertEqual({r["key"]: r["count"] for r in have["rows"]}, dict(want))
        self.assertEqual(have["total"], total)
        counts = [r["count"] for r in have["rows"]]
        self.assertEqual(counts, sorted(counts, reverse=True))
        so_far = 0
        for n, row in enumerate(have["rows"], 1):
            so_far += row["count"]
            self.assertEqual(row["rank"], n)
            self.assertAlmostEqual(row["share"], row["count"] / total, 8)
            self.assertAlmostEqual(row["cumulative"], so_far / total, 8)

    def grouped(self, by, queries):
        """Counts of sources by announcement or AS, and of those that have none."""
        count, none = collections.Counter(), 0
        for net, n in queries.items():
            key = self.table.find(number_of(net), 24)
            if key is None:
                none += n
            else:
                count[shown(key) if by == "cidr" else f"AS{self.table.asn[key]}"] += n
        return count, none

    def test_reports_by_as_and_announced_prefix(self):
        total = self.queries.total()
        for by, table in itertools.product(("asn", "cidr"), (self.excerpt, self.whole)):
            have = self.report("--by", by, "--origins", table)
            want, none = self.grouped(by, self.queries)
            self.assertGreater(min(len(want), none), 500)
            self.check_rows(have, want, total)
            self.assertEqual((have["unknown"], have["unrouted"], have["rest"]),
                             (0, none, 0) if table == self.whole else (none, 0, 0))
            junk, _ = self.grouped(by, self.junk)
            for row in have["rows"]:
                self.assertAlmostEqual(row["junk"] * row["count"], junk[row["key"]], delta=1e-3)
                if by == "asn":
                    self.assertEqual(row["name"], f"Name of {row['asn']}")
                    address, length = row["prefix"].split("/")
                    key = int(length), number_of(socket.inet_aton(address))
                    self.assertEqual(self.table.asn[key], row["asn"])
            self.assertEqual((have["judged"], have["junk"]), (total, self.junk.total()))

    def test_reports_by_source_and_the_change_within_the_day(self):
        half = HOURS // 2
        before, now = self.slow.count("queries", 0, half), self.slow.count("queries", half)
        have = self.report(begin=BEGIN + half * HOUR)
        self.check_rows(have, {shown((24, number_of(n))): c for n, c in now.items()}, now.total())
        self.assertEqual(have["rows"][0]["key"], CULPRIT)
        self.assertTrue(have["compared"])
        was = {shown((24, number_of(n))): c for n, c in before.items()}
        for row in have["rows"]:
            self.assertEqual(row["before"], was.get(row["key"], 0))
            if row["before"]:
                self.assertAlmostEqual(row["change"], row["count"] / row["before"] - 1, 6)

    def test_reports_by_type(self):
        have = self.report("--by", "qtype")
        self.check_rows(have, self.slow.count("qtype"), self.queries.total())

    def test_bounds_names_and_top_level_domains(self):
        half = HOURS // 2
        for by, begin in (("name", 0), ("tld", 0), ("name", half)):
            have, truth = self.report("--by", by, begin=BEGIN + begin * HOUR), \
                self.slow.count(by, begin)
            before = self.slow.count(by, 0, begin)
            self.assertEqual(have["total"], truth.total())
            self.assertEqual(have["rest"], truth.total() - sum(r["count"] for r in have["rows"]))
            self.assertEqual(have["period"]["hours"], HOURS - begin)
            for row in have["rows"]:
                self.assertTrue(row["at_least"] <= truth[row["key"]] <= row["at_most"], row)
                self.assertTrue(row["at_least"] <= row["count"] <= row["at_most"], row)
                if begin:
                    self.assertTrue(row["before"] <= before[row["key"]] <= row["before_at_most"],
                                    row)
            listed = {row["key"] for row in have["rows"]}
            self.assertLessEqual(max((n for k, n in truth.items() if k not in listed), default=0),
                                 have["absent_at_most"])
            leading = truth.most_common(10)  # these are so far ahead that nothing is uncertain
            self.assertEqual([r["key"] for r in have["rows"][:5]], [k for k, _ in leading[:5]])
            for row in have["rows"][:10]:
                self.assertLess(row["at_most"] - row["at_least"], 0.1 * row["count"])

    def test_ranks_addresses(self):
        addresses = self.slow.count("address")
        text = "".join(f"{n} {socket.inet_ntoa(a)}\n" for a, n in addresses.items())
        for by in ("asn", "cidr"):
            want, none = collections.Counter(), 0
            for address, n in addresses.items():
                key = self.table.find(number_of(address))
                if key is None:
                    none += n
                else:
                    want[shown(key) if by == "cidr" else f"AS{self.table.asn[key]}"] += n
            have = json.loads(run("rank", "--json", "--top", "all", "--by", by, "--origins",
                                  self.whole, text=text))
            self.check_rows(have, want, addresses.total())
            self.assertEqual((have["unrouted"], have["unknown"]), (none, 0))

    # -- Lists ---------------------------------------------------------------------------------

    def filters(self, *words, text=None):
        return run("filters", "--state", self.state, "--from", BEGIN, "--to", END, *words,
                   text=text)

    def check_sums(self, have, want):
        queries, junk, sources, hurt = want
        self.assertEqual((have["queries"], have["judged"], have["junk"], have["sources"],
                          have["sources_hurt"]), (queries, queries, junk, sources, hurt))

    def test_judges_lists(self):
        draw, nets = random.Random(7), sorted(self.queries)
        for size in (3, 300):
            texts = [CULPRIT, "10.99.0.0/16"]
            for net in draw.sample(nets, size):
                texts.append(str(ipaddress.ip_network((number_of(net), draw.randrange(9, 25)),
                                                      strict=False)))
            have = json.loads(self.filters("-", "--json", "--origins", self.excerpt,
                                           text="".join(f"{t}\n" for t in texts)))
            self.assertEqual([r["prefix"] for r in have["rows"]], texts)
            for row in have["rows"]:
                self.check_sums(row, self.sources.sums(row["prefix"]))
            self.check_sums(have["total"], self.sources.sums(*texts))
            self.check_sums(have["all"], self.sources.sums("0.0.0.0/0"))

    @functools.lru_cache
    def candidates(self, doubtful):
        """Sources with junk and announced prefixes, but for those that rest on what is doubtful;
        each with its sources by number."""
        found = {}
        for net in self.queries:
            if not self.junk[net] or net in doubtful:
                continue
            key = self.table.find(number_of(net), 24)
            for text in {shown((24, number_of(net))), shown(key or (24, number_of(net)))}:
                found[text] = self.sources.inside(text)
        bad = {bisect.bisect_left(self.sources.place, number_of(d)) for d in doubtful}
        share = lambda inside: sum(self.sources.count[i][0] for i in inside if i in bad)
        return {text: inside for text, inside in found.items()
                if not bad or 2 * share(inside) <= sum(self.sources.count[i][0] for i in inside)}

    def check_suggestion(self, have, junk, harm, doubtful):
        """By own sums; and no list that differs by one prefix alone is better."""
        texts = [r["prefix"] for r in have["rows"]]
        queries, removed, _, _ = self.sources.sums(*texts)
        all_junk = self.junk.total()
        all_good = self.queries.total() - all_junk
        self.check_sums(have["total"], self.sources.sums(*texts))
        self.assertLessEqual(queries - removed, harm * all_good)
        reached = removed >= junk * all_junk
        self.assertEqual(have["goal"], {"junk": junk, "harm": harm, "reached": reached})
        self.assertAlmostEqual(have["total"]["of_all_junk"], removed / all_junk, 8)
        self.assertAlmostEqual(have["total"]["harm"], (queries - removed) / all_good, 8)
        candidates = self.candidates(doubtful)
        self.assertEqual([t for t in texts if t not in candidates], [])
        holders = collections.Counter(i for t in texts for i in candidates[t])
        if reached:  # none can go
            for text in texts:
                alone = sum(self.sources.count[i][1] for i in candidates[text] if holders[i] == 1)
                self.assertLess(removed - alone, junk * all_junk, text)
            most = sorted((sum(self.sources.count[i][1] for i in inside)
                           for inside in candidates.values()), reverse=True)
            sums = itertools.accumulate(most)
            self.assertGreater(len(texts), sum(s < junk * all_junk for s in sums))
            self.assertLessEqual(len(texts), self.simple(junk * all_junk, harm * all_good, doubtful))
            return True
        for text, inside in candidates.items():  # none can be added that removes more
            more = [self.sources.count[i] for i in inside if holders[i] == 0]
            if sum(j for _, j in more) > 0:
                hurt = queries - removed + sum(q - j for q, j in more)
                self.assertGreater(hurt, harm * all_good, text)
        return False

    def simple(self, goal, harm, doubtful):
        """How many sources it takes, those with most junk first; infinite: they do not do."""
        taken, removed = 0, 0
        for net, junk in self.junk.most_common():
            good = self.queries[net] - junk
            if removed >= goal:
                break
            if net not in doubtful and good <= harm:
                taken, removed, harm = taken + 1, removed + junk, harm - good
        return taken if removed >= goal else math.inf

    def test_suggests_lists_that_one_prefix_does_not_better(self):
        unrouted = frozenset(net for net in self.queries
                             if self.table.find(number_of(net), 24) is None)
        reached = []
        for table, doubtful in ((self.excerpt, frozenset()), (self.whole, unrouted)):
            for junk, harm in ((0.3, 0.01), (0.6, 0.05), (0.9, 0.5), (0.95, 0.001)):
                have = json.loads(self.filters("--suggest", "--json", "--junk", junk, "--harm",
                                               harm, "--origins", table))
                with self.subTest(table=table.name, junk=junk, harm=harm):
                    self.assertEqual(have["routes_known"], table == self.whole)
                    reached.append(self.check_suggestion(have, junk, harm, doubtful))
                    self.assertEqual(CULPRIT in [r["prefix"] for r in have["rows"]],
                                     table == self.excerpt)
        self.assertTrue({True, False} == set(reached), reached)

    def test_writes_limits_that_nft_takes(self):
        have = json.loads(self.filters("--suggest", "--json", "--junk", 0.6, "--harm", 0.05,
                                       "--origins", self.excerpt))
        text = self.filters("--suggest", "--nft", "--junk", 0.6, "--harm", 0.05, "--origins",
                            self.excerpt)
        limits = dict(re.findall(r'\t\t\t(\S+) : "(l\d+)"', text))
        self.assertEqual(set(limits), {r["prefix"] for r in have["rows"]})
        rates = dict(re.findall(r"limit (l\d+) { rate over (\d+)/second", text))
        for prefix, name in limits.items():
            queries, junk, _, _ = self.sources.sums(prefix)
            want = 2 * (queries - junk) / (HOURS * HOUR)
            rate = int(rates[name])
            self.assertTrue(rate == 1 if want <= 1 else want <= rate < want + 1, (prefix, rate))
        if not NFT:
            self.skipTest("nft is not installed: its text is not held against it")
        ran = subprocess.run([NFT, "-c", "-f", "-"], input=text, capture_output=True, text=True)
        if "Operation not permitted" in ran.stderr:
            self.skipTest("nft may not check here: no right to; its text was not held against it")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""), text[:2000])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
