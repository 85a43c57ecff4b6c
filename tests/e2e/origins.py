#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tables of origins of every kind, held against what other programs made of the same files.

usage: origins.py ROOTWATCH TOOL_ORIGINS TOOL_TABLE

The reference corpus is found by ROOTWATCH_CORPUS, else beside the source tree; without it
these tests are skipped.
"""
import collections, datetime, gzip, ipaddress, json, os, random, resource, pathlib, subprocess, sys, tempfile
import unittest

ROOTWATCH, TOOL, TABLE = sys.argv[1:4]
SANITIZED = b"__asan_init" in pathlib.Path(ROOTWATCH).read_bytes()
CORPUS = pathlib.Path(os.environ.get("ROOTWATCH_CORPUS",
                                     pathlib.Path(__file__).parents[3] / "shared/corpus"))
CUT = "routeviews-rib.20140523.0600_firstMB.bz2"  # in the middle of the compressed data
NO_PEERS = "ripe-bview.20140112.1600_3samples.bz2"  # the list of peers that bgpdump wants
PATH_IDS = "bgpdump.bview.ipv4_unicast_add_path.gz"  # whose truth has them in place of origins
LIBLOC = pathlib.Path("/usr/share/libloc-location/location.db")


def tool(what, file, *addresses):
    return subprocess.run([TOOL, what, file], input="\n".join(addresses), text=True,
                          capture_output=True)


def routes(file):
    """Routes, and what is said at the end: kind, time, number."""
    ran = tool("routes", file)
    lines = [line.split("\t") for line in ran.stdout.splitlines()]
    return lines[:-1], lines[-1][0].split()[1:], ran


def found(file, addresses):
    ran = tool("find", file, *addresses)
    assert ran.returncode == 0, ran.stderr
    return [line.split("\t") for line in ran.stdout.splitlines()]


def counted(lines):
    count = collections.defaultdict(collections.Counter)
    for prefix, origin, _ in lines:
        count[prefix][origin or "(empty)"] += 1
    return count


def in_order(origin):
    """bgpdump prints a set's members in an order of its own."""
    return "{%s}" % ",".join(sorted(origin.strip("{}").split(","))) if "{" in origin else origin


def is_default(prefix):
    network = ipaddress.ip_network(prefix)
    return network.prefixlen < (8 if network.version == 4 else 16)


def shortened(prefix):
    """IPv6 is kept to /56."""
    network = ipaddress.ip_network(prefix)
    if network.version == 6 and network.prefixlen > 56:
        network = network.supernet(new_prefix=56)
    return str(network)


@unittest.skipUnless(CORPUS.is_dir(), f"no reference corpus in {CORPUS}: set ROOTWATCH_CORPUS")
class Corpus(unittest.TestCase):
    def truths(self, ending):
        for truth in sorted((CORPUS / "truth-routing").glob("*" + ending)):
            yield CORPUS / "routing" / truth.name[:-len(ending)], truth

    def test_mrt_tables_hold_the_routes_that_bgpdump_prints(self):
        seen = 0
        for file, truth in self.truths(".prefix-origins.tsv.gz"):
            lines, about, ran = routes(file)
            if file.name == NO_PEERS:
                self.assertEqual(len(lines), 3)
                continue
            if file.name == PATH_IDS:
                self.assertEqual(lines[0], ["10.0.10.0/24", "65011",
                                            "65015 65014 65013 65012 65011"])
                self.assertEqual((len(lines), len(counted(lines))), (62, 31))
                continue
            about_truth = json.loads(
                (CORPUS / "truth-routing" / (file.name + ".json")).read_text())
            if about_truth["updates"]:
                self.assertEqual(ran.returncode, 1)
                self.assertIn("no table", ran.stderr)
                continue
            self.assertEqual(ran.returncode, 1 if file.name == CUT else 0, ran.stderr)
            want = {}
            for line in gzip.open(truth, "rt"):
                if not line.startswith("#"):
                    prefix, *origins = line.split()
                    want[prefix] = {o.rpartition("=")[0]: int(o.rpartition("=")[2])
                                    for o in origins}
            have = {p: {in_order(o): n for o, n in c.items()} for p, c in counted(lines).items()}
            want = {p: {in_order(o): n for o, n in c.items()} for p, c in want.items()}
            if file.name == CUT:  # we give whole records before the cut, and so did bgpdump
                self.assertGreaterEqual(set(want), set(have))
                want = {p: want[p] for p in have}
            self.assertEqual(have, want, file.name)
            if file.name != CUT:
                self.assertEqual(int(about[1]), about_truth["first"], file.name)
                self.assertEqual(len(lines), about_truth["entries"])
            seen += 1
        self.assertGreater(seen, 6)

    def test_look_ups_find_what_a_longest_match_finds(self):
        seen = 0
        for file, truth in self.truths(".json"):
            expect = json.loads(truth.read_text())
            if file.name in (CUT, NO_PEERS) or expect.get("updates") or \
                    "lookups" not in expect:
                continue
            lookups = [l for l in expect["lookups"]
                       if l["prefix"] is None or not is_default(l["prefix"])]
            self.assertGreater(len(lookups), 5)
            for want, have in zip(lookups, found(file, [l["ip"] for l in lookups]), strict=True):
                if want["prefix"] is None:
                    self.assertIn(have[0], ("unknown", "unrouted"), (file.name, want))
                    continue
                seen += 1
                self.assertEqual(have[1], shortened(want["prefix"]), (file.name, want))
                if file.name == PATH_IDS:
                    continue
                members = {a for o in want["origins"] for a in o.strip("{}").split(",")
                           if o != "(empty)"}
                self.assertEqual(set(filter(None, have[2].split(","))), members,
                                 (file.name, want))
        self.assertGreater(seen, 400)

    def test_what_routers_print_is_what_they_know(self):
        seen = 0
        for file, truth in self.truths(".json"):
            if not file.name.endswith(".txt"):
                continue
            expect = json.loads(truth.read_text())
            lines, about, ran = routes(file)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertEqual(about[0], "show")
            self.assertEqual(len(lines), expect["paths"], file.name)
            paths = collections.defaultdict(list)
            for prefix, origin, path in lines:
                paths[prefix].append((origin, path))
            self.assertEqual(set(paths), set(expect["routes"]))
            for prefix, want in expect["routes"].items():
                if isinstance(want, dict):
                    self.assertEqual(len(paths[prefix]), want["paths"])
                    self.assertEqual({o for o, _ in paths[prefix]}, set(want["origins"]))
                else:
                    self.assertEqual(sorted(p for _, p in paths[prefix]),
                                     sorted(w["path"] for w in want))
            seen += 1
        self.assertEqual(seen, 6)

    def test_mmdb_look_ups_agree_with_its_makers_library(self):
        seen = 0
        for truth in sorted((CORPUS / "truth-mmdb").glob("*.json")):
            expect = json.loads(truth.read_text())
            file = CORPUS / "mmdb" / expect["file"]
            wanted = []
            for l in expect["lookups"]:
                network = ipaddress.ip_network(l["network"])
                # Other ways to IPv4 (6to4, Teredo) are not announced; IPv6 is kept to /56.
                if not (network.version == 6 and (
                        network.prefixlen > 56 or is_default(l["network"]) or
                        any(network.subnet_of(ipaddress.ip_network(other))
                            for other in ("2002::/16", "2001::/32")))):
                    wanted.append(l)
            have = found(file, [l["ip"] for l in wanted])
            for l, h in zip(wanted, have, strict=True):
                asn = l["record"].get("autonomous_system_number")
                if asn is None:
                    self.assertNotEqual(h[0], "announced", l)
                    continue
                seen += 1
                self.assertEqual((h[0], h[2]), ("announced", str(asn)), l)
                self.assertEqual(h[1], l["network"])
        self.assertGreater(seen, 200)

    def test_refuses_what_is_damaged_and_says_where(self):
        good = {"GeoIP2-ISP-Test.mmdb", "GeoLite2-ASN-Test.mmdb",
                "compactor.GeoLite2-ASN.mmdb.xz"}
        for file in sorted((CORPUS / "mmdb").iterdir()):
            ran = tool("find", file)
            self.assertEqual(ran.returncode, 0 if file.name in good else 1, file.name)
            if ran.returncode:
                self.assertTrue(ran.stderr.startswith(str(file) + ": "), ran.stderr)
                self.assertNotRegex(ran.stderr, "MRT record|Lzma")
        mrt = gzip.decompress((CORPUS / "routing/ripe-bview.20020722.2337.gz").read_bytes())
        with tempfile.TemporaryDirectory() as folder:
            cut = pathlib.Path(folder) / "cut"
            cut.write_bytes(mrt[:100_000])
            ran = tool("find", cut)
            self.assertEqual(ran.returncode, 1)
            self.assertRegex(ran.stderr, r"cut: octet 99\d\d\d: the MRT record here has less "
                                         "than its length: the file is cut short")
            cut.write_bytes((CORPUS / "routing/ripe-bview.20020722.2337.gz").read_bytes()[:9999])
            ran = tool("find", cut)
            self.assertEqual(ran.returncode, 1)
            self.assertRegex(ran.stderr, r"cut: octet \d+: .*cut short")

    def test_knows_a_whole_table_from_an_excerpt(self):
        whole = found(CORPUS / "routing/ripe-bview.20020722.2337.gz",
                      ["207.244.46.1", "207.244.63.9", "240.0.0.1"])
        self.assertEqual(whole, [["announced", "207.244.46.0/24", "21529", ""],
                                 ["announced", "207.244.63.0/24", "21529", ""],
                                 ["unrouted", "", "", ""]])
        part = found(CORPUS / "routing/frr.show_ip_bgp-longer-prefixes.txt", ["192.0.2.1"])
        self.assertEqual(part[0][0], "unknown")
        since = found(CORPUS / "routing/pyasn.ipasn_20140513_v12.dat.gz", ["207.244.46.1"])
        self.assertEqual(since[0][0], "unrouted")


def history(*words, status=0):
    ran = subprocess.run([ROOTWATCH, "origins", "--json", *map(str, words)],
                         capture_output=True, text=True)
    assert ran.returncode == status, (ran.returncode, ran.stderr)
    return json.loads(ran.stdout) if ran.stdout else None, ran.stderr


def day(time):
    return datetime.datetime.fromtimestamp(time, datetime.timezone.utc).date().isoformat()


class History(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="rootwatch-origins-")
        self.dir = pathlib.Path(self.holder.name)

    def tearDown(self):
        self.holder.cleanup()

    def table(self, name, text):
        file = self.dir / name
        file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return file

    def test_has_the_keys_of_the_manual(self):
        told, _ = history("192.0.2.0/24", self.table("2005-01-02", "192.0.2.0/24 64500\n"))
        manual = (pathlib.Path(__file__).parents[2] / "docs/rootwatch.8.scd").read_text()
        keys = set(told) | set(told["history"][0]) | set(told["tables"][0])
        for key in keys:
            self.assertIn(f'"{key}"', manual)
        self.assertEqual(told["schema"], "rootwatch-origins/1")
        self.assertEqual(told["history"], [
            {"from": 1104624000, "to": 1104624000, "tables": 1, "match": "same",
             "prefix": "192.0.2.0/24", "origins": [64500], "routes": 1}])

    def test_takes_a_date_from_where_there_is_one(self):
        line = "192.0.2.0/24 64500\n"
        for argument in (self.table("a.20050118.1200.gz", line),
                         self.table("b", "; of 2005-01-18 12:00\n" + line),
                         f"2005-01-18T12:00={self.table('c', line)}",
                         f"200501181200={self.table('d', line)}"):
            told, _ = history("192.0.2.1", argument)
            self.assertEqual(told["history"][0]["from"], 1106049600, argument)

    def test_tells_what_good_tables_say_when_others_are_bad(self):
        good = self.table("2005-01-18", "192.0.2.0/24 64500\n")
        bad = self.table("2005-01-19", "192.0.2.0/24 64500\n192.0.2.0/24\n")
        undated = self.table("undated=1", "192.0.2.0/24 64500\n")
        told, said = history("192.0.2.0/24", bad, good, undated, self.dir / "none", status=1)
        self.assertEqual([t["file"] for t in told["tables"]], [str(good)])
        self.assertEqual(said.splitlines(), [
            f"rootwatch origins: {bad}:2: not a prefix and an AS number",
            f"rootwatch origins: {undated}: no date in the table or in its name; one can be "
            f"given, as in 2005-01-18={undated}",
            f"rootwatch origins: {self.dir}/none: opening: No such file or directory"])
        nothing, _ = history("192.0.2.0/24", bad, status=1)
        self.assertIsNone(nothing)

    def test_prints_a_table_for_people(self):
        early = self.table("2005-01-08", "192.0.2.0/24 64500\n")
        late = self.table("2005-01-18", "192.0.2.0/24 64501_64502\n")
        ran = subprocess.run([ROOTWATCH, "origins", "192.0.2.0/24", late, early],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0)
        self.assertEqual(ran.stdout.splitlines()[:5], [
            "Who announced 192.0.2.0/24, in 2 tables", "",
            "from        to          tables  announced           origin, AS path",
            "2005-01-08  2005-01-08       1  192.0.2.0/24        AS64500",
            "2005-01-18  2005-01-18       1  192.0.2.0/24        AS64501,AS64502"])

    def test_prints_as_many_origins_as_there_are(self):
        table = self.dir / "many.txt"
        table.write_text("192.0.2.0/24 " + "_".join(str(4294967200 + i) for i in range(16)) +
                         "\n198.51.100.0/24 64500\n")
        ran = subprocess.run([ROOTWATCH, "origins", "192.0.2.0/24", f"2005-01-18={table}"],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout.count("AS42949672"), 16)

    def test_reads_a_large_table_in_little_memory(self):
        """120 MB of MRT through a pipe: all that is kept is what concerns the prefix."""
        most = (-1 if SANITIZED else 64 << 20,) * 2
        table = subprocess.Popen([TABLE, "100000", "30"], stdout=subprocess.PIPE)
        ran = subprocess.run([ROOTWATCH, "origins", "--json", "1.0.13.0/24", "2005-01-18=-"],
                             stdin=table.stdout, capture_output=True,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, most))
        table.stdout.close()
        self.assertEqual((ran.returncode, table.wait()), (0, 0), ran.stderr)
        told = json.loads(ran.stdout)
        self.assertEqual(told["tables"][0]["routes"], 3_000_000)
        self.assertEqual([(r["prefix"], r["origins"], r["routes"]) for r in told["history"]],
                         [("1.0.13.0/24", [2], 30)])

    def test_says_what_is_wrong_with_its_use(self):
        for words in ((), ("192.0.2.0/24",), ("192.0.2.0/33", "x"), ("192.0.2", "x"),
                      ("--what", "192.0.2.0/24", "x")):
            ran = subprocess.run([ROOTWATCH, "origins", *words], capture_output=True, text=True)
            self.assertEqual(ran.returncode, 2, words)
            self.assertIn("usage: rootwatch origins", ran.stderr)

    def test_serves_read_too(self):
        bad = self.table("bad", "192.0.2.0/24 64500\nwhat?\n")
        ran = subprocess.run([ROOTWATCH, "read", "--origins", bad, "/dev/null"],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(ran.stderr,
                         f"rootwatch read: {bad}:2: not a prefix and an AS number\n")

    @unittest.skipUnless(CORPUS.is_dir(), f"no reference corpus in {CORPUS}")
    def test_finds_the_real_history_of_the_case(self):
        """Of the tables in the list three are on this machine: 2002, 2014, 2022."""
        tables = [CORPUS / "routing/ripe-bview.20020722.2337.gz",
                  CORPUS / "routing/pyasn.ipasn_20140513_v12.dat.gz"]
        tables += [LIBLOC] if LIBLOC.exists() else []
        seen, known = 0, {}
        for line in (CORPUS / "seed-prefix-history.tsv").read_text().splitlines()[1:]:
            date, _, prefix, origin, remark = line.split("\t")
            asked = remark[remark.rindex(" ") + 1:-1] if "lookup of" in remark else prefix
            if asked not in known:
                known[asked], _ = history(asked, *tables)
            told = known[asked]
            if date not in {day(t["time"]) for t in told["tables"]}:
                continue
            rows = [r for r in told["history"]
                    if day(r["from"]) <= date <= day(r["to"]) and r["prefix"] == prefix]
            want = [] if origin == "none" else [int(origin.removeprefix("AS"))]
            self.assertEqual([r["origins"] for r in rows], [want], line)
            if "bview" in line:
                self.assertEqual(rows[0]["path"], remark)
            seen += 1
        self.assertEqual(seen, 7 if LIBLOC.exists() else 5)
        told = known["207.244.46.0/24"]
        self.assertEqual([(day(r["from"]), r["match"], r["origins"]) for r in told["history"]][:3],
                         [("2002-07-22", "covers", [21529]), ("2002-07-22", "same", [21529]),
                          ("2014-05-13", "nobody", [])])


def rank(*words, data, status=0):
    ran = subprocess.run([ROOTWATCH, "rank", *map(str, words)], input=data, capture_output=True,
                         text=True)
    assert ran.returncode == status, (ran.returncode, ran.stderr)
    return ran


class Rank(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="rootwatch-rank-")
        self.file = pathlib.Path(self.holder.name) / "table"

    def tearDown(self):
        self.holder.cleanup()

    def make(self, seed):
        """A whole table with holes, nested networks and names; addresses with counts."""
        draw = random.Random(seed)
        table = {}
        for n in range(1, 224):
            if draw.random() < 0.8:
                table[ipaddress.ip_network(f"{n}.0.0.0/8")] = draw.randrange(1, 40)
        for _ in range(2000):
            address = ipaddress.ip_address(draw.randrange(1 << 24, 224 << 24))
            net = ipaddress.ip_network((address, draw.randrange(9, 29)), strict=False)
            table[net] = draw.randrange(1, 400)
        for _ in range(300):
            address = ipaddress.ip_address((0x2001 << 112) + draw.randrange(1 << 20) * (1 << 92))
            table[ipaddress.ip_network((address, draw.randrange(20, 49)), strict=False)] = \
                draw.randrange(1, 400)
        lines = [f"{net}\t{asn}\tName of {asn}\n" for net, asn in table.items()]
        draw.shuffle(lines)
        self.file.write_text("".join(lines))
        hosts = []
        for _ in range(4000):
            if draw.random() < 0.2:
                host = (0x2001 << 112) + draw.randrange(1 << 20) * (1 << 92) + draw.randrange(99)
                hosts.append((ipaddress.IPv6Address(host), draw.randrange(1, 50)))
            else:
                net = draw.choice(list(table)) if draw.random() < 0.5 else None
                host = draw.randrange(1 << 24, 224 << 24) if net is None or net.version == 6 \
                    else int(net[0]) + draw.randrange(net.num_addresses)
                hosts.append((ipaddress.IPv4Address(host), draw.randrange(1, 50)))
        return table, hosts

    def slow(self, table, hosts, by):
        """The same, by looking at every length of a prefix of every address."""
        count, unrouted, unknown = collections.Counter(), 0, 0
        nets = collections.defaultdict(collections.Counter)
        for host, n in hosts:
            for length in range(host.max_prefixlen, 0, -1):
                net = ipaddress.ip_network((host, length), strict=False)
                if net in table:
                    asn = table[net]
                    count[str(net) if by == "cidr" else f"AS{asn}"] += n
                    nets[f"AS{asn}"][net] += n
                    break
            else:  # of IPv6 the table has less than a thousand prefixes
                unrouted, unknown = (unrouted + n, unknown) if host.version == 4 else \
                    (unrouted, unknown + n)
        return count, unrouted, unknown

    def test_agrees_with_a_slow_computation(self):
        for seed, by in ((1, "cidr"), (2, "asn"), (3, "cidr"), (4, "asn")):
            table, hosts = self.make(seed)
            form = ("{0} {1}", "{1} {0}", "  {1}\t{0}\r")[seed % 3]
            data = "".join(form.format(host, n) + "\n" for host, n in hosts)
            have = json.loads(rank("--json", "--top", "all", "--by", by, "--origins", self.file,
                                   data=data).stdout)
            count, unrouted, unknown = self.slow(table, hosts, by)
            total = sum(n for _, n in hosts)
            self.assertEqual({r["key"]: r["count"] for r in have["rows"]}, dict(count))
            self.assertEqual((have["total"], have["unrouted"], have["unknown"]),
                             (total, unrouted, unknown))
            counts = [r["count"] for r in have["rows"]]
            self.assertEqual(counts, sorted(counts, reverse=True))
            so_far = 0
            for n, row in enumerate(have["rows"], 1):
                so_far += row["count"]
                self.assertEqual(row["rank"], n)
                self.assertAlmostEqual(row["share"], row["count"] / total, 8)
                self.assertAlmostEqual(row["cumulative"], so_far / total, 8)
                self.assertEqual(row["name"], f"Name of {row['asn']}")
                self.assertEqual(table[ipaddress.ip_network(row["prefix"])], row["asn"])

    def test_prints_a_table_for_people(self):
        self.file.write_text("192.0.2.0/24 64500 Example\n198.51.100.0/24 64501\n")
        ran = rank("--origins", self.file, "--top", 1, data=
                   "192.0.2.1\n192.0.2.2\n::ffff:192.0.2.3\n198.51.100.9\n203.0.113.1\n")
        self.assertEqual(ran.stdout.splitlines(), [
            "rank     cum %       %         count  AS            CIDR                  name",
            "   1     60.00   60.00             3  AS64500       192.0.2.0/24          Example",
            "                 20.00             1  1 more",
            "                 20.00             1  unknown: not in the table",
            "                                   5  in all"])

    def test_counts_bad_lines_and_names_the_first(self):
        self.file.write_text("192.0.2.0/24 64500 Example\n")
        ran = rank("--json", "--origins", self.file, status=1, data=
                   "# a list\n\n192.0.2.1 7\nno\033such\n192.0.2.1 x\n192.0.2.1 1 1\n"
                   "192.0.2\n192.0.2.1 -1\n192.0.2.1 1000000000001\n")
        have = json.loads(ran.stdout)
        self.assertEqual((have["total"], have["bad_lines"]), (7, 6))
        self.assertEqual(ran.stderr, "rootwatch rank: lines without an address, not counted: 6; "
                                     "the first: line 4: \"no?such\"\n")

    def test_has_the_keys_of_the_manual(self):
        self.file.write_text("192.0.2.0/24 64500 Example\n")
        have = json.loads(rank("--json", "--origins", self.file, data="192.0.2.1\n").stdout)
        manual = (pathlib.Path(__file__).parents[2] / "docs/rootwatch.8.scd").read_text()
        for key in [*have, *have["rows"][0]]:
            self.assertIn(f'"{key}"', manual)
        nothing = json.loads(rank("--json", "--origins", self.file, data="").stdout)
        self.assertEqual((nothing["rows"], nothing["total"]), ([], 0))

    def test_says_what_is_wrong_with_its_use(self):
        for words in (("--by", "name"), ("--top", "few"), ("list",), ("--origins", "-")):
            self.assertIn("usage: rootwatch rank", rank(*words, data="", status=2).stderr)
        ran = rank("--origins", self.file, data="192.0.2.1\n", status=1)
        self.assertEqual(ran.stderr, f"rootwatch rank: {self.file}: opening: No such file or "
                                     "directory\n")

    @unittest.skipUnless(LIBLOC.exists(), f"no {LIBLOC}")
    def test_takes_a_million_addresses(self):
        draw = random.Random(5)
        data = "".join(f"{ipaddress.IPv4Address(draw.randrange(1 << 24, 224 << 24))}\n"
                       for _ in range(1000)) * 1000
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        ran = rank("--json", data=data)
        took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        self.assertEqual(json.loads(ran.stdout)["total"], 1_000_000)
        print(f"a million addresses in {took:.1f} s of CPU", file=sys.stderr)


@unittest.skipUnless(LIBLOC.exists(), f"no {LIBLOC}")
class Libloc(unittest.TestCase):
    def test_agrees_with_its_own_program(self):
        lookups = found(LIBLOC, ["207.244.46.1", "146.82.138.6", "2001:500:2f::f"])
        self.assertEqual(lookups[0][:3], ["unknown", "207.244.0.0/18", ""])
        self.assertEqual(lookups[1][:3], ["announced", "146.82.128.0/18", "3549"])
        self.assertEqual(lookups[2][2], "3557")
        self.assertTrue(lookups[2][3])

    def test_refuses_a_cut_one(self):
        with tempfile.TemporaryDirectory() as folder:
            cut = pathlib.Path(folder) / "cut"
            whole = LIBLOC.read_bytes()
            for size in (9, 5000, 1_000_000, len(whole) // 2, len(whole) - 1):
                cut.write_bytes(whole[:size])
                ran = tool("find", cut)
                self.assertEqual(ran.returncode, 1, size)
                self.assertIn("cut: libloc", ran.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
