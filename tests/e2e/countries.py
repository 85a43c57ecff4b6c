#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`rank --by country` and `report --by country` against a slow computation, over databases that
are made here; over those of others, against what is known of them.

usage: countries.py ROOTWATCH THE_CASE
"""
import collections, ipaddress, json, os, pathlib, random, struct, subprocess, sys, tempfile, unittest

ROOTWATCH, THE_CASE = sys.argv[1:3]
CORPUS = pathlib.Path(os.environ.get("ROOTWATCH_CORPUS",
                                     pathlib.Path(__file__).parents[3] / "shared/corpus")) / "mmdb"
LIBLOC = pathlib.Path("/usr/share/libloc-location/location.db")
CASE, HOUR = 1105920000, 3600
MANUAL = (pathlib.Path(__file__).parents[2] / "docs/rootwatch.8.scd").read_text()


def run(*words, status=0, text=None):
    ran = subprocess.run([ROOTWATCH, *map(str, words)], capture_output=True, text=True, input=text)
    assert ran.returncode == status, (words, ran.returncode, ran.stderr)
    return ran


# ---- An MMDB (https://maxmind.github.io/MaxMind-DB/), IPv4 below ::/96 -----------------------

def encoded(value):
    if isinstance(value, bytes):  # done
        return value
    if isinstance(value, dict):
        return bytes([7 << 5 | len(value)]) + b"".join(encoded(k) + encoded(v)
                                                       for k, v in value.items())
    if isinstance(value, str):
        octets = value.encode()
        size = [2 << 5 | len(octets)] if len(octets) < 29 else [2 << 5 | 29, len(octets) - 29]
        return bytes(size) + octets
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(encoded, value))
    return bytes([6 << 5 | 4]) + struct.pack(">I", value)


def u16(value):
    return bytes([5 << 5 | 2]) + struct.pack(">H", value)


class Tree:
    def __init__(self):
        self.nodes = [[None, None]]

    def put(self, net, record):
        """Networks come with the shortest first."""
        length = net.prefixlen + (96 if net.version == 4 else 0)
        bits, node = f"{int(net.network_address):0128b}"[:length], 0
        for bit in map(int, bits[:-1]):
            below = self.nodes[node][bit]
            if not isinstance(below, int):
                self.nodes.append([below, below])
                self.nodes[node][bit] = len(self.nodes) - 1
            node = self.nodes[node][bit]
        self.nodes[node][int(bits[-1])] = (record,)


def mmdb(table):
    """Of networks with their records."""
    tree, data, places = Tree(), b"", {}
    for net in sorted(table, key=lambda n: n.prefixlen + (96 if n.version == 4 else 0)):
        tree.put(net, encoded(table[net]))
    count, out = len(tree.nodes), b""
    for below in (b for node in tree.nodes for b in node):
        if isinstance(below, tuple):
            if below[0] not in places:
                places[below[0]] = len(data)
                data += below[0]
            below = count + 16 + places[below[0]]
        out += struct.pack(">I", count if below is None else below)
    return out + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encoded({
        "binary_format_major_version": u16(2), "binary_format_minor_version": u16(0),
        "build_epoch": bytes([8, 9 - 7]) + struct.pack(">Q", 1106049600),
        "database_type": "Made", "description": {}, "ip_version": u16(6), "languages": [],
        "node_count": count, "record_size": u16(32)})


FORMS = (  # of a record, and what it says
    lambda c: ({"country": {"iso_code": c}, "registered_country": {"iso_code": "XY"}}, c),
    lambda c: ({"registered_country": {"iso_code": c}}, c),
    lambda c: ({"country": c, "asn": "AS64500", "as_name": "One"}, c),
    lambda c: ({"country_code": c, "country": "Long Name"}, c),
    lambda c: ({"autonomous_system_number": 64501}, None),
    lambda c: ({"country": {"iso_code": c.lower()}}, None),
    lambda c: ({"country": {"iso_code": c + "X"}}, None),
    lambda c: ({"continent": {"code": "EU"}}, "around"),  # no network of ours
)


class Slow:
    def __init__(self, seed, nets):
        """Some of the networks, with records of every form."""
        draw = random.Random(seed)
        self.records, self.says = {}, {}
        codes = ["".join(draw.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(2))
                 for _ in range(30)] + ["A1", "T1"]
        for net in sorted(nets, key=str):
            if draw.random() < 0.7:
                self.records[net], says = draw.choice(FORMS)(draw.choice(codes))
                self.says[net] = says
        self.lengths = {v: sorted({n.prefixlen for n in self.records if n.version == v})[::-1]
                        for v in (4, 6)}

    def country(self, net):
        bits, address = net.max_prefixlen, int(net.network_address)
        for length in (n for n in self.lengths[net.version] if n <= net.prefixlen):
            above = ipaddress.ip_network((address >> bits - length << bits - length, length)) \
                if net.version == 4 else \
                ipaddress.IPv6Network((address >> bits - length << bits - length, length))
            if above in self.says:  # in an MMDB nothing is around a network: it is cut in pieces
                return None if self.says[above] == "around" else self.says[above]
        return None


class Countries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-countries-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.file = cls.dir / "made.mmdb"

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def rank(self, data, *words, status=0):
        ran = run("rank", "--by", "country", "--origins", self.file, *words, text=data,
                  status=status)
        return json.loads(ran.stdout) if "--json" in words else ran.stdout or ran.stderr

    def check(self, have, count, unknown, total):
        self.assertEqual({r["key"]: r["count"] for r in have["rows"]}, dict(count))
        self.assertEqual((have["unknown"], have["unrouted"], have["total"]), (unknown, 0, total))
        self.assertEqual([(r["count"], r["key"]) for r in have["rows"]],
                         sorted(((n, c) for c, n in count.items()), key=lambda r: (-r[0], r[1])))
        so_far = 0
        for n, row in enumerate(have["rows"], 1):
            so_far += row["count"]
            self.assertEqual(row["rank"], n)
            self.assertAlmostEqual(row["cumulative"], so_far / total, 8)
            self.assertEqual(set(row) & {"asn", "prefix", "name", "origin"}, set())

    def test_ranks_as_a_slow_computation_does(self):
        draw, nets, hosts = random.Random(1), set(), []
        for _ in range(1500):
            v4 = ipaddress.ip_address(draw.randrange(1 << 24, 224 << 24))
            v6 = ipaddress.ip_address((0x2a00 << 112) + draw.randrange(1 << 20) * (1 << 92))
            nets.add(ipaddress.ip_network((v4, draw.randrange(8, 27)), strict=False))
            nets.add(ipaddress.ip_network((v6, draw.randrange(20, 49)), strict=False))
            hosts += [(v4, draw.randrange(1, 9)), (v6 + draw.randrange(99), 1),
                      (ipaddress.ip_address(draw.randrange(1 << 24, 224 << 24)), 1)]
        slow, count, unknown = Slow(2, nets), collections.Counter(), 0
        self.file.write_bytes(mmdb(slow.records))
        for host, n in hosts:
            country = slow.country(ipaddress.ip_network(host))
            unknown += 0 if country else n
            count[country] += n if country else 0
        count.pop(None)
        self.assertGreater(len(count), 30)
        self.assertGreater(unknown, 500)
        have = self.rank("".join(f"{h} {n}\n" for h, n in hosts), "--json", "--top", "all")
        self.check(have, count, unknown, sum(n for _, n in hosts))

    def test_knows_no_country_of_what_is_in_several(self):
        """IPv6 is kept by /56."""
        code = lambda c: {"country": {"iso_code": c}}
        self.file.write_bytes(mmdb({
            ipaddress.ip_network("2001:db8::/57"): code("AA"),
            ipaddress.ip_network("2001:db8:0:80::/57"): code("BB"),
            ipaddress.ip_network("2001:db8:1::/57"): code("AA"),
            ipaddress.ip_network("2001:db8:1:80::/57"): code("AA"),
            ipaddress.ip_network("192.0.2.0/25"): code("AA"),
            ipaddress.ip_network("192.0.2.128/25"): code("BB")}))
        have = self.rank("2001:db8::1\n2001:db8:1::1\n192.0.2.1\n192.0.2.200 3\n", "--json")
        self.check(have, {"BB": 3, "AA": 2}, 1, 6)

    def test_prints_a_table_for_people(self):
        self.file.write_bytes(mmdb({ipaddress.ip_network("192.0.2.0/24"): {"country": "AA"},
                                    ipaddress.ip_network("198.51.100.0/24"): {"country": "BB"}}))
        said = self.rank("192.0.2.1\n192.0.2.2\n198.51.100.1\n203.0.113.1\n", "--top", 1)
        self.assertEqual(said.splitlines(), [
            "rank     cum %       %         count  country",
            "   1     50.00   50.00             2  AA",
            "                 25.00             1  1 more",
            "                 25.00             1  unknown: the table has no country for them",
            "                                   4  in all"])

    def test_refuses_a_table_without_countries(self):
        self.file.write_text("192.0.2.0/24 64500 Example\n")
        self.assertEqual(self.rank("192.0.2.1\n", status=1), f"rootwatch rank: {self.file}: a table "
                         "of origins (list) without countries; libloc's database would do, or an "
                         "MMDB with them\n")
        net = ipaddress.ip_network("192.0.2.0/24")
        self.file.write_bytes(mmdb({net: {"autonomous_system_number": 64500}}))
        self.assertIn("(MMDB) without countries; libloc", self.rank("192.0.2.1\n", status=1))
        self.file.write_bytes(mmdb({net: {"continent": "EU"}}))
        self.assertIn(": an MMDB without countries (Made)\n", self.rank("192.0.2.1\n", status=1))
        self.file.write_bytes(mmdb({net: {"country": "AA"}}))
        ran = run("rank", "--by", "asn", "--origins", self.file, text="192.0.2.1\n", status=1)
        self.assertIn(": an MMDB without AS numbers (Made)\n", ran.stderr)

    def test_reports_as_a_slow_computation_does(self):
        state, said = self.dir / "state", {}
        for begin in (35, 36):
            part = self.dir / f"{begin}.pcap"
            with open(part, "wb") as to:
                subprocess.run([THE_CASE, "--rate", "0.003", "--from", str(begin * HOUR), "--to",
                                str((begin + 1) * HOUR)], stdout=to, check=True)
            said[begin, begin + 1] = collections.Counter({
                ipaddress.ip_network(p["prefix"]): p["queries"] for p in json.loads(run(
                    "read", "--json", "--prefixes", "all", part).stdout)["prefixes"]})
        said[35, 37] = said[35, 36] + said[36, 37]
        run("read", "--state", state, self.dir / "35.pcap", self.dir / "36.pcap")
        nets = {n.supernet(new_prefix=length) for n in said[35, 37]
                for length in (n.prefixlen - 6, n.prefixlen - 1)}
        slow = Slow(5, nets)
        self.file.write_bytes(mmdb(slow.records))
        words = ("report", "--by", "country", "--state", state, "--origins", self.file)
        for begin, end in said:
            count, unknown = collections.Counter(), 0
            for net, n in said[begin, end].items():
                country = slow.country(net)
                unknown += 0 if country else n
                count[country] += n if country else 0
            count.pop(None)
            have = json.loads(run(*words, "--json", "--top", "all", "--from", CASE + begin * HOUR,
                                  "--to", CASE + end * HOUR).stdout)
            self.check(have, count, unknown, said[begin, end].total())
            self.assertEqual((have["by"], have["rest"]), ("country", 0))
            for key in set(have) | set(have["rows"][0]):
                self.assertTrue(f'"{key}"' in MANUAL, key)
            if (begin, end) != (36, 37):
                continue
            self.assertTrue(have["compared"])
            for row in have["rows"]:
                was = sum(n for net, n in said[35, 36].items() if slow.country(net) == row["key"])
                self.assertEqual(row["before"], was)
        text = run(*words).stdout
        self.assertTrue(text.startswith("Queries by country, 2005-01-"))
        self.assertRegex(text, r"\n +[\d.]+ +\d+ +unknown: the table has no country for them\n")
        ran = run("report", "--by", "country", "--state", state, "--origins", "/dev/null", status=1)
        self.assertIn("/dev/null", ran.stderr)

    def test_leaves_out_what_is_beside_its_networks(self):
        self.file.write_bytes(mmdb({ipaddress.ip_network("192.0.2.128/25"): {"country": "AA"}}))
        self.check(self.rank("192.0.2.1\n192.0.2.129 4\n", "--json"), {"AA": 4}, 1, 5)

    @unittest.skipUnless(CORPUS.is_dir(), f"no reference corpus in {CORPUS}: set ROOTWATCH_CORPUS")
    def test_reads_databases_of_their_makers(self):
        """Whose countries of these addresses are in the makers' own tests."""
        known = {"81.2.69.142": "GB", "2.125.160.216": "GB", "216.160.83.56": "US",
                 "89.160.20.112": "SE", "175.16.199.0": "CN", "67.43.156.0": "BT",
                 "2001:218::": "JP"}
        for name in ("GeoIP2-City-Test.mmdb", "GeoIP2-Country-Shield-Test.mmdb"):
            for address, country in known.items():
                have = json.loads(run("rank", "--by", "country", "--json", "--origins",
                                      CORPUS / name, text=f"{address}\n").stdout)
                self.assertEqual([r["key"] for r in have["rows"]], [country], (name, address))

    @unittest.skipUnless(LIBLOC.exists(), f"no {LIBLOC}")
    def test_reads_libloc_by_default(self):
        have = json.loads(run("rank", "--by", "country", "--json", text="193.0.6.139\n"
                              "2001:67c:2e8:22::c100:68b\n202.12.29.175\n10.0.0.1\n").stdout)
        self.check(have, {"NL": 2, "AU": 1}, 1, 4)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
