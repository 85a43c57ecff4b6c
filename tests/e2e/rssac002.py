#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`rootwatch rssac002` against counts made while the captures are: every message, by itself.

usage: rssac002.py ROOTWATCH
"""
import collections, datetime, ipaddress, pathlib, random, re, shutil, sqlite3, struct, subprocess
import sys, tempfile, time, unittest

try:
    import yaml
except ImportError:
    yaml = None

ROOTWATCH = sys.argv[1]
DAY = 1768435200  # 2026-01-15
HOUR = 3600
SERVERS = {4: "192.0.2.53", 6: "2001:db8::53"}
METRICS = ("traffic-volume", "traffic-sizes", "rcode-volume", "unique-sources")


# ---- Captures

def pcap(frames):
    """Raw IP, in the order of time."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for time, frame in sorted(frames):
        parts += [struct.pack("<IIII", int(time), round(time % 1 * 1e6), len(frame), len(frame)),
                  frame]
    return b"".join(parts)


def ip(source, to, protocol, body, fragment=0, identification=0):
    a, b = ipaddress.ip_address(source), ipaddress.ip_address(to)
    if a.version == 6:
        assert not fragment
        return struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + a.packed + b.packed + body
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), identification, fragment, 64, protocol,
                       0) + a.packed + b.packed + body


def udp(source, port, to, to_port, message):
    return ip(source, to, 17, struct.pack("!HHHH", port, to_port, 8 + len(message), 0) + message)


def tcp(source, port, to, to_port, sequence, flags, body=b""):
    return ip(source, to, 6, struct.pack("!HHIIBBHHH", port, to_port, sequence, 0, 0x50, flags, 4096,
                                         0, 0) + body)


def opt(octets, rcode=0):
    """An OPT record of 11 octets and, where that is more, padding."""
    more = octets - 11
    data = struct.pack("!HH", 12, more - 4) + bytes(more - 4) if more >= 4 else b""
    return b"\0" + struct.pack("!HHBBHH", 41, 1232, rcode >> 4, 0, 0, len(data)) + data


def message(size, response=False, rcode=0, opcode=0):
    """A DNS message of so many octets, 17 or from 28 or 32 on."""
    question = b"\0" + struct.pack("!HH", 2, 1)
    extra = opt(size - 12 - len(question), rcode) if size > 17 else b""
    flags = (0x8400 if response else 0x0100) | opcode << 11 | rcode & 15
    head = struct.pack("!HHHHHH", 7, flags, 1, 0, 0, 1 if extra else 0)
    assert len(head + question + extra) == size, size
    return head + question + extra


class Truth:
    """What RSSAC002 asks for, as it is sent."""

    def __init__(self):
        self.volume = collections.Counter()
        self.sizes = collections.defaultdict(collections.Counter)
        self.rcodes = collections.Counter()
        self.sources = set()

    def __or__(self, other):
        both = Truth()
        both.volume = self.volume + other.volume
        both.rcodes = self.rcodes + other.rcodes
        both.sources = self.sources | other.sources
        for key in set(self.sizes) | set(other.sizes):
            both.sizes[key] = self.sizes[key] + other.sizes[key]
        return both

    def note(self, transport, client, size, response, rcode):
        version = ipaddress.ip_address(client).version
        self.volume[f"dns-{transport}-{'responses-sent' if response else 'queries-received'}"
                    f"-ipv{version}"] += 1
        last, low = (4096, size // 16 * 16) if response else (288, size // 16 * 16)
        bin = f"{low}-{low + 15}" if low < last else f"{last}-"
        self.sizes[f"{transport}-{'response' if response else 'request'}-sizes"][bin] += 1
        if response:
            self.rcodes[rcode if size > 17 else rcode & 15] += 1  # the rest stands in OPT
        else:
            self.sources.add(ipaddress.ip_address(client))

    def documents(self):
        four = {a for a in self.sources if a.version == 4}
        six = self.sources - four
        volume = {f"dns-{t}-{what}-ipv{v}": 0 for t in ("udp", "tcp") for v in (4, 6)
                  for what in ("queries-received", "responses-sent")}
        sizes = {f"{t}-{what}-sizes": {} for t in ("udp", "tcp") for what in ("request", "response")}
        return {
            "traffic-volume": volume | self.volume,
            "traffic-sizes": sizes | {k: dict(c) for k, c in self.sizes.items()},
            "rcode-volume": dict(self.rcodes),
            "unique-sources": {
                "num-sources-ipv4": len(four), "num-sources-ipv6": len(six),
                "num-sources-ipv6-aggregate": len({a.packed[:8] for a in six})},
        }


class Site:
    """One instance: its frames, and the truth about them."""

    def __init__(self, seed):
        self.draw, self.frames, self.truth, self.port = random.Random(seed), [], Truth(), 1024

    def next_port(self):
        self.port += 1
        return self.port

    def pair(self, time, client, transport="udp", query=40, answer=100, rcode=0, opcode=0,
             response=True):
        """A query, and its answer."""
        server, port = SERVERS[ipaddress.ip_address(client).version], self.next_port()
        sent = [(False, query, message(query, opcode=opcode))]
        if response:
            sent.append((True, answer, message(answer, True, rcode, opcode)))
        for back, size, octets in sent:
            ends = (server, 53, client, port) if back else (client, port, server, 53)
            self.truth.note(transport, client, size, back, rcode)
            if transport == "udp":
                self.frames.append((time, udp(*ends, octets)))
            else:
                stream = struct.pack("!H", size) + octets
                self.frames.append((time, tcp(*ends, 1000, 2)))
                for at in range(0, len(stream), 1000):  # in several segments where it is long
                    self.frames.append((time + 1e-5 * (1 + at // 1000),
                                        tcp(*ends, 1001 + at, 0x18, stream[at:at + 1000])))
            time += 0.001

    def fragmented(self, time, client, size, rcode):
        """A response over UDP and IPv4 in two fragments."""
        octets = message(size, True, rcode)
        self.truth.note("udp", client, size, True, rcode)
        whole = struct.pack("!HHHH", 53, 4444, 8 + size, 0) + octets
        self.frames.append((time, ip(SERVERS[4], client, 17, whole[:1480], 0x2000, 9)))
        self.frames.append((time + 1e-5, ip(SERVERS[4], client, 17, whole[1480:], 1480 // 8, 9)))

    def hour(self, start, clients, count, span=HOUR - 10):
        for _ in range(count):
            client = self.draw.choice(clients)
            self.pair(start + self.draw.uniform(0, span), client,
                      transport=self.draw.choice(("udp", "udp", "tcp")),
                      query=self.draw.choice((17, 28, 40, 47, 48, 287, 288, 400)),
                      answer=self.draw.choice((17, 28, 511, 512, 1231, 1232)),
                      rcode=self.draw.choice((0, 0, 3, 3, 5, 16, 23)),
                      opcode=self.draw.choice((0, 0, 0, 4)))


def clients(draw, four, six):
    """So many /24s and /64s, some with many hosts, some with all."""
    found = [f"198.51.100.{host}" for host in range(256)]
    for _ in range(four):
        network = draw.randrange(1 << 24)
        found += [str(ipaddress.ip_address(network << 8 | draw.randrange(256)))
                  for _ in range(draw.choice((1, 1, 2, 40)))]
    for _ in range(six):
        network = 0x2001_0db8 << 96 | draw.randrange(1 << 20) << 64
        found += [str(ipaddress.ip_address(network | draw.randrange(1 << 64)))
                  for _ in range(draw.choice((1, 3)))]
    return found


# ---- Reading

def parse(text):
    """The YAML that these files may be made of, and nothing else."""
    lines = text.splitlines()
    assert lines.pop(0) == "---"
    values, inner = {}, None
    for line in lines:
        if line.startswith("# "):
            continue
        found = re.fullmatch(r"(  )?([0-9A-Za-z-]+):(?: (\S.*))?", line)
        assert found, line
        indent, key, value = found.groups()
        key = int(key) if key.isdigit() else key
        where = values[inner] if indent else values
        assert key not in where, line
        if value is None:
            inner, where[key] = key, {}
        elif value == "{}":
            where[key] = {}
        elif value.isdigit():
            where[key] = int(value)
        else:
            where[key] = value.strip("'")
    if yaml is not None:
        assert yaml.safe_load(text) == values
    return values


def notes(text):
    return [line[2:] for line in text.splitlines() if line.startswith("# ")]


def run(*words, status=0):
    ran = subprocess.run([ROOTWATCH, *map(str, words)], capture_output=True, text=True)
    assert ran.returncode == status, (words, ran.returncode, ran.stdout, ran.stderr)
    return ran


class Rssac002(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        """Two sites that share clients, each over two hours, and the end of the day."""
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-rssac002-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.config = cls.write_config("x.root-servers.net")
        draw = random.Random(1)
        shared, cls.sites, cls.states = clients(draw, 60, 60), [], []
        for n in range(2):
            site = Site(n)
            own = shared + clients(draw, 60, 40)
            for hour in (10, 11):
                site.hour(DAY + hour * HOUR, own, 1500)
            site.fragmented(DAY + 10 * HOUR + 7, "198.51.100.7", 2000, 3)
            site.pair(DAY + 11 * HOUR + 8, "198.51.100.8", "tcp", answer=4095)
            site.pair(DAY + 11 * HOUR + 9, "2001:db8::9", "tcp", answer=4096)
            site.pair(DAY + 11 * HOUR + 10, "2001:db8::9", "tcp", answer=9000)
            site.pair(DAY + 24 * HOUR - 0.01, f"203.0.113.{n}")
            frames, site.frames = site.frames, []
            truth, site.truth = site.truth, Truth()
            site.pair(DAY + 24 * HOUR, f"203.0.113.{100 + n}")  # the next day's first
            site.next_day, site.truth = site.truth, truth
            cls.sites.append(site)
            cls.states.append(cls.read(f"state{n}", frames + site.frames, parts=n + 1))

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def write_config(cls, service, more="", name="rootwatch.yaml"):
        path = cls.dir / name
        path.write_text(f"server:\n  addresses: [{SERVERS[4]}, '{SERVERS[6]}']\n"
                        f"rssac002:\n  service: '{service}'\n{more}")
        return path

    @classmethod
    def read(cls, name, frames, parts=1, config=None):
        """Into a state directory, in several runs that meet in the middle of an hour."""
        frames, state = sorted(frames), cls.dir / name
        cuts = [0] + [int(frames[len(frames) * k // parts][0]) for k in range(1, parts)] + [1 << 40]
        for part, (start, end) in enumerate(zip(cuts, cuts[1:])):
            file = cls.dir / f"{name}-{part}.pcap"
            file.write_bytes(pcap(frame for frame in frames if start <= frame[0] < end))
            run("read", "-c", config or cls.config, "--state", state, file)
        return state

    def publish(self, *states, day="2026-01-15", status=0, config=None):
        out = pathlib.Path(tempfile.mkdtemp(dir=self.dir))
        words = [word for state in states for word in ("--state", state)]
        ran = run("rssac002", "-c", config or self.config, *words, "--out", out, day, status=status)
        files = {str(f.relative_to(out)): f.read_text() for f in out.rglob("*") if f.is_file()}
        return ran, files

    def check(self, files, truth, service="x.root-servers.net", short="x-root", day="2026-01-15"):
        digits = day.replace("-", "")
        self.assertEqual(set(files), {f"{day[:4]}/{day[5:7]}/{m}/{short}-{digits}-{m}.yaml"
                                      for m in METRICS})
        for name, text in files.items():
            metric = name.split("/")[2]
            want = {"version": "rssac002v5", "service": service, "metric": metric,
                    "start-period": f"{day}T00:00:00Z"} | truth.documents()[metric]
            self.assertEqual(parse(text), want, metric)
            self.assertIn(f"\nstart-period: '{day}T00:00:00Z'\n", text)

    # What is published

    def test_is_exact_for_one_instance(self):
        for site, state in zip(self.sites, self.states):
            ran, files = self.publish(state)
            self.check(files, site.truth)
            for name in files:
                self.assertIn(f"/{name}\n", ran.stdout)

    def test_adds_sums_and_unites_sources_of_several_instances(self):
        _, files = self.publish(*self.states)
        both = self.sites[0].truth | self.sites[1].truth
        self.check(files, both)
        apart = sum(len(s.truth.sources) for s in self.sites)
        self.assertLess(len(both.sources) + 200, apart)

    def test_ends_a_day_at_midnight(self):
        _, files = self.publish(*self.states, day="2026-01-16")
        self.check(files, self.sites[0].next_day | self.sites[1].next_day, day="2026-01-16")

    def test_sums_of_sizes_and_rcodes_are_those_of_volume(self):
        _, files = self.publish(*self.states)
        have = {name.split("/")[2]: parse(text) for name, text in files.items()}
        for transport in ("udp", "tcp"):
            for kind, what in (("request", "queries-received"), ("response", "responses-sent")):
                self.assertEqual(
                    sum(have["traffic-sizes"][f"{transport}-{kind}-sizes"].values()),
                    sum(have["traffic-volume"][f"dns-{transport}-{what}-ipv{v}"] for v in (4, 6)))
        self.assertEqual(
            sum(n for key, n in have["rcode-volume"].items() if isinstance(key, int)),
            sum(n for key, n in have["traffic-volume"].items() if "responses" in str(key)))

    def test_counts_once_what_is_read_twice(self):
        for name, responses_alone in (("twice", False), ("deaf-twice", True)):
            site = Site(11)
            for n in range(90):
                site.pair(DAY + 40 * n, f"198.51.100.{n}")
            if responses_alone:
                site.frames = [f for f in site.frames if f[1][20:22] == b"\0\x35"]
            runs = [self.publish(self.read(name, site.frames))[1] for _ in range(2)]
            self.assertEqual(len(runs[0]), 3 if responses_alone else 4)
            self.assertEqual(*runs)

    def test_replaces_what_it_wrote_before(self):
        out = self.dir / "again"
        words = ("rssac002", "-c", self.config, "--out", out, "2026-01-15")
        run(*words, "--state", self.states[0])
        run(*words, "--state", self.states[1])
        files = {str(f.relative_to(out)): f.read_text() for f in out.rglob("*") if f.is_file()}
        self.check(files, self.sites[1].truth)

    def test_names_files_of_a_tld(self):
        config = self.write_config("A.nic.example", name="tld.yaml")
        site = Site(5)
        site.pair(DAY, "198.51.100.1")
        _, files = self.publish(self.read("tld", site.frames, config=config), config=config)
        self.check(files, site.truth, service="A.nic.example", short="a-nic-example")

    def test_quotes_a_service_that_is_no_text_to_yaml(self):
        config = self.write_config("12", name="number.yaml")
        site = Site(5)
        site.pair(DAY, "198.51.100.1")
        _, files = self.publish(self.read("number", site.frames, config=config), config=config)
        self.assertTrue(all("\nservice: '12'\n" in text for text in files.values()))

    def test_takes_the_service_from_what_was_counted(self):
        plain = self.dir / "plain.yaml"
        plain.write_text("site: here\n")
        _, files = self.publish(self.states[0], config=plain)
        self.check(files, self.sites[0].truth)

    # What is said

    def test_says_how_much_was_captured(self):
        ran, files = self.publish(*self.states)
        text = files["2026/01/traffic-volume/x-root-20260115-traffic-volume.yaml"]
        line = next(n for n in notes(text) if n.startswith("warning: captured: "))
        seconds = int(re.fullmatch(r"warning: captured: (\d+) of 172800 s", line)[1])
        with sqlite3.connect(self.states[0] / "rootwatch.db") as db, \
             sqlite3.connect(self.states[1] / "rootwatch.db") as other:
            minutes = sum(d.execute("SELECT sum(json_extract(doc, '$.covered')) FROM minutes"
                                    " WHERE start < ?", (DAY + 24 * HOUR,)).fetchone()[0]
                          for d in (db, other))
        self.assertAlmostEqual(seconds, minutes, delta=2)
        self.assertIn(f"rootwatch rssac002: {line}\n", ran.stderr)
        self.assertNotIn(line, ran.stdout)
        for name in files:
            self.assertEqual(notes(files[name])[1:], notes(text)[1:])

    def test_says_what_was_lost(self):
        site = Site(6)
        site.pair(DAY, "198.51.100.1")
        query = message(40)
        whole = udp("198.51.100.2", 9999, SERVERS[4], 53, query)
        site.frames.append((DAY + 1, whole[:12]))  # an IP header that ends too early
        site.frames.append((DAY + 2, udp("198.51.100.3", 9999, SERVERS[4], 53, query[:20])))
        site.truth.note("udp", "198.51.100.3", 20, False, 0)
        site.frames.append((DAY + 3, ip("198.51.100.4", SERVERS[4], 17, whole[20:44], 0x2000, 3)))
        # Responses to the server are its own look-ups, or reflected: none of its own.
        site.frames.append((DAY + 4, udp("198.51.100.5", 53, SERVERS[4], 53, message(40, True))))
        _, files = self.publish(self.read("lossy", site.frames))
        self.check(files, site.truth)
        said = notes(files["2026/01/unique-sources/x-root-20260115-unique-sources.yaml"])
        self.assertIn("warning: frames that may have held a message, and were not decoded: 1", said)
        self.assertIn("malformed messages, which are counted: 1", said)
        self.assertIn("lost of what comes in parts: datagrams, fragments never came: 1", said)
        self.assertIn("frames dropped: 0 by the kernel, 0 by the interface, of 6", said)

    def test_publishes_of_one_direction_what_is_known(self):
        site = Site(7)
        for n in range(20):
            site.pair(DAY + n, f"2001:db8:{n}::1", response=False)
        ran, files = self.publish(self.read("deaf", site.frames))
        self.assertEqual({name.split("/")[2] for name in files}, set(METRICS) - {"rcode-volume"})
        for name, text in files.items():
            metric, have = name.split("/")[2], parse(text)
            want = {k: v for k, v in site.truth.documents()[metric].items()
                    if "response" not in k}
            self.assertEqual({k: have[k] for k in set(have) - {"version", "service", "metric",
                                                             "start-period"}}, want)
            self.assertIn("warning: the capture has no responses: only what is known of queries "
                          "is told", notes(text))
            self.assertIn("warning: hours with queries and without a response: 1", notes(text))
        self.assertRegex(ran.stdout, r"\nnot written: .*-rcode-volume.yaml\n")

    def spoil(self, name, *statements):
        state = self.dir / name
        shutil.copytree(self.states[0], state)
        with sqlite3.connect(state / "rootwatch.db") as db:
            for words in statements:
                db.execute(words)
        db.close()
        return state

    def test_leaves_out_an_hour_that_cannot_be_read(self):
        at = DAY + 10 * HOUR
        for name, change in (
                ("set", "sources = CAST(substr(sources, 1, 99) || x'5a' || substr(sources, 101)"
                        " AS BLOB)"),
                ("sum", "doc = json_set(doc, '$.rcode.0', 1)"),
                ("text", "doc = '7'"), ("empty", "sources = x''")):
            with self.subTest(name):
                state = self.spoil(f"spoilt-{name}",
                                   f"UPDATE rssac002 SET {change} WHERE start = {at}")
                ran, files = self.publish(state)
                self.assertIn("warning: hours that cannot be read, and are left out: 1\n",
                              ran.stderr)
                rest = self.spoil(f"rest-{name}", f"DELETE FROM rssac002 WHERE start = {at}")
                _, without = self.publish(rest)
                self.assertEqual({n: parse(t) for n, t in files.items()},
                                 {n: parse(t) for n, t in without.items()})

    def test_says_when_a_part_of_an_hour_is_not_there_yet(self):
        state = self.spoil("left", f"INSERT INTO hours_going VALUES ({DAY + 12 * HOUR}, x'00')")
        ran, files = self.publish(state)
        self.assertIn("warning: a part of an hour is not here yet", ran.stderr)
        self.check(files, self.sites[0].truth)

    # What is refused

    def at_no_midnight(self):
        """Today, which it still is a minute later."""
        while (now := datetime.datetime.now(datetime.timezone.utc)).strftime("%H%M") == "2359":
            time.sleep(1)
        return now.date()

    def refuse(self, words, *options, **more):
        ran, files = self.publish(*options, status=1, **more)
        self.assertEqual(files, {})
        self.assertRegex(ran.stderr, rf"\Arootwatch rssac002: {words}\n\Z")

    def test_refuses_a_day_of_which_nothing_is_there(self):
        self.refuse("nothing is stored of 2026-01-14: hours are counted while rssac002.service is "
                    "set, and kept for rssac002.keep-days", self.states[0], day="2026-01-14")
        plain = self.dir / "off.yaml"
        plain.write_text("site: here\n")
        site = Site(8)
        site.pair(DAY, "198.51.100.1")
        self.refuse("nothing is stored of 2026-01-15: .*", self.read("off", site.frames,
                                                                     config=plain))
        old = self.spoil("old", "DROP TABLE rssac002", "PRAGMA user_version = 4")
        self.refuse("nothing is stored of 2026-01-15: .*", old)

    def test_refuses_a_day_without_messages(self):
        state = self.dir / "quiet"
        site = Site(9)
        site.frames = [(DAY + n, udp("198.51.100.1", 123, SERVERS[4], 123, b"x")) for n in range(9)]
        self.read("quiet", site.frames)
        self.refuse("2026-01-15: no DNS message was captured in 1 hours", state)

    def test_refuses_a_day_that_is_not_over(self):
        today = self.at_no_midnight().isoformat()
        self.refuse(f"{today} is not over in UTC: wait until some minutes after midnight",
                    self.states[0], day=today)
        self.refuse("9999-12-31 is not over.*", self.states[0], day="9999-12-31")

    def test_refuses_what_cannot_be_merged(self):
        link = self.dir / "link"
        link.symlink_to(self.states[0])
        self.refuse(".*/state0 and .*/link are one state directory", self.states[0], link)
        other = self.spoil("other", "UPDATE rssac002 SET doc = json_set(doc, '$.service',"
                           " 'y.root-servers.net')")
        self.refuse("state directory 2 of 2: what was counted at 2026-01-15 10:00 UTC is of "
                    "y.root-servers.net, not of x.root-servers.net", self.states[1], other)
        self.refuse(".*/nowhere/rootwatch.db: No such file or directory", self.states[0],
                    self.dir / "nowhere")

    def test_refuses_what_it_does_not_understand(self):
        for words in ((), ("2026-02-30",), ("2026-1-15",), ("20260115",), ("today",), ("",),
                      ("2026-01-15", "2026-01-16"), ("--nonsense", "2026-01-15")):
            ran = run("rssac002", "-c", self.config, "--state", self.states[0], *words, status=2)
            self.assertIn("usage: rootwatch rssac002 ", ran.stderr)
            self.assertEqual(ran.stdout, "")

    def test_yesterday_is_a_day(self):
        day = self.at_no_midnight() - datetime.timedelta(1)
        self.refuse(f"nothing is stored of {day}: .*", self.states[0], day="yesterday")

    def test_says_when_it_cannot_write(self):
        (self.dir / "file").write_text("")
        ran = run("rssac002", "-c", self.config, "--state", self.states[0], "--out",
                  self.dir / "file", "2026-01-15", status=1)
        self.assertRegex(ran.stderr, r"rootwatch rssac002: making the directory .*: Not a directory")

    def test_is_warned_of_where_the_server_is_not_known(self):
        config = self.dir / "anybody.yaml"
        config.write_text("rssac002:\n  service: x.root-servers.net\n")
        words = "warning: rssac002.service: without server.addresses, what the server itself asks"
        for file, warned in ((config, True), (self.config, False)):
            ran = subprocess.run([ROOTWATCH, "check", "-c", file], capture_output=True, text=True)
            self.assertEqual(words in ran.stderr, warned, ran.stderr)

    def test_is_refused_with_intervals_that_do_not_end_with_the_day(self):
        config = self.write_config("x.root-servers.net", "counting:\n  interval: 7\n", "seven.yaml")
        ran = run("check", "-c", config, "--quiet", status=2)
        self.assertIn("rssac002.service: is set, and intervals of 7 s do not end with the day; "
                      "counting.interval has to divide 60", ran.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
