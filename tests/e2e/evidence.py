#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Evidence of incidents: frames in evidence.pcap, and what speaks for or against forged sources.

usage: evidence.py ROOTWATCH THE_CASE
"""
import collections, json, pathlib, random, shutil, socket, struct, subprocess, sys, tempfile
import unittest

from drawing import DRAWING

ROOTWATCH, THE_CASE = sys.argv[1:3]
FROM = 43200 + 86400  # of the case: when the culprit begins
CULPRIT = "207.244.46."
MANUAL = (pathlib.Path(__file__).parents[2] / "docs/rootwatch.8.scd").read_text()


def run(*words, status=0):
    ran = subprocess.run([ROOTWATCH, *map(str, words)], capture_output=True, text=True,
                         env=DRAWING if words[0] == "graph" else None)
    assert ran.returncode == status, (words, ran.returncode, ran.stderr)
    return ran


def records(capture):
    """Nanoseconds and octets of each frame; the link type."""
    magic, link = struct.unpack_from("<I", capture)[0], struct.unpack_from("<I", capture, 20)[0]
    unit, at, list_ = 1 if magic == 0xa1b23c4d else 1000, 24, []
    while at < len(capture):
        s, fraction, size, wire = struct.unpack_from("<4I", capture, at)
        list_.append((s * 10**9 + fraction * unit, capture[at + 16:at + 16 + size]))
        at += 16 + size
    return list_, link


def capture_of(list_):
    out = [struct.pack("<IHHIIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1)]
    for t, frame in list_:
        out.append(struct.pack("<4I", t // 10**9, t % 10**9, len(frame), len(frame)) + frame)
    return b"".join(out)


def source(frame):
    return socket.inet_ntoa(frame[26:30])


def answer(frame):
    """NXDOMAIN for a query over IPv4 and UDP."""
    header = frame[:26] + frame[30:34] + frame[26:30] + frame[36:38] + frame[34:36] + frame[38:42]
    return header + frame[42:44] + b"\x84\x03" + frame[46:]


SYN, ACK = 2, 16
STARTS = 0xffffffff  # of the server's sequence numbers, which go on at 0


def segment(query, flags, sequence, acknowledged, back=False):
    """TCP from the query's source to its server, or back, without data."""
    ends = query[26:34] if not back else query[30:34] + query[26:30]
    ports = query[34:36] + b"\0\x35" if not back else b"\0\x35" + query[34:36]
    tcp = ports + struct.pack(">IIHHHH", sequence, acknowledged, 0x5000 | flags, 65535, 0, 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, query[22], 6, 0) + ends
    return query[:14] + ip + tcp


def connection(t, query, completed, answered=True):
    """What is mirrored of a connection, after a query."""
    list_ = [(t + 1000, segment(query, SYN, 99, 0))]
    if answered:
        list_.append((t + 2000, segment(query, SYN | ACK, STARTS, 100, back=True)))
    if completed:
        list_.append((t + 3000, segment(query, ACK, 100, STARTS + 1 & 0xffffffff)))
    return list_


class Evidence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = subprocess.run([THE_CASE, "--rate", "0.02", "--from", str(FROM - 600), "--to",
                                   str(FROM + 300)], check=True, capture_output=True).stdout
        cls.frames = records(cls.case)[0]
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-evidence-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.file = cls.dir / "case.pcap"
        cls.file.write_bytes(cls.case)
        cls.its = [(t, f) for t, f in cls.frames if source(f).startswith(CULPRIT)]

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def state(self, name):
        shutil.rmtree(self.dir / name, ignore_errors=True)
        return self.dir / name

    def settings(self, frames):
        file = self.dir / f"{frames}.yaml"
        file.write_text(f"detection:\n  evidence: {frames}\n")
        return file

    def incident(self, *words):
        incident, = json.loads(run("read", "--json", *words).stdout)["incidents"]
        return incident

    def test_frames_of_the_culprit_can_be_read_by_other_programs(self):
        state = self.state("whole")
        incident = self.incident("--state", state, self.file)
        files = list((state / "cases").rglob("evidence*"))
        path = state / "cases" / incident["id"] / "evidence.pcap"
        self.assertEqual(files, [path])
        kept, link = records(path.read_bytes())
        self.assertEqual(link, 1)
        self.assertEqual(kept, sorted(kept, key=lambda r: r[0]))
        self.assertEqual(collections.Counter(kept) - collections.Counter(self.its), {})
        self.assertEqual(len(kept), 1000)
        half = [t for t, _ in kept[:500]]
        every = [t for t, _ in self.its if half[0] <= t <= half[-1]]
        self.assertEqual(half, every)  # the first, without a gap
        self.assertLess(kept[-1][0] - self.its[-1][0], 30 * 10**9)  # and of all the rest
        said = subprocess.run(["tcpdump", "-nr", path], capture_output=True, text=True)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(said.stdout.count(CULPRIT), 1000)
        again = json.loads(run("read", "--json", path).stdout)
        self.assertEqual((again["frames"], again["queries"], again["malformed"]), (1000, 1000, 0))
        self.assertEqual([p["prefix"] for p in again["prefixes"]], [CULPRIT + "0/24"])

    def test_as_many_as_one_wants(self):
        state = self.state("few")
        incident = self.incident("-c", self.settings(50), "--state", state, self.file)
        kept, _ = records((state / "cases" / incident["id"] / "evidence.pcap").read_bytes())
        self.assertEqual(len(kept), 50)
        state = self.state("none")
        self.incident("-c", self.settings(0), "--state", state, self.file)
        self.assertEqual(list((state / "cases").rglob("evidence*")), [])

    def test_what_came_before_a_restart_stays(self):
        state, first, second = self.state("two"), self.dir / "1.pcap", self.dir / "2.pcap"
        cut = (self.its[0][0] // 10**9 + 120) * 10**9
        first.write_bytes(capture_of([r for r in self.frames if r[0] < cut]))
        second.write_bytes(capture_of([r for r in self.frames if r[0] >= cut]))
        incident = self.incident("--state", state, first)
        folder = state / "cases" / incident["id"]
        before = (folder / "evidence.pcap").read_bytes()
        run("read", "--state", state, second)
        self.assertEqual((folder / "evidence.pcap").read_bytes(), before)
        other, = folder.glob("evidence-*")
        self.assertRegex(other.name, r"^evidence-\d{10}\.pcap$")
        kept, _ = records(other.read_bytes())
        self.assertEqual(collections.Counter(kept) - collections.Counter(self.its), {})
        self.assertGreaterEqual(kept[0][0], cut)
        said = run("incident", "show", incident["id"], "--state", state).stdout
        self.assertRegex(said, rf"frames: {other}\nframes: {folder}/evidence.pcap\n$")

    def test_a_folder_that_cannot_be_made_is_told_and_costs_nothing_else(self):
        state = self.state("broken")
        state.mkdir()
        (state / "cases").write_text("in the way")
        ran = run("read", "--state", state, self.file, status=1)
        self.assertIn(f"{state}/cases", ran.stderr)
        self.assertIn("Not stored: ", ran.stdout)
        self.assertIn("2005-0118-1", run("incident", "list", "--state", state).stdout)

    def traits(self, name, frames):
        file, state = self.dir / f"{name}.pcap", self.state(name)
        file.write_bytes(capture_of(frames))
        incident = self.incident("--state", state, file)
        return incident, incident["evidence"]["traits"], state

    def test_steady_hosts_are_probably_real(self):
        incident, traits, state = self.traits("steady", [
            x for t, f in self.frames for x in ((t, f), (t + 1000, answer(f)))])
        self.assertTrue(0 < traits["queries"] <= incident["queries"])
        self.assertEqual(traits["verdict"], "probably-real")
        hosts = len({source(f) for _, f in self.its})
        self.assertTrue(1 <= traits["hosts_steady"] <= hosts)
        self.assertEqual(traits["hosts_varied"], 0)
        ttls = collections.Counter(f[22] for _, f in self.its)
        self.assertEqual(traits["leading_ttls"][0]["ttl"], ttls.most_common(1)[0][0])
        self.assertEqual(sum(x["queries"] for x in traits["leading_ttls"]), traits["queries"])
        self.assertEqual(traits["responses"], traits["queries"])
        self.assertEqual(traits["rcode"], {"NXDOMAIN": traits["responses"]})
        self.assertEqual((traits["tcp_queries"], traits["tcp_responses"]), (0, 0))
        words = "TTLs are steady by host, which speaks for real sources"
        self.assertIn(words, run("incident", "show", incident["id"], "--state", state).stdout)
        run("graph", "--state", state, "--out", self.dir / "www")
        page = self.dir / "www/incidents" / incident["id"] / "index.html"
        self.assertIn(words, page.read_text())

    def test_hosts_with_many_ttls_are_probably_forged(self):
        draw = random.Random(3)
        _, traits, _ = self.traits("forged", [
            (t, f[:22] + bytes([draw.randrange(30, 250)]) + f[23:]) if source(f).startswith(CULPRIT)
            else (t, f) for t, f in self.frames])
        self.assertEqual(traits["verdict"], "probably-forged")
        self.assertGreater(traits["ttls"], 100)
        self.assertEqual(traits["responses"], 0)

    def connections(self, name, **how):
        """Each query of the culprit's is followed by a connection."""
        frames = list(self.frames)
        for t, f in self.its:
            frames += connection(t, f, **how)
        return self.traits(name, sorted(frames, key=lambda r: r[0]))

    def case_files(self, incident, state):
        run("incident", "case", incident["id"], "--state", state)
        folder = state / "cases" / incident["id"]
        return [(folder / f"case.{kind}").read_text() for kind in ("txt", "html", "json")]

    def test_who_completes_handshakes_is_real(self):
        incident, traits, state = self.connections("heard", completed=True)
        self.assertGreater(traits["handshakes"], 50)
        self.assertEqual(traits["handshakes_unfinished"], 0)
        self.assertEqual(traits["tcp_responses"], 0)
        self.assertEqual(traits["verdict"], "real")
        self.assertLessEqual(traits["handshakes"], traits["syns"])
        for text in self.case_files(incident, state):
            self.assertIn(f"{traits['handshakes']} TCP handshakes completed", text)
        shown = run("incident", "show", incident["id"], "--state", state).stdout
        self.assertIn(f"completed {traits['handshakes']}, answered and not completed 0", shown)
        stored = run("incident", "show", incident["id"], "--json", "--state", state).stdout
        self.assertEqual(json.loads(stored.splitlines()[-1])["evidence"]["traits"], traits)

    def test_who_never_completes_an_answered_one_is_deaf(self):
        incident, traits, state = self.connections("deaf", completed=False)
        self.assertGreater(traits["handshakes_unfinished"], 20)
        self.assertEqual(traits["handshakes"], 0)
        self.assertEqual(traits["verdict"], "open")  # though its TTLs are steady
        for text in self.case_files(incident, state):
            self.assertIn("TCP connections were answered and never completed", text)
        shown = run("incident", "show", incident["id"], "--state", state).stdout
        self.assertIn("What is answered is not heard", shown)

    def test_a_server_that_does_not_answer_makes_nobody_deaf(self):
        _, traits, _ = self.connections("silent", completed=False, answered=False)
        self.assertGreater(traits["handshakes_unanswered"], 20)
        self.assertEqual((traits["handshakes"], traits["handshakes_unfinished"]), (0, 0))
        self.assertEqual(traits["verdict"], "probably-real")

    def test_what_is_old_goes_once_the_incident_has_closed(self):
        state, config = self.state("old"), self.dir / "retention.yaml"
        config.write_text("retention:\n  cases-days: 2\n")
        incident = self.incident("--state", state, "-c", config, self.file)
        folder = state / "cases" / incident["id"]
        run("incident", "case", incident["id"], "--state", state)

        def go_on(days):
            """Usual traffic of two hours, so many days later."""
            later = self.dir / "later.pcap"
            usual = [(t, f) for t, f in self.frames if not source(f).startswith(CULPRIT)][:500]
            later.write_bytes(capture_of([(t + (days * 86400 + i * 15) * 10**9, f)
                                          for i, (t, f) in enumerate(usual)]))
            return run("read", "--state", state, "-c", config, later)

        def listed():
            said = run("incident", "show", incident["id"], "--state", state, "--json").stdout
            return json.loads(said.splitlines()[-1])

        go_on(1)
        self.assertNotEqual(listed()["closed"], 0)
        self.assertTrue((folder / "evidence.pcap").exists())
        said = go_on(5)
        self.assertFalse(folder.exists())
        self.assertIn(f"{state}/cases: of 1 incidents, closed more than 2 days ago: removed",
                      said.stderr)
        self.assertEqual(listed()["id"], incident["id"], "the incident stays")
        run("incident", "case", incident["id"], "--state", state)
        self.assertTrue((folder / "case.json").exists(), "and its case can be made again")
        self.assertFalse((folder / "evidence.pcap").exists())

    def test_the_manual_tells_of_every_key(self):
        _, traits, _ = self.traits("keys", self.frames)
        for key in traits:
            self.assertTrue(f"_{key}_" in MANUAL, key)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
