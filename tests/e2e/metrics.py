#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Metrics of a live capture, as Prometheus fetches them.

usage: metrics.py ROOTWATCH SEND MAILSERVER
Skips (exit 77) without the right to make namespaces.
"""
import json, os, pathlib, re, shutil, signal, socket, subprocess, sys, time

from veth import A, B, ROOTWATCH, SEND, Live, children_of, is_alive, main, run, wait_for

PORT = 9153

# One request on a connection, in the namespace where the daemon is; the whole answer is printed.
CLIENT = """
import socket, sys
where, request = sys.argv[1:]
family = socket.AF_UNIX if where.startswith("/") else socket.AF_INET
with socket.socket(family) as s:
    s.settimeout(20)
    s.connect(where if family == socket.AF_UNIX else (where, %d))
    s.sendall(request.encode())
    while part := s.recv(65536):
        sys.stdout.buffer.write(part)
""" % PORT

# Clients that never come to an end: an octet a second, which is never too long for the library.
SLOW = """
import socket, sys, time
clients = [socket.create_connection(("127.0.0.1", %d)) for _ in range(int(sys.argv[1]))]
print("connected", flush=True)
begun = time.monotonic()
for c in clients:
    c.setblocking(False)
while clients:
    for c in list(clients):
        try:
            c.send(b"G")
            if c.recv(4096) == b"":
                raise ConnectionError
        except BlockingIOError:
            pass
        except ConnectionError:
            clients.remove(c)
    time.sleep(1)
print(time.monotonic() - begun, flush=True)
""" % PORT


def parse(text):
    """Samples by name and labels; fails where a name has HELP or TYPE twice, or none."""
    samples, helps, types = {}, {}, {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in helps, line
            helps[name] = line
        elif line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name in helps and name not in types, line
            types[name] = kind
            assert name.endswith("_total") == (kind == "counter"), line
        elif not line.startswith("#"):
            name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line).groups()
            assert name in types and (name, labels) not in samples, line
            samples[name, labels] = float(value)
    return samples


class Metrics(Live):
    def setUp(self):
        super().setUp()
        self.where = "127.0.0.1"
        self.listen(f"{self.where}:{PORT}")

    def listen(self, where):
        text = re.sub(r"metrics: .*\n", "", self.config.read_text())
        self.config.write_text(text + f"metrics: {{listen: '{where}'}}\n")

    def log(self):
        return (self.dir / "log").read_text()

    def ask(self, request):
        p = subprocess.run(["ip", "netns", "exec", A, sys.executable, "-c", CLIENT, self.where,
                            request], capture_output=True, timeout=40)
        if p.returncode != 0 or p.stdout == b"":
            raise ConnectionError(p.stderr.decode())
        head, body = p.stdout.decode().split("\r\n\r\n", 1)
        return int(head.split()[1]), head, body

    def get(self, path="/metrics"):
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")

    def scrape(self):
        code, head, body = self.get()
        self.assertEqual(code, 200)
        self.assertIn("text/plain; version=0.0.4", head)
        self.text = body
        return parse(body)

    def value(self, name, labels=None):
        return self.scrape().get((f"rootwatch_{name}", labels))

    def total(self, name):
        return sum(v for (n, _), v in self.scrape().items() if n == f"rootwatch_{name}")

    def wait_for_up(self, up):
        wait_for(f"rootwatch_up {up}", lambda: self.value("up") == up)

    def process_of(self, p, listens):
        """The child that serves metrics (none else waits by epoll), or the one that captures; there
        are others, which do not last."""
        def found():
            for pid in children_of(p.pid):
                try:
                    held = [os.readlink(f) for f in pathlib.Path("/proc", pid, "fd").iterdir()]
                    packet = pathlib.Path("/proc", pid, "net/packet").read_text().split()
                except OSError:  # it has ended
                    continue
                captures = any(h[8:-1] in packet for h in held if h.startswith("socket:"))
                if "anon_inode:[eventpoll]" in held if listens else captures:
                    return int(pid)
        return wait_for("such a process", found)

    def test_counts_what_was_sent(self):
        p = self.start_rootwatch()
        self.wait_for_up(1)
        self.assertEqual(self.total("queries_total"), 0)
        sent = int(self.start([SEND, "wire", "2000", "8", "2", "0.35"], B,
                              stdout=subprocess.PIPE, text=True).communicate()[0])
        wait_for("all queries", lambda: self.total("queries_total") == sent)
        now = self.scrape()
        self.assertEqual(now["rootwatch_capture_packets_total", 'interface="mirror"'], sent)
        self.assertEqual(now["rootwatch_queries_by_transport_total",
                             'transport="udp",family="ipv4"'], sent)
        self.assertGreater(now["rootwatch_queries_total", 'qtype="MX"'], sent * 0.1)
        self.assertEqual(now["rootwatch_capture_dropped_total",
                             'interface="mirror",where="kernel"'], 0)
        self.assertEqual(sum(v for (n, _), v in now.items()
                             if n == "rootwatch_junk_queries_total"), sent)
        self.assertEqual(now["rootwatch_not_stored_total", None], 0)
        self.assertLess(abs(now["rootwatch_last_interval_timestamp_seconds", None] - time.time()),
                        5)
        self.assertLess(abs(now["rootwatch_start_time_seconds", None] - time.time()), 60)
        self.promtool(self.text)
        self.stop(p)
        self.assertRaises(ConnectionError, self.get)

    def promtool(self, text):
        if shutil.which("promtool") is None:
            print("promtool is not installed: the form is not checked by it", file=sys.stderr)
            return
        said = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True)
        self.assertEqual((said.returncode, said.stdout + said.stderr), (0, ""))

    def scrape_with_status(self):
        now = self.scrape()
        status = json.loads((self.state / "status.json").read_text())
        same = abs(status["time"] - now["rootwatch_last_interval_timestamp_seconds", None]) < 1e-3
        return same and (now, status)

    def test_shows_the_culprit_and_the_incident_while_it_goes_on(self):
        self.start_rootwatch()
        sender = self.start([SEND, "wire", "4000", "300", "8", "0.35"], B, stdout=subprocess.PIPE)
        wait_for("incident", lambda: self.total("incidents_open"))
        now, status = wait_for("both of one interval", self.scrape_with_status)
        first = status["prefixes"][0]
        rate = now["rootwatch_leading_prefix_queries_per_second", 'prefix="207.244.46.0/24"']
        self.assertAlmostEqual(rate, first["queries"] / status["length_s"], 3)
        self.assertAlmostEqual(first["queries"] / status["queries"], 0.35, delta=0.05)
        self.assertEqual(now["rootwatch_leading_prefix_hosts", 'prefix="207.244.46.0/24"'], 7)
        self.assertEqual([n for n, labels in now if n.startswith("rootwatch_leading") and
                          "207.244.46" not in labels], [])
        os.killpg(sender.pid, signal.SIGKILL)
        sender.communicate()

    def test_answers_nothing_but_what_it_is_asked_for(self):
        self.start_rootwatch()
        for path, code in (("/", 200), ("/metrics", 200), ("/metrics?x=1", 200), ("/x", 404),
                           ("/metrics/", 404), ("/../metrics", 404), ("/status.json", 404)):
            self.assertEqual(self.get(path)[0], code, path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            code, head, _ = self.ask(f"{method} /metrics HTTP/1.1\r\nHost: x\r\n"
                                     "Content-Length: 5\r\n\r\nhello")
            self.assertEqual((code, "Allow: GET, HEAD" in head), (405, True), method)
        code, head, body = self.ask("HEAD /metrics HTTP/1.0\r\n\r\n")
        self.assertEqual((code, body), (200, ""))
        self.assertIn("Connection: close", head)
        code, _, _ = self.ask("GET /" + "x" * 40000 + " HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(code, (400, 414, 431))
        self.assertEqual(self.get()[0], 200)

    def test_slow_clients_are_cut_off_and_others_are_answered_then(self):
        self.start_rootwatch()
        slow = self.start([sys.executable, "-c", SLOW, "16"], A, stdout=subprocess.PIPE, text=True)
        self.assertEqual(slow.stdout.readline(), "connected\n")
        begun = time.monotonic()
        wait_for("an answer", self.ask_or_none)
        self.assertGreater(time.monotonic() - begun, 15, "all places were taken")
        self.assertLess(float(slow.stdout.readline()), 40)

    def ask_or_none(self):
        try:
            return self.get()[0] == 200
        except (ConnectionError, subprocess.TimeoutExpired):
            return None

    def test_says_that_it_is_down_and_no_old_numbers_when_capture_hangs_or_dies(self):
        p = self.start_rootwatch()
        self.wait_for_up(1)
        begun = self.value("start_time_seconds")
        capture = self.process_of(p, listens=False)
        os.kill(capture, signal.SIGSTOP)
        self.wait_for_up(0)
        self.assertEqual({n for n, _ in parse(self.text)},
                         {"rootwatch_up", "rootwatch_build_info",
                          "rootwatch_last_interval_timestamp_seconds"})
        self.assertIn("# rootwatch_up is 0: the last interval is old", self.text)
        os.kill(capture, signal.SIGCONT)
        self.wait_for_up(1)
        os.kill(capture, signal.SIGKILL)
        wait_for("another start", lambda: (self.value("start_time_seconds") or begun) > begun)
        self.assertEqual(self.log().count("the capturing process was ended by signal 9"), 1)
        self.stop(p)

    def test_is_started_again_and_capture_does_not_notice(self):
        p = self.start_rootwatch()
        self.wait_for_up(1)
        begun = self.value("start_time_seconds")
        os.kill(self.process_of(p, listens=True), signal.SIGKILL)
        wait_for("metrics again", self.ask_or_none)
        self.assertEqual(self.value("start_time_seconds"), begun)
        self.assertIn("the process of metrics was ended by signal 9 (Killed); started again in 1 s",
                      self.log())
        self.stop(p)

    def test_has_no_rights_and_ends_with_its_parent(self):
        user = self.of_nobody()
        p = self.start_rootwatch()
        pid = self.process_of(p, listens=True)
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.assertRegex(status, rf"(?m)^Uid:\s+{user.pw_uid}\s+{user.pw_uid}\s")
        for kind in ("Inh", "Prm", "Eff", "Amb"):
            self.assertRegex(status, rf"(?m)^Cap{kind}:\s+0+$")
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
        self.assertRegex(status, r"(?m)^Threads:\s+1$")
        held = sorted(os.readlink(f) for f in pathlib.Path(f"/proc/{pid}/fd").iterdir()
                      if int(f.name) > 2)
        self.assertEqual(len(held), 3, held)  # the socket, and what it waits with
        self.assertEqual([h.split(":")[1].split("[")[-1] for h in held[:2]],
                         ["eventpoll]", "signalfd]"])
        os.kill(p.pid, signal.SIGKILL)
        p.wait()
        wait_for("its end", lambda: not is_alive(str(pid)))

    def test_a_socket_with_a_path_is_the_users_and_goes_with_the_daemon(self):
        user = self.of_nobody()
        folder = self.dir / "run"
        for mine in (folder, self.dir / "other"):
            mine.mkdir()
            os.chown(mine, user.pw_uid, user.pw_gid)
        self.where = str(folder / "metrics")
        self.listen(f"unix:{self.where}")
        p = self.start_rootwatch()
        self.wait_for_up(1)
        about = os.stat(self.where)
        self.assertEqual((about.st_uid, about.st_mode & 0o777), (user.pw_uid, 0o660))
        second = self.config.with_name("second.yaml")
        second.write_text(self.config.read_text().replace(str(self.state), f"{self.dir}/other"))
        other = self.dir / "log of the other"
        with open(other, "w") as log:
            q = self.start([ROOTWATCH, "run", "-c", str(second)], A, stderr=log)
        wait_for("capture", lambda: "capturing on" in other.read_text())
        wait_for("a word of it", lambda: f"metrics.listen: unix:{self.where}: listening: "
                 "Address already in use" in other.read_text())
        self.stop(q)
        self.assertEqual(self.get()[0], 200)
        os.kill(self.process_of(p, listens=True), signal.SIGKILL)  # leaves the socket behind
        wait_for("metrics again", self.ask_or_none)
        self.stop(p)
        self.assertFalse(os.path.exists(self.where))

    def take(self, port):
        taken = self.start([sys.executable, "-c", "import socket, time\n"
                            f"s = socket.create_server(('127.0.0.1', {port}))\n"
                            "print('taken', flush=True)\ntime.sleep(300)"], A,
                           stdout=subprocess.PIPE, text=True)
        self.assertEqual(taken.stdout.readline(), "taken\n")
        return taken

    def test_an_address_that_is_not_there_yet_is_waited_for_while_capture_goes_on(self):
        self.where = "192.0.2.77"
        self.config.write_text(re.sub(r"metrics: .*\n", "", self.config.read_text()))
        p = self.start_rootwatch()
        self.listen(f"{self.where}:{PORT}")
        os.kill(p.pid, signal.SIGHUP)  # as at the start
        wait_for("another configuration", lambda: self.log().count("capturing on") == 2)
        words = f"metrics.listen: {self.where}:{PORT}: listening: Cannot"
        self.assertIn(words, self.log())
        self.stop(p)
        before = len(self.log())
        p = self.start_rootwatch()
        self.assertIn(words, self.log()[before:])
        wait_for("an interval", (self.state / "status.json").exists)
        run("ip", "-n", A, "addr", "add", f"{self.where}/32", "dev", "lo")
        self.addCleanup(run, "ip", "-n", A, "addr", "flush", "to", f"{self.where}/32", "dev", "lo")
        wait_for("metrics", self.ask_or_none)
        self.assertEqual(self.log().count("capturing on"), 3)
        self.stop(p)

    def test_an_address_in_use_is_waited_for_at_the_start_and_leaves_the_old_one_at_a_reload(self):
        taken = self.take(9154)
        self.listen("127.0.0.1:9154")
        p = self.start_rootwatch()
        wait_for("a word of it", lambda: "metrics.listen: 127.0.0.1:9154: listening: Address "
                 "already in use" in self.log())
        wait_for("what follows", lambda: "the process of metrics ended with status 1; started "
                 "again in 1 s" in self.log())
        os.killpg(taken.pid, signal.SIGKILL)
        wait_for("metrics", lambda: "metrics are at 127.0.0.1:9154" in self.log())
        self.stop(p)
        taken = self.take(9154)

        self.listen(f"127.0.0.1:{PORT}")
        p = self.start_rootwatch()
        self.wait_for_up(1)
        begun = self.log().count("capturing on")
        self.listen("127.0.0.1:9154")
        os.kill(p.pid, signal.SIGHUP)
        wait_for("refusal", lambda: "the old configuration stays in force" in self.log())
        self.assertEqual(self.value("up"), 1)
        # All addresses at the same port: the old socket does not stand in the way.
        self.listen(f"0.0.0.0:{PORT}")
        os.kill(p.pid, signal.SIGHUP)
        wait_for("another configuration",
                 lambda: self.log().count("capturing on") == begun + 1)
        self.wait_for_up(1)
        self.config.write_text(re.sub(r"metrics: .*\n", "", self.config.read_text()))
        os.kill(p.pid, signal.SIGHUP)
        wait_for("another configuration",
                 lambda: self.log().count("capturing on") == begun + 2)
        self.assertRaises(ConnectionError, self.get)
        self.stop(p)


if __name__ == "__main__":
    main()
