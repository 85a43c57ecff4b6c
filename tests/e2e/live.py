#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Live capture on a veth pair between two network namespaces, with real mails.

usage: live.py ROOTWATCH SEND MAILSERVER [Counting|Lasting]
Environment: LIVE_RATE queries/s (default 50000), LIVE_SECONDS (default 12).
Skips (exit 77) without the right to make namespaces.
"""
import fcntl, glob, json, os, pathlib, pty, re, select, shutil, signal, sqlite3, struct
import subprocess, sys, termios, time

from veth import A, B, RATE, ROOTWATCH, SEND, Live, children_of, is_alive, main, run, wait_for

SECONDS = float(os.environ.get("LIVE_SECONDS", 12))
FRAME_BYTES = 71  # of what `send` sends

# A server that takes connections and never answers; it says when it listens.
SERVER = """
import socket
with socket.create_server(("192.0.2.54", 53), backlog=4096) as server:
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        connection.recv(4096)
        connection.close()
"""

# Clients of the culprit's network that connect and ask; and one that sends SYNs alone, in the name
# of a host that nobody has.  The first argument is the Ethernet header.
CLIENTS = """
import itertools, socket, time
for i in itertools.count():
    with socket.create_connection(("192.0.2.54", 53), 5, (f"207.244.46.{5 + i % 7}", 0)) as s:
        s.sendall(b"\\0\\x11\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0\\0\\1\\0\\1")
        s.recv(10)
    time.sleep(0.02)
"""
FORGER = """
import itertools, os, socket, struct, sys, time
def sum16(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
ends = socket.inet_aton("207.244.46.200") + socket.inet_aton("192.0.2.54")
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("wire", 0))
for i in itertools.count():
    tcp = struct.pack(">HH", 1024 + i % 60000, 53) + os.urandom(4) + struct.pack(
        ">IHHHH", 0, 0x5002, 65535, 0, 0)
    sum_ = sum16(ends + struct.pack(">HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack(">H", sum_) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends
    ip = ip[:10] + struct.pack(">H", sum16(ip)) + ip[12:]
    s.send(bytes.fromhex(sys.argv[1]) + ip + tcp)
    time.sleep(0.02)
"""


def hardware(namespace, link):
    return json.loads(run("ip", "-n", namespace, "-j", "link", "show", link).stdout)[0]["address"]


def give_addresses():
    """A server behind the mirror, seven hosts on the wire, and an address that nobody has."""
    run("ip", "-n", A, "addr", "add", "192.0.2.54/32", "dev", "mirror")
    run("ip", "-n", A, "route", "add", "207.244.46.0/24", "dev", "mirror")
    run("ip", "-n", A, "neigh", "add", "207.244.46.200", "lladdr", hardware(B, "wire"), "dev",
        "mirror")
    for host in range(5, 12):
        run("ip", "-n", B, "addr", "add", f"207.244.46.{host}/32", "dev", "wire")
    run("ip", "-n", B, "route", "add", "192.0.2.54", "dev", "wire")


def take_addresses():
    run("ip", "-n", A, "neigh", "flush", "dev", "mirror", "nud", "all")
    run("ip", "-n", A, "addr", "flush", "dev", "mirror")
    run("ip", "-n", A, "route", "flush", "dev", "mirror")
    run("ip", "-n", B, "addr", "flush", "dev", "wire")
    run("ip", "-n", B, "route", "flush", "dev", "wire")


def frames_in(capture):
    """Frames of a classic capture; fails where it is not whole."""
    assert struct.unpack_from("<I", capture)[0] == 0xa1b23c4d, capture[:4]
    at, count = 24, 0
    while at < len(capture):
        at += 16 + struct.unpack_from("<4I", capture, at)[2]
        count += 1
    assert at == len(capture), f"cut after {count} frames"
    return count


class Counting(Live):
    """Every frame counts: nothing else should run beside these."""

    def connections(self, program, *words):
        """What is known of connections of real kernels, once more of the incident is told."""
        give_addresses()
        self.addCleanup(take_addresses)
        server = self.start([sys.executable, "-c", SERVER], A, stdout=subprocess.PIPE, text=True)
        self.assertIn("listening", server.stdout.readline())
        p = self.start_rootwatch()
        self.start([sys.executable, "-c", program, *words], B)
        self.start([SEND, "wire", "4000", "300", "8", "0.35"], B, stdout=subprocess.PIPE)
        wait_for("incident", self.events)
        self.stop(p)
        traits = self.events()[-1]["evidence"]["traits"]
        print({k: v for k, v in traits.items() if "handshakes" in k or "tcp" in k or k == "syns"},
              file=sys.stderr)
        return traits

    def rssac002(self, transport):
        return sum(json.loads(doc)["queries"].get(transport, 0)
                   for doc, in self.rows("SELECT doc FROM rssac002"))

    def rssac002_sources(self):
        return [octets for octets, in self.rows("SELECT sources FROM rssac002 ORDER BY start")]

    def alike(self, events):
        """What must be the same of a capture, live or from a file; the edges of seconds differ."""
        return [(e["state"], e["id"], e["kind"], e["prefix"], sorted(e["qtype"]), e["hosts"],
                 e["wave"]) for e in events]

    def test_loses_nothing_and_opens_the_incident_while_traffic_flows(self):
        p = self.start_rootwatch()
        enough = time.monotonic() + SECONDS + 15
        sender = self.send(300, after=8, share=0.35)
        event = wait_for("incident", self.events)[0]
        self.assertIsNone(sender.poll(), "traffic had ended before the incident opened")
        time.sleep(max(0, enough - time.monotonic()))
        sent = self.end(sender)
        self.stop(p)
        self.assertEqual(event["state"], "open")
        self.assertEqual(event["prefix"], ["207.244.46.0/24"])
        self.assertIn("MX", event["qtype"])
        self.assertEqual(event["hosts"], 7)
        self.assertAlmostEqual(event["share"], 0.35, delta=0.03)
        self.assertEqual(self.sum("kernel_drops"), 0)
        self.assertEqual(self.sum("queries"), sent)
        print(f"sent {sent}, counted {self.sum('queries')}", file=sys.stderr)

    def test_follows_connections_of_real_hosts(self):
        traits = self.connections(CLIENTS)
        self.assertGreater(traits["handshakes"], 20)
        self.assertGreaterEqual(traits["syns"], traits["handshakes"])
        self.assertEqual(traits["handshakes_unfinished"], 0)
        self.assertEqual(traits["tcp_responses"], 0)
        self.assertEqual(traits["verdict"], "real")

    def test_knows_who_does_not_hear_what_a_real_server_answers(self):
        traits = self.connections(FORGER, hardware(A, "mirror").replace(":", "") +
                                  hardware(B, "wire").replace(":", "") + "0800")
        self.assertGreater(traits["syns"], 20)
        self.assertGreater(traits["handshakes_unfinished"], 0)
        self.assertEqual(traits["handshakes"], 0)
        self.assertNotEqual(traits["verdict"], "real")

    def test_finds_the_same_with_one_worker_with_three_and_from_a_file(self):
        """All at once, on the same traffic."""
        if shutil.which("tcpdump") is None:
            self.skipTest("tcpdump is not installed")
        while time.time() % 3600 > 3500:  # who asks at an hour's end may be late for its set
            time.sleep(1)
        text, pcap = self.config.read_text(), self.dir / "mirror.pcap"
        text += "rssac002:\n  service: x.root-servers.net\n"
        dump = self.start(["tcpdump", "-i", "mirror", "-w", str(pcap), "-U", "-B", "65536", "-Z",
                           "root"], A, stderr=subprocess.PIPE, text=True)
        wait_for("tcpdump", lambda: "listening" in dump.stderr.readline())
        daemons, states = [], {1: self.state, 3: self.dir / "three"}
        for workers, state in states.items():
            self.config.write_text(re.sub("workers: .*", f"workers: {workers}", text)
                                   .replace(str(self.state), str(state)))
            daemons.append(self.start_rootwatch())
        sent = int(self.start([SEND, "wire", "4000", "40", "12", "0.35"], B,
                              stdout=subprocess.PIPE, text=True).communicate()[0])
        for p in daemons:
            self.stop(p)
        # The kernel keeps its last block for up to a second, and tcpdump ends without it.
        wait_for("all frames from tcpdump",
                 lambda: pcap.stat().st_size >= 24 + sent * (16 + FRAME_BYTES))
        os.killpg(dump.pid, signal.SIGTERM)
        dump.wait(30)
        read = subprocess.run([ROOTWATCH, "read", "--json", "-c", self.config, "--events",
                               self.dir / "events", pcap], capture_output=True, text=True)
        self.assertEqual(json.loads(read.stdout)["queries"], sent, read.stderr)
        sets = {}
        told = {"file": [json.loads(line) for line in (self.dir / "events").read_text()
                         .splitlines()]}
        for workers, self.state in states.items():
            self.assertEqual(self.sum("queries"), sent, workers)
            self.assertEqual(self.sum("kernel_drops"), 0, workers)
            self.assertEqual(self.rssac002("udp4"), sent, workers)
            sets[workers] = self.rssac002_sources()
            told[workers] = self.events()
        self.assertEqual(sets[1], sets[3], "sources, in whose hours they asked")
        self.assertEqual([e["state"] for e in told["file"]], ["open"])
        for workers in states:
            self.assertEqual(self.alike(told[workers]), self.alike(told["file"]))
            for live, read in zip(told[workers], told["file"]):
                self.assertLessEqual(abs(live["time"] - read["time"]), 2)
                self.assertAlmostEqual(live["share"], read["share"], delta=0.02)


class Lasting(Live):
    """What mostly waits: for minutes to end, mails, deadlines."""

    def test_shows_on_a_terminal_what_is_captured_just_now(self):
        self.assertIn("capturing with this state directory?", self.top(status=1).stderr)
        p = self.start_rootwatch()
        sender = self.send(300, after=0, share=0.35)
        status = self.state / "status.json"
        wait_for("a status", lambda: status.exists() and
                 json.loads(status.read_text())["queries"] > RATE / 2)
        now = json.loads(self.top("--json").stdout)
        self.assertEqual(now["schema"], "rootwatch-status/1")
        self.assertEqual(now["prefixes"][0]["prefix"], "207.244.46.0/24")
        self.assertLess(abs(now["time"] - time.time()), 5)
        self.assertRegex(self.top().stdout, r"3\d % +7 +\d+ % +207\.244\.46\.0/24")
        with open("/dev/full", "w") as full:
            p_full = subprocess.run([ROOTWATCH, "top", "-c", str(self.config), "--json"],
                                    stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(p_full.returncode, 1)
        self.assertIn("standard output: No space left", p_full.stderr)

        child, screen = pty.fork()
        if child == 0:
            os.execv(ROOTWATCH, ["rootwatch", "top", "-c", str(self.config), "--over", "3"])
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
        seen = b""
        while b"mean of 3 s" not in seen:
            self.assertTrue(select.select([screen], [], [], 20)[0], seen)
            seen += os.read(screen, 65536)
        os.write(screen, b"q")
        while not seen.endswith(b"\033[?25h\033[?1049l"):  # the screen of before
            self.assertTrue(select.select([screen], [], [], 20)[0], seen)
            seen += os.read(screen, 65536)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        os.close(screen)
        last = seen.split(b"\033[H")[-1].split(b"\033[?25h")[0].decode().replace("\r", "")
        lines = [re.sub(r"\033\[[0-9;?]*[A-Za-z]", "", line) for line in last.split("\n")]
        self.assertLessEqual(len(lines), 20)
        self.assertLessEqual(max(map(len, lines)), 60)

        os.killpg(sender.pid, signal.SIGKILL)
        sender.communicate()
        self.stop(p)
        wait_for("the status to be old",
                 lambda: time.time() - json.loads(status.read_text())["time"] > 6)
        old = self.top("--once", status=1)
        self.assertIn("is `rootwatch run` capturing?", old.stdout)

    def totals(self):
        return json.loads((self.state / "status.json").read_text())["totals"]

    def test_keeps_evidence_without_any_rights_whole_or_not_at_all(self):
        user, seen = self.of_nobody(), []
        p = self.start_rootwatch()
        sender = self.start([SEND, "wire", "4000", "300", "8", "0.35"], B, stdout=subprocess.PIPE)
        incident = wait_for("incident", self.events)[0]["id"]
        path = self.state / "cases" / incident / "evidence.pcap"

        def full():
            """Whatever is there, whenever one looks, is whole."""
            if path.exists():
                seen.append(frames_in(path.read_bytes()))
            return seen[-1:] == [1000]

        wait_for("evidence", full)
        for at, mode in ((path, 0o640), (path.parent, 0o750)):
            said = at.stat()
            self.assertEqual((said.st_uid, said.st_gid), (user.pw_uid, user.pw_gid), at)
            self.assertEqual(said.st_mode & 0o7777, mode, at)
        os.killpg(p.pid, signal.SIGKILL)
        p.wait()
        before = path.read_bytes()
        self.assertEqual(frames_in(before), 1000)
        read = run("tcpdump", "-nr", str(path))
        self.assertEqual(read.stdout.count("IP 207.244.46."), 1000)

        before_s = self.totals()["start"]
        p = self.start_rootwatch()
        wait_for("some intervals", lambda: self.totals()["start"] > before_s and
                 self.totals()["intervals"] >= 4)
        self.stop(p)
        os.killpg(sender.pid, signal.SIGKILL)
        sender.communicate()
        self.assertEqual(path.read_bytes(), before, "of before the restart")
        files = sorted(f.name for f in path.parent.glob("evidence*"))
        self.assertEqual(len(files), 2, files)
        self.assertRegex(files[0], r"^evidence-\d{10}\.pcap$")
        self.assertGreater(frames_in((path.parent / files[0]).read_bytes()), 0)
        self.assertNotIn("evidence", (self.dir / "log").read_text())

    def test_a_case_file_is_there_in_time_and_completed_when_a_source_answers(self):
        whois, speak = self.dir / "whois", self.dir / "speak"
        whois.write_text(f"#!/bin/sh\n[ -e {speak} ] || sleep 200\n"
                         "echo 'NetRange: 207.244.46.0 - 207.244.46.255'\necho 'CustName: Somebody'\n")
        whois.chmod(0o755)
        self.config.write_text(self.config.read_text() + "page-url: http://pages.example.net\n"
                               f"lookups:\n  resolver: 127.0.0.1:1\n  whois: {whois}\n")
        p = self.start_rootwatch()
        sender = self.send(300, after=8, share=0.35)
        incident = wait_for("incident", self.events)[0]["id"]
        opened = time.monotonic()
        case = self.state / "cases" / incident / "case.json"

        def fact(kind):
            return {f["state"] for f in json.loads(case.read_text())["facts"] if f["kind"] == kind}

        wait_for("case file", case.exists, 40)  # long before the source gives up
        self.assertEqual(fact("whois"), {"failed"})
        self.assertEqual(fact("reverse"), {"failed"})
        speak.touch()
        wait_for("mail", self.mails, 40 - (time.monotonic() - opened))
        mail = pathlib.Path(self.mails()[0])
        self.assertIn("Network: not known. Failed at", mail.read_text())
        wait_for("whole case", lambda: fact("whois") == {"found"})
        wait_for("page", lambda: "Somebody" in (case.parent / "case.html").read_text())
        print(f"complete after {time.monotonic() - opened:.0f} s", file=sys.stderr)
        sent = self.end(sender)
        self.stop(p)
        self.assertEqual(self.sum("kernel_drops"), 0)
        self.assertEqual(self.sum("queries"), sent, "capture did not notice")

    def test_goes_on_after_kill_9_without_a_second_opening(self):
        p = self.start_rootwatch()
        sender = self.send(600, after=8, share=0.35)
        first = wait_for("incident", self.events)[0]
        wait_for("mail", self.mails)
        wait_for("page", (self.state / f"www/incidents/{first['id']}/index.html").exists, 300)
        os.killpg(p.pid, signal.SIGKILL)
        p.wait()
        p = self.start_rootwatch()
        wait_for("a minute stored again", lambda: self.rows(
            "SELECT 1 FROM learned WHERE time > %d" % first["time"]), 200)
        os.killpg(sender.pid, signal.SIGKILL)
        sender.communicate()
        self.stop(p)
        self.assertEqual([e["state"] for e in self.events()].count("open"), 1)
        self.assertEqual({e["id"] for e in self.events()}, {first["id"]})
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(self.rows("SELECT count(*) FROM incidents WHERE closed = 0"), [(1,)])

    def test_nothing_captures_on_when_the_parent_is_killed(self):
        """Also not as another user: with the user the kernel forgets whose death is to be told."""
        self.of_nobody()
        p = self.start_rootwatch()
        children = children_of(p.pid)
        self.assertTrue(children)
        os.kill(p.pid, signal.SIGKILL)
        p.wait()
        wait_for("the end of them", lambda: not any(map(is_alive, children)))

    def test_ends_in_time_whatever_sendmail_does(self):
        """The event is one of before; its mail is still to be sent at the next start."""
        slow = self.dir / "sendmail"
        slow.write_text(f"#!/bin/sh\necho $$ >{self.dir}/called\nexec sleep 600\n")
        slow.chmod(0o755)
        lines = self.config.read_text().splitlines(keepends=True)
        self.config.write_text("".join(line for line in lines if "smarthost" not in line) +
                               f"  sendmail: {slow}\n  timeout: 600\n")
        self.stop(self.start_rootwatch())
        event = {"time": 1106049960, "id": "2005-0118-1", "state": "open", "kind": "prefix",
                 "wave": 1, "began": 1106049900, "opened": 1106049960, "changed": 1106049960,
                 "summary": "192.0.2.0/24 sends more", "prefix": ["192.0.2.0/24"]}
        with sqlite3.connect(self.state / "rootwatch.db") as db:
            db.execute("INSERT INTO events (incident, time, doc) VALUES (?, ?, ?)",
                       (event["id"], event["time"], json.dumps(event)))
        for signals, status in (([signal.SIGTERM], 0), ([signal.SIGTERM, signal.SIGINT], 1)):
            (self.dir / "called").unlink(missing_ok=True)
            for retry in glob.glob(f"{self.state}/spool/*.retry"):
                os.unlink(retry)
            p = self.start_rootwatch()
            wait_for("sendmail", (self.dir / "called").exists)
            for number in signals:  # of two kinds: one kind twice may be taken for once
                os.kill(p.pid, number)
                time.sleep(1)
            self.assertEqual(p.wait(30), status)  # longer the service manager does not wait
            command = pathlib.Path("/proc", (self.dir / "called").read_text().strip(), "cmdline")
            wait_for("end of sendmail",
                     lambda: not command.exists() or command.read_bytes() == b"")
        self.assertEqual(len(glob.glob(f"{self.state}/spool/*.eml")), 1)

    def test_refuses_a_second_daemon_on_one_state_directory(self):
        self.start_rootwatch()
        second = self.start([ROOTWATCH, "run", "-c", str(self.config)], A,
                            stderr=subprocess.PIPE, text=True)
        _, said = second.communicate(timeout=30)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another rootwatch uses this state directory", said)

    def test_says_what_is_missing_when_the_interface_is_not_there(self):
        self.config.write_text(self.config.read_text().replace("mirror", "nowhere"))
        p = self.start([ROOTWATCH, "run", "-c", str(self.config)], A, stderr=subprocess.PIPE,
                       text=True)
        _, said = p.communicate(timeout=30)
        self.assertEqual(p.returncode, 69)
        self.assertIn("nowhere: no such interface", said)

    def test_keeps_the_old_configuration_when_the_new_one_is_wrong(self):
        p = self.start_rootwatch()
        good = self.config.read_text()
        self.config.write_text(good.replace("warmup: 3", "warmup: soon"))
        os.kill(p.pid, signal.SIGHUP)
        log = self.dir / "log"
        wait_for("refusal", lambda: "the old configuration stays in force" in log.read_text())
        self.assertIn("rootwatch.yaml:", log.read_text())
        self.config.write_text(good)
        os.kill(p.pid, signal.SIGHUP)
        wait_for("a new capture", lambda: log.read_text().count("capturing on") == 2)
        self.stop(p)

    def test_names_origins_and_keeps_the_old_table_when_the_new_one_is_wrong(self):
        table = self.dir / "origins"
        text = self.config.read_text().replace(
            "detection: {warmup: 3}", f"detection: {{warmup: 3, origins: {table}}}")
        self.config.write_text(text)
        table.write_text("207.244.0.0\t16\t64496\n")
        p = self.start_rootwatch()
        table.write_text("207.244.0.0\tsixteen\t64497\n")
        os.kill(p.pid, signal.SIGHUP)
        log = self.dir / "log"
        wait_for("refusal", lambda: "the old configuration stays in force" in log.read_text())
        self.assertIn(f"detection.origins: {table}:1: ", log.read_text())
        self.send(300, after=8, share=0.35)
        event = wait_for("incident", self.events)[0]
        self.assertEqual((event["prefix"], event["asn"]), (["207.244.46.0/24"], [64496]))
        table.write_text("207.244.0.0\t16\t64497\n")
        os.kill(p.pid, signal.SIGHUP)
        wait_for("a new capture", lambda: log.read_text().count("capturing on") == 2)
        self.stop(p)

    def test_takes_a_table_that_was_replaced_and_keeps_the_old_one_when_it_is_bad(self):
        table, log = self.dir / "origins", self.dir / "log"
        self.config.write_text(self.config.read_text().replace(
            "detection: {warmup: 3}", f"detection: {{warmup: 3, origins: {table}}}"))
        table.write_text("207.244.0.0\t16\t64496\n")
        p = self.start_rootwatch()
        self.start([SEND, "wire", "500", "200", "0", "0.35"], B, stdout=subprocess.PIPE)

        def replace(text):
            (self.dir / "new").write_text(text)
            os.rename(self.dir / "new", table)

        replace("207.244.0.0\tsixteen\t64497\n")
        wait_for("refusal", lambda: "old table of origins stays in force" in log.read_text())
        self.assertIn(f"detection.origins: {table}:1: ", log.read_text())
        replace("207.244.0.0\t16\t64498\n198.51.100.0\t24\t64499\n")
        wait_for("turn", lambda: "a new table of origins is in use: 2 prefixes of 2 ASes"
                 in log.read_text(), 120)
        # Capture went on in the same process, and the bad table was told of once.
        self.assertEqual(log.read_text().count("capturing on"), 1)
        self.assertEqual(log.read_text().count("stays in force"), 1)
        leading = wait_for("a minute of the new table", lambda: [
            json.loads(doc)["origins"]["leading_ases"] for (doc,) in
            self.rows("SELECT doc FROM minutes ORDER BY start")
            if json.loads(doc)["origins"]["leading_ases"][:1]
            and json.loads(doc)["origins"]["leading_ases"][0][0] == 64498], 120)
        self.assertGreater(leading[0][0][1], 0)
        self.stop(p)

    def test_does_not_start_with_a_table_that_is_not_there(self):
        self.config.write_text(self.config.read_text().replace(
            "detection: {warmup: 3}", f"detection: {{origins: {self.dir}/none}}"))
        p = self.start([ROOTWATCH, "run", "-c", str(self.config)], A, stderr=subprocess.PIPE,
                       text=True)
        _, said = p.communicate(timeout=30)
        self.assertEqual(p.returncode, 78)
        self.assertIn("detection.origins: ", said)
        self.assertIn("No such file", said)


if __name__ == "__main__":
    main()
