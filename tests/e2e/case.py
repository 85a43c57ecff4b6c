#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Case files from real look-ups: unbound with zones of its own, the whois program at a whois server
made here, tables of origins; and from servers that are dead, slow, lying or hostile, which neither
detection nor a mail's way may notice.

usage: case.py ROOTWATCH TOOL_NOTIFY THE_CASE MAILSERVER
exit status 77: unbound or whois is not installed
"""
import contextlib, json, os, pathlib, re, shutil, signal, socket, socketserver, subprocess, sys, tempfile
import threading, time, unittest

ROOTWATCH = TOOL = THE_CASE = MAILSERVER = None
# A sanitizer would make another end of it.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"
WHOIS = shutil.which("whois")
UNBOUND = shutil.which("unbound") or "/usr/sbin/unbound"
NOON = 1106049600  # 2005-01-18 12:00 UTC
ID = "2005-0118-1"
HOSTS = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]

ANSWERS = {
    "192.0.2.0": "Example Broadband EXAMPLE-BLK (NET-192-0-0-0-1) 192.0.0.0 - 192.0.63.255\n"
                 "NetRange: 192.0.2.0 - 192.0.2.255\nRegDate: 2005-01-10\n\n"
                 "CustName: Success Marketing Associates, LLC\n\n"
                 "OrgAbuseEmail: abuse@broadband.example\nOrgAbusePhone: +1-555-0100\n",
    "2001:db8::": "inet6num: 2001:db8::/32\norg-name: Example Six\ncreated: 2001-01-01\n",
    "AS64498": "ASNumber: 64498\nASName: SECOND\n\nOrgNOCEmail: noc@second.example\n",
}

ZONES = """
server:
  directory: "{0}"
  chroot: ""
  username: ""
  pidfile: "{0}/unbound.pid"
  interface: 127.0.0.1
  port: {1}
  do-daemonize: no
  use-syslog: no
  logfile: "{0}/unbound.log"
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  local-zone: "2.0.192.in-addr.arpa." static
  local-data: "1.2.0.192.in-addr.arpa. PTR mail.example.net."
  local-data: "2.2.0.192.in-addr.arpa. PTR liar.example.net."
  local-data: "3.2.0.192.in-addr.arpa. PTR <b>\\010.example.net."
  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." static
  local-data: "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR six.example.net."
  local-zone: "example.net." static
  local-data: "mail.example.net. A 192.0.2.1"
  local-data: "liar.example.net. A 198.51.100.1"
  local-data: "six.example.net. AAAA 2001:db8::1"
  local-zone: "asn.example." static
  local-data: '0.2.0.192.origin.asn.example. TXT "64499 | 192.0.2.0/24 | US | arin | 2005-01-10"'
  local-data: '0.2.0.192.origin.asn.example. TXT "64500 | 192.0.0.0/16 | US | arin | 1999-01-10"'
  local-data: 'AS64499.asn.example. TXT "64499 | US | arin | 2003-01-01 | EXAMPLE-NAME, US"'
  local-zone: "routeviews.example." static
  local-data: '0.2.0.192.routeviews.example. TXT "64501" "192.0.2.0" "24"'
"""


def bound():
    """A port that nobody else can have, and where nobody listens."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s


def start_unbound(directory):
    """Returns its process and its port; between our look for a free port and its own use of it
    another may take it, then it ends at once."""
    for _ in range(20):
        with bound() as s:
            port = s.getsockname()[1]
        config, log = (pathlib.Path(directory) / f"unbound.{what}" for what in ("conf", "log"))
        config.write_text(ZONES.format(directory, port))
        log.write_text("")
        unbound = subprocess.Popen([UNBOUND, "-d", "-c", config])
        while unbound.poll() is None:
            if "start of service" in log.read_text():
                return unbound, port
            time.sleep(0.05)
    raise RuntimeError("unbound does not run: " + log.read_text())


class Server(socketserver.ThreadingTCPServer):
    """A TCP server on loopback whose connections `speak` handles; counts them."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, speak):
        self.asked, self.waited = [], []
        self.over = threading.Event()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    speak(outer, self.request)
                except OSError:
                    pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def longest_wait(self):
        while len(self.waited) < len(self.asked):
            time.sleep(0.01)
        return max(self.waited)

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()


@contextlib.contextmanager
def timed(server):
    """How long the other side has patience with it."""
    begun = time.monotonic()
    try:
        yield
    finally:
        server.waited.append(time.monotonic() - begun)


def line_of(connection):
    text = b""
    while b"\n" not in text and len(text) < 1000:
        part = connection.recv(1000)
        if not part:
            break
        text += part
    return text.strip().decode("ascii", "replace")


def whois(server, connection):
    question = line_of(connection)
    server.asked.append(question)
    answers = {k.lower(): v for k, v in ANSWERS.items()}
    connection.sendall(answers.get(question.lower(), "No match found.\n").encode())


def silent(server, connection):
    """Until the other side has enough."""
    server.asked.append("")
    with timed(server):
        connection.settimeout(100)
        while connection.recv(4096):
            pass


def saying(octets):
    def speak(server, connection):
        server.asked.append(line_of(connection))
        connection.sendall(octets)
    return speak


def endless(server, connection):
    server.asked.append(line_of(connection))
    with timed(server):
        while not server.over.is_set():
            connection.sendall(b"remarks: more\n" * 1000)


def lying_dns(change):
    """A DNS server over TCP whose answers are of another question."""
    def speak(server, connection):
        query = message_of(connection)[2:]
        server.asked.append(query)
        end = query.index(b"\0", 12) + 5
        answer = change(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end] +
                        b"\xc0\x0c\0\x0c\0\1\0\0\0\x3c\0\x08\x06forged\0")
        connection.sendall(len(answer).to_bytes(2, "big") + answer)
    return speak


def who_holds(port, to):
    """The process whose TCP connection on loopback goes from this port to that one."""
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1:3] == [f"0100007F:{port:04X}", f"0100007F:{to:04X}"]:
            link = f"socket:[{words[9]}]"
            for fd in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
                try:
                    if os.readlink(fd) == link:
                        return int(fd.parts[2])
                except OSError:
                    pass
    return None


def end_who_holds(connection, number):
    """Ends the process at the other end, and keeps the connection until it has ended: a list of
    connections that is read while others come and go may lack this one."""
    connection.settimeout(0.01)
    while True:
        try:
            process = who_holds(connection.getpeername()[1], connection.getsockname()[1])
            if process:
                os.kill(process, number)
            if not connection.recv(1):
                return
        except TimeoutError:
            pass
        except OSError:
            return


def message_of(connection):
    """DNS over TCP, with its length in front."""
    def take(size):
        octets = b""
        while len(octets) < size:
            part = connection.recv(size - len(octets))
            if not part:
                raise OSError("the connection was closed")
            octets += part
        return octets

    head = take(2)
    return head + take(int.from_bytes(head, "big"))


def killing_dns(port, known, number):
    """Hands questions on to another server; an address beyond those that are known, of which
    the answers are given first, ends the process that asks for it."""
    def speak(server, connection):
        query = message_of(connection)
        if b"\1" + known.encode() + b"\0012\0010\003192" in query or b"\7in-addr" not in query:
            with socket.create_connection(("127.0.0.1", port)) as to:
                to.sendall(query)
                connection.sendall(message_of(to))
            server.asked.append(query)
            return
        while len(server.asked) < 2 and not server.over.wait(0.05):
            pass
        time.sleep(0.5)  # to take in what it was told
        end_who_holds(connection, number)
    return speak


def event(state="open", time_s=NOON + 11, hosts=HOSTS, prefix="192.0.2.0/24", **more):
    e = {"time": time_s, "id": ID, "state": state, "kind": "prefix", "severity": "critical",
         "rate_qps": 960.0, "baseline_qps": 0.2, "share": 0.23, "hosts": len(hosts),
         "summary": f"{prefix} sends 23 % of all queries", "wave": 1, "began": NOON,
         "opened": NOON + 11, "changed": time_s, "ended": 0, "closed": 0, "peak_qps": 960.0,
         "total_qps": 4200.0, "usual_qps": 3240.0, "queries": 345600, "lossy": False,
         "prefix": [prefix], "qtype": ["MX"],
         "types": [{"qtype": "MX", "before_qps": 0.1, "now_qps": 580.0, "queries": 200000}],
         "leading_hosts": [{"address": h, "queries": 1000 - i} for i, h in enumerate(hosts)]}
    return {**e, **more}


def table(day, *lines):
    """A table that is whole: it touches a fifth of all /16s."""
    rest = "".join(f"{a}.{b}.0.0\t12\t64496\n" for a in range(16, 190) for b in range(0, 256, 48))
    return f"# 2005-01-{day:02}\n{rest}" + "".join(line + "\n" for line in lines)


class Case(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="rootwatch-case-")
        self.dir = pathlib.Path(self.holder.name)
        self.state = self.dir / "state"
        self.state.mkdir()
        self.servers, self.settings, self.detection = [], {"deadline": 30}, {}

    def tearDown(self):
        for server in self.servers:
            server.stop()
        self.holder.cleanup()

    def serve(self, speak):
        self.servers.append(Server(speak))
        return self.servers[-1]

    def whois_at(self, speak):
        server = self.serve(speak)
        self.settings.update({"whois": WHOIS, "whois-server": f"127.0.0.1:{server.port}"})
        return server

    def resolve_at(self, port):
        self.settings["resolver"] = f"127.0.0.1:{port}"

    def tables(self):
        where = self.dir / "tables"
        where.mkdir()
        for day in range(1, 19):
            asn = 64497 if day <= 7 else 64498
            lines = [f"192.0.2.0\t24\t{asn}"] if day < 18 else []
            (where / f"t-200501{day:02}.txt").write_text(table(day, *lines))
        self.settings["history"] = where
        self.detection["origins"] = where / "t-20050118.txt"

    def config(self, more=""):
        path = self.dir / "rootwatch.yaml"
        sections = {"lookups": self.settings, "detection": self.detection}
        path.write_text(f"site: x-root\nstate: {self.state}\n{more}" + "".join(
            f"{name}:\n" + "".join(f"  {k}: {v}\n" for k, v in section.items())
            for name, section in sections.items() if section))
        return path

    def put(self, *events):
        lines = "".join(json.dumps(e) + "\n" for e in events)
        subprocess.run([TOOL, "put", self.state], input=lines, text=True, check=True)

    def make(self, *words):
        begun = time.monotonic()
        ran = subprocess.run([ROOTWATCH, "incident", "case", ID, "-c", self.config(), "--json",
                              *words], capture_output=True, text=True, timeout=240)
        self.took = time.monotonic() - begun
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.case = json.loads(ran.stdout)
        self.facts = {(f["kind"], f["subject"]): f for f in self.case["facts"]}
        folder = self.state / "cases" / ID
        self.assertEqual(json.loads((folder / "case.json").read_text()), self.case)
        self.text = (folder / "case.txt").read_text()
        self.html = (folder / "case.html").read_text()
        return self.case

    def fact(self, kind, subject="192.0.2.0/24"):
        return self.facts[kind, subject]


class Asking(Case):
    """Of servers that answer."""

    @classmethod
    def setUpClass(cls):
        cls.zones = tempfile.TemporaryDirectory(prefix="rootwatch-unbound-")
        cls.unbound, cls.port = start_unbound(cls.zones.name)

    @classmethod
    def tearDownClass(cls):
        cls.unbound.terminate()
        cls.unbound.wait()
        cls.zones.cleanup()

    def setUp(self):
        super().setUp()
        self.resolve_at(self.port)

    def test_tells_the_whole_story(self):
        self.whois_at(whois)
        self.tables()
        self.put(event())
        self.make()
        names = {h: self.fact("reverse", h) for h in HOSTS}
        self.assertEqual(names["192.0.2.1"]["names"], [{"name": "mail.example.net", "confirmed": True}])
        self.assertEqual(names["192.0.2.2"]["names"], [{"name": "liar.example.net", "confirmed": False}])
        self.assertEqual(names["192.0.2.3"]["names"][0]["name"], "<b>\\010.example.net")
        self.assertEqual(names["192.0.2.4"]["state"], "nothing")
        owner = self.fact("whois")
        self.assertEqual([b.get("owner") for b in owner["blocks"]],
                         ["Success Marketing Associates, LLC", "Example Broadband"])
        self.assertEqual(owner["blocks"][0]["registered"], "2005-01-10")
        self.assertEqual(owner["contacts"][0]["mail"], "abuse@broadband.example")
        self.assertEqual(self.fact("routing")["answer"], "unrouted")
        rows = [(r["tables"], r["match"], r["origins"]) for r in self.fact("history")["rows"]]
        self.assertEqual(rows, [(7, "same", [64497]), (10, "same", [64498]), (1, "nobody", [])])
        self.assertEqual(self.fact("whois", "AS64498")["contacts"][0]["mail"], "noc@second.example")
        self.assertIn("To: abuse@broadband.example\nCc: noc@second.example\n", self.case["letter"])
        self.assertIn("registered 2005-01-10, 8 days before", self.html)
        self.assertIn("8\n    days before", self.text)
        self.assertNotIn("<b>\\010", self.html)
        self.assertIn("&lt;b&gt;\\010.example.net", self.html)

    def test_a_process_that_breaks_leaves_what_was_found(self):
        second = "198.51.100.0/24"
        self.put(event(prefix="192.0.2.0/24") | {"prefix": ["192.0.2.0/24", second]})
        answer, program = self.dir / "answer", self.dir / "whois"
        answer.write_text(ANSWERS["192.0.2.0"])
        self.settings["whois"] = program
        for number in (signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT):
            with self.subTest(signal=number):
                program.write_text(f"""#!/bin/sh
case "$*" in
*192.0.2.0) cat {answer} ;;
*) kill -{int(number)} $PPID; sleep 1 ;;
esac
""")
                program.chmod(0o755)
                self.make("--again")
                self.assertEqual(self.fact("whois")["contacts"][0]["mail"],
                                 "abuse@broadband.example")
                failed = self.fact("whois", second)
                self.assertEqual(failed["state"], "failed")
                words = f"asking whois: its process was ended by signal {int(number)} ("
                self.assertIn(words, failed["words"])
                for text in (self.text, self.html):
                    self.assertIn(words, " ".join(text.split()))
                self.assertEqual(self.fact("reverse", "192.0.2.1")["state"], "found")

    def test_names_found_before_the_process_breaks_are_kept(self):
        self.resolve_at(self.serve(killing_dns(self.port, "1", signal.SIGSEGV)).port)
        self.whois_at(whois)
        self.put(event())
        self.make()
        self.assertEqual(self.fact("reverse", "192.0.2.1")["names"],
                         [{"name": "mail.example.net", "confirmed": True}])
        for host in HOSTS[1:]:
            self.assertIn("asking the DNS: its process was ended by signal 11",
                          self.fact("reverse", host)["words"])
        self.assertEqual(self.fact("whois")["state"], "found")
        self.resolve_at(self.port)
        self.make("--again")
        self.assertEqual(self.fact("reverse", "192.0.2.2")["state"], "found", "it can be mended")

    def test_asks_the_dns_who_announces_where_no_table_says(self):
        self.settings["origin-zone"] = "asn.example"
        self.put(event())
        self.make()
        dns = self.fact("dns")
        self.assertEqual((dns["asn"], dns["announced"], dns["allocated"]),
                         (64499, "192.0.2.0/24", "2005-01-10"), "the longest of two")
        self.assertEqual(self.fact("as-name", "AS64499")["name"], "EXAMPLE-NAME, US")
        self.assertIn("yes, 192.0.2.0/24 by AS64499 (EXAMPLE-NAME, US)", self.html)

    def test_reads_the_form_of_routeviews_too(self):
        self.settings["origin-zone"] = "routeviews.example"
        self.put(event())
        self.make()
        self.assertEqual((self.fact("dns")["asn"], self.fact("dns")["announced"]),
                         (64501, "192.0.2.0/24"))

    def test_does_not_ask_the_dns_what_a_table_knows(self):
        self.settings["origin-zone"] = "asn.example"
        self.tables()
        self.put(event())
        self.make()
        self.assertEqual(self.fact("dns")["state"], "off")
        self.assertEqual(self.fact("routing")["answer"], "unrouted")

    def test_knows_hosts_of_ipv6(self):
        self.whois_at(whois)
        self.put(event(hosts=["2001:db8::1", "2001:db8::2"], prefix="2001:db8::/48"))
        self.make()
        self.assertEqual(self.fact("reverse", "2001:db8::1")["names"],
                         [{"name": "six.example.net", "confirmed": True}])
        self.assertEqual(self.fact("reverse", "2001:db8::2")["state"], "nothing")
        self.assertEqual(self.fact("whois", "2001:db8::/48")["blocks"][0]["owner"], "Example Six")

    def test_asks_once_and_takes_over_what_another_incident_found(self):
        server = self.whois_at(whois)
        self.put(event())
        self.make()
        self.make()
        self.assertEqual(server.asked, ["192.0.2.0"])
        self.put(event("update", NOON + 3600, hosts=HOSTS + ["192.0.2.5"]))
        self.make()
        self.assertEqual(server.asked, ["192.0.2.0"])
        self.assertEqual(self.fact("reverse", "192.0.2.5")["state"], "nothing", "a new host")
        self.make("--again")
        self.assertEqual(server.asked, 2 * ["192.0.2.0"])
        self.put(event(id="2005-0119-1", time=NOON + 86400))
        subprocess.run([ROOTWATCH, "incident", "case", "2005-0119-1", "-c", self.config()],
                       check=True, capture_output=True)
        self.assertEqual(server.asked, 2 * ["192.0.2.0"])

    def test_an_answer_outlives_a_server_that_is_gone(self):
        server = self.whois_at(whois)
        self.put(event())
        self.make()
        server.stop()
        self.servers.remove(server)
        self.make("--again")
        self.assertEqual(self.fact("whois")["state"], "found")
        self.assertIn("Success Marketing", self.text)


class Failing(Case):
    """Of servers that do not answer as they should: what failed is said, in time."""

    def setUp(self):
        super().setUp()
        self.put(event())

    def failed(self, kind, subject, *words):
        fact = self.fact(kind, subject)
        self.assertEqual(fact["state"], "failed", fact)
        for word in words:
            self.assertIn(word, fact["words"])
            self.assertIn(word, " ".join(self.text.split()))
        self.assertGreater(fact["due"], fact["time"], "it is tried again")

    def test_off_is_off_and_said(self):
        self.settings = {}
        self.make()
        self.assertEqual({f["state"] for f in self.case["facts"]}, {"off"})
        for setting in ("lookups.resolver", "lookups.whois", "detection.origins", "lookups.history"):
            self.assertIn(f"{setting} is off", " ".join(self.text.split()))
            self.assertIn(f"{setting} is off", self.html)

    def test_dead_servers_refuse(self):
        with bound() as dns, bound() as whois:
            self.resolve_at(dns.getsockname()[1])
            self.settings.update({"whois": WHOIS, "whois-server":
                                  f"127.0.0.1:{whois.getsockname()[1]}"})
            self.make()
        self.failed("reverse", "192.0.2.1", "refused")
        self.failed("whois", "192.0.2.0/24", "efused")
        self.assertLess(self.took, 30, "a deadline is not waited for")

    def test_silent_servers_are_not_waited_for_beyond_the_deadline(self):
        self.settings["deadline"] = 3
        dns = self.serve(silent)
        self.resolve_at(dns.port)
        whois = self.whois_at(silent)
        self.make()  # by hand: three times the deadline
        self.failed("reverse", "192.0.2.4", "no answer within")
        self.failed("whois", "192.0.2.0/24", "within")
        self.assertLess(max(dns.longest_wait(), whois.longest_wait()), 3 * 3 + 6)
        self.assertEqual(len(dns.asked), len(HOSTS), "all at the same time")

    def test_lies_of_another_question_or_number_are_not_believed(self):
        for change in (lambda a: bytes([a[0] ^ 1]) + a[1:],
                       lambda a: a[:13] + b"9" + a[14:],
                       lambda a: a.replace(b"\0\x0c\0\1\xc0", b"\0\x01\0\1\xc0")):
            with self.subTest(change=change):
                self.resolve_at(self.serve(lying_dns(change)).port)
                self.make("--again")
                self.assertNotIn("forged.", json.dumps(self.facts["reverse", "192.0.2.1"]))
                self.assertNotIn('"forged"', json.dumps(self.facts["reverse", "192.0.2.1"]))
                self.assertEqual(self.fact("reverse", "192.0.2.1")["state"], "failed")

    def test_broken_answers_are_failures(self):
        for octets in (b"\0\x05junk!", b"\xff\xff", b"\0\0", b""):
            with self.subTest(octets=octets):
                def speak(server, connection, octets=octets):
                    connection.recv(512)
                    connection.sendall(octets)
                self.resolve_at(self.serve(speak).port)
                self.make("--again")
                self.assertEqual(self.fact("reverse", "192.0.2.1")["state"], "failed")

    def test_hostile_text_stays_text(self):
        self.whois_at(saying(b"NetRange: 192.0.2.0 - 192.0.2.255\n"
                             b"OrgName: <script>alert(1)</script>\x1b[2J\n"
                             b"OrgAbuseEmail: a@b.example\r\nBcc: everybody@example.net\n"))
        self.make()
        self.assertNotIn("<script>", self.html)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J", self.html)
        for text in (self.text, self.html, self.case["letter"]):
            self.assertFalse({c for c in text if ord(c) < 32 and c != "\n"})
        self.assertNotIn("\nBcc:", self.case["letter"])

    def test_a_page_of_html_is_no_answer_but_kept(self):
        self.whois_at(saying(b"<html><body>Please come back later</body></html>\n"))
        self.make()
        self.failed("whois", "192.0.2.0/24", "no form that is known", "<html>")
        self.assertIn("&lt;html&gt;", self.html)

    def test_ten_megabytes_are_cut(self):
        self.whois_at(saying(b"NetRange: 192.0.2.0 - 192.0.2.255\nOrgName: Much, Inc.\n" +
                             b"Comment: \xfe more and more of it\n" * 400000))
        self.make()
        fact = self.fact("whois")
        self.assertEqual(fact["state"], "found")
        self.assertEqual(fact["blocks"][0]["owner"], "Much, Inc.")
        self.assertTrue(fact["raw_cut"])
        self.assertLess(len(fact["raw"]), 1 << 16)
        self.assertIn("too long", fact["words"])
        self.assertLess(self.took, 45, "the deadline is not waited for")

    def test_an_answer_without_an_end_is_left(self):
        self.settings["deadline"] = 3
        server = self.whois_at(endless)
        self.make()
        self.assertEqual(self.fact("whois")["state"], "failed")
        self.assertLess(server.longest_wait(), 3 * 3 + 6)

    def test_a_program_that_fails_says_why(self):
        self.settings["deadline"] = 3
        for script, word in (("echo it is broken >&2; exit 3", "it is broken"),
                             ("kill -SEGV $$", "signal 11 ("), ("sleep 100 & sleep 100", "within")):
            with self.subTest(script=script):
                program = self.dir / "whois"
                program.write_text(f"#!/bin/sh\n{script}\n")
                program.chmod(0o755)
                self.settings["whois"] = program
                self.make("--again")
                self.failed("whois", "192.0.2.0/24", word)
        self.settings["whois"] = self.dir / "nothing"
        self.make("--again")
        self.failed("whois", "192.0.2.0/24", "No such file")

    def test_tables_that_cannot_be_read_are_named(self):
        self.tables()
        (self.dir / "tables" / "t-20050118.txt").write_text("192.0.2.0\t24\tnonsense\n")
        (self.dir / "tables" / "t-20050105.txt").write_text("")
        self.make()
        self.failed("routing", "192.0.2.0/24", "t-20050118.txt")
        history = self.fact("history")
        self.assertEqual((history["state"], history["tables"]), ("found", 16))
        self.assertIn("2 tables were refused", history["words"])
        self.settings["history"] = self.dir / "nowhere"
        self.make("--again")
        self.assertEqual(self.fact("history")["tables"], 16, "what was found stays")

    def test_no_incident_no_case(self):
        ran = subprocess.run([ROOTWATCH, "incident", "case", "2005-0101-9", "-c", self.config()],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 1)
        self.assertIn('no incident "2005-0101-9"', ran.stderr)


class Telling(Case):
    """The whole way: traffic, incident, look-ups, mail, case file."""

    def wait_for_port(self, server, file):
        while not file.exists():
            self.assertIsNone(server.poll(), server.args)
            time.sleep(0.05)

    def read(self):
        port_file = self.dir / "port"
        mails = subprocess.Popen([MAILSERVER, self.dir / "mail", port_file])
        try:
            self.wait_for_port(mails, port_file)
            config = self.config("mail:\n  to: [noc@example.net]\n  from: rootwatch@example.net\n"
                                 "  starttls: never\n"
                                 f"  smarthost: smtp://127.0.0.1:{port_file.read_text()}\n")
            made = subprocess.Popen([THE_CASE, "--rate", "0.05", "--from", "129000", "--to", "129900"],
                                    stdout=subprocess.PIPE)
            ran = subprocess.run([ROOTWATCH, "read", "-c", config, "--state", self.state, "-"],
                                 stdin=made.stdout, capture_output=True, text=True, timeout=180)
            made.stdout.close()
            made.wait()
            self.assertEqual(ran.returncode, 0, ran.stderr)
            return (self.dir / "mail" / "1.eml").read_text()
        finally:
            mails.terminate()
            mails.wait()

    def test_the_mail_has_the_essence_and_the_case_says_who_was_written_to(self):
        ANSWERS["207.244.46.0"] = ANSWERS["192.0.2.0"].replace("192.0.2.", "207.244.46.")
        self.whois_at(whois)
        mail = self.read()
        self.assertIn("Network: Success Marketing Associates, LLC (registered 2005-01-10", mail)
        self.assertIn("Contact: abuse@broadband.example, +1-555-0100", mail)
        self.assertNotIn("Reverse DNS", mail, "off is not spoken of")
        folder = self.state / "cases" / ID
        self.assertIn("Mail to noc@example.net: opened 18 Jan 2005", (folder / "case.txt").read_text())
        self.assertTrue((folder / "share.png").exists())
        self.assertIn('src="share.png"', (folder / "case.html").read_text())
        self.assertTrue((folder / "evidence.pcap").exists())
        self.assertIn('<a href="evidence.pcap">', (folder / "case.html").read_text())
        self.assertIn("Frames: evidence.pcap", (folder / "case.txt").read_text())
        shown = subprocess.run([ROOTWATCH, "incident", "show", ID, "--state", self.state],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn(f"case file: {folder}/case.{{txt,html,json}}", shown)

    def test_the_demonstration_tells_the_published_story(self):
        scripts = pathlib.Path(MAILSERVER).parent
        subprocess.run([scripts / "demo-tables", self.dir / "tables"], check=True)
        servers = [subprocess.Popen([scripts / f"demo-{what}", self.dir / what])
                   for what in ("resolver", "whois-server")]
        try:
            for what, server in zip(("resolver", "whois-server"), servers):
                self.wait_for_port(server, self.dir / what)
            self.resolve_at((self.dir / "resolver").read_text())
            self.settings.update({"whois": WHOIS, "history": self.dir / "tables", "deadline": 10,
                                  "whois-server": f"127.0.0.1:{(self.dir / 'whois-server').read_text()}"})
            self.detection["origins"] = self.dir / "tables" / "table-20050118.txt"
            mail = self.read()
        finally:
            for server in servers:
                server.terminate()
                server.wait()
        body = " ".join(mail.replace("\r\n", "\n").split("\n\n")[2].split())
        for words in ("Network: Success Marketing Associates, LLC (registered 2005-01-10, 8 days before)",
                      "Reverse DNS: none of 7 hosts has a reverse name.",
                      "Routed now: no, nobody announces it in the table of origins of 18 Jan 2005.",
                      "Last origin seen: AS30092 until 17 Jan 2005; before that AS21529, until 7 Jan 2005.",
                      "Contact: abuse@broadband.example, +1-555-0100"):
            self.assertIn(words, body)
        for line in mail.split("\n\n")[2].splitlines():
            self.assertTrue(len(line) <= 72 or line.startswith("Page:"), line)
        text = (self.state / "cases" / ID / "case.txt").read_text()
        for words in ("1 Jan 2005 - 7 Jan 2005 207.244.46.0/24 by AS21529", "nobody announced it",
                      "Cc: noc@second-hosting.example", "Contact: abuse@broadband.example"):
            self.assertIn(words, " ".join(text.split()))

    def test_who_comes_while_others_are_looked_up_is_mailed_when_it_was_looked_up_too(self):
        late, once, mails = self.dir / "late", self.dir / "once", self.dir / "mails"
        late.write_text(json.dumps(event(id="2005-0118-2", prefix="198.51.100.0/24",
                                         hosts=["198.51.100.1"])) + "\n")
        (self.dir / "answer").write_text(ANSWERS["192.0.2.0"])
        for name, script in (
                ("whois", f"[ -e {once} ] || {TOOL} put {self.state} <{late}\ntouch {once}\n"
                          f"cat {self.dir}/answer"), ("sendmail", f"cat >>{mails}")):
            (self.dir / name).write_text(f"#!/bin/sh\n{script}\n")
            (self.dir / name).chmod(0o755)
        self.settings["whois"] = self.dir / "whois"
        self.put(event())
        config = self.config(f"mail:\n  to: [noc@example.net]\n  sendmail: {self.dir}/sendmail\n")
        frames = subprocess.run([THE_CASE, "--rate", "0.01", "--from", "129000", "--to", "129001"],
                                check=True, capture_output=True).stdout
        for told in ([ID], [ID, "2005-0118-2"]):
            subprocess.run([ROOTWATCH, "read", "-c", config, "--state", self.state, "-"], check=True,
                           input=frames, capture_output=True)
            self.assertEqual(re.findall(r"X-Rootwatch-Incident: (\S+)", mails.read_text()), told)
        self.assertNotIn("Not looked up yet", mails.read_text())

    def test_silent_servers_delay_a_mail_by_their_deadline_alone(self):
        self.assertNotIn("Network:", self.read())
        shutil.rmtree(self.state)
        shutil.rmtree(self.dir / "mail")
        (self.dir / "port").unlink()
        self.state.mkdir()
        self.settings["deadline"] = 2
        dns = self.serve(silent)
        self.resolve_at(dns.port)
        whois = self.whois_at(silent)
        mail = self.read()
        self.assertIn("Network: not known. Failed at", mail)
        self.assertIn("Reverse DNS: not known.", mail)
        self.assertLess(max(dns.longest_wait(), whois.longest_wait()), 2 + 4)


if __name__ == "__main__":
    ROOTWATCH, TOOL, THE_CASE, MAILSERVER = sys.argv[1:5]
    if WHOIS is None or not os.access(UNBOUND, os.X_OK):
        print("unbound or whois is not installed")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=2)
