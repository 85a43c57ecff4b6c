#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`rootwatch read` on files, pipes and what is not a capture; and the published case, small.

usage: read.py ROOTWATCH THE_CASE MAILSERVER
"""
import bz2, fcntl, glob, gzip, json, lzma, os, pathlib, signal, sqlite3, struct, subprocess, sys
import tempfile, termios, time, unittest

from drawing import DRAWING

ROOTWATCH, THE_CASE, MAILSERVER = sys.argv[1:4]
FROM = 43200 + 86400  # of the case: when the culprit begins


def made(*words):
    return subprocess.run([THE_CASE, *map(str, words)], check=True, capture_output=True).stdout


def frames(pcap):
    """The header of a capture, and its records."""
    at, records = 24, []
    while at < len(pcap):
        size = 16 + struct.unpack_from("<I", pcap, at + 8)[0]
        records.append(pcap[at:at + size])
        at += size
    return pcap[:24], records


def moved(record, seconds):
    return struct.pack("<I", seconds) + record[4:]


class Read(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = made("--rate", 0.01, "--from", FROM, "--to", FROM + 60)

    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="rootwatch-read-")
        self.dir = pathlib.Path(self.holder.name)
        self.pcap = self.dir / "case.pcap"
        self.pcap.write_bytes(self.case)

    def tearDown(self):
        self.holder.cleanup()

    def read(self, *words, data=None):
        return subprocess.run([ROOTWATCH, "read", *map(str, words)], input=data,
                              capture_output=True)

    def summary(self, *words, data=None, status=0):
        ran = self.read("--json", *words, data=data)
        self.assertEqual(ran.returncode, status, ran.stderr.decode())
        return json.loads(ran.stdout)

    def test_counts_a_file_and_a_pipe_alike(self):
        a = self.summary(self.pcap)
        b = self.summary("-", data=self.case)
        self.assertEqual(a, b)
        self.assertEqual(a["schema"], "rootwatch-summary/1")
        self.assertEqual(a["frames"], a["queries"])
        self.assertEqual(sum(a["qtype"].values()), a["queries"])
        self.assertEqual(sum(a["queries_by"].values()), a["queries"])
        self.assertEqual(a["prefixes"][0]["prefix"], "207.244.46.0/24")
        self.assertEqual(a["prefixes"][0]["hosts"], 7)

    def test_has_every_key_that_the_manual_promises(self):
        s = self.summary(self.pcap)
        self.assertEqual(
            list(s), "schema files frames first_time last_time queries responses malformed "
            "queries_by responses_by qtype qclass opcode rcode edns flags sources prefixes names "
            "tlds junk junk_rests_on undecoded not_dns unknown defects losses cut_messages drops "
            "overflow incidents".split())
        manual = (pathlib.Path(__file__).parents[2] / "docs/rootwatch.8.scd").read_text()
        for key in s:
            self.assertIn(f'"{key}"', manual)

    def test_says_how_each_command_is_used_to_who_asks(self):
        for command in ("run", "read", "graph", "incident", "check", "origins", "rank", "tune",
                        "report"):
            for option in ("-h", "--help"):
                ran = subprocess.run([ROOTWATCH, command, option], capture_output=True)
                self.assertEqual(ran.returncode, 0, ran)
                self.assertIn(f"usage: rootwatch {command}".encode(), ran.stdout)
                self.assertEqual(ran.stderr, b"")
            said = [subprocess.run([ROOTWATCH, *words], capture_output=True, check=True).stdout
                    for words in ((command, "--help"), ("help", command))]
            self.assertEqual(*said)
            ran = subprocess.run([ROOTWATCH, command, "--wrong"], capture_output=True)
            self.assertEqual(ran.returncode, 2, ran)
            self.assertTrue(ran.stderr.startswith(f"rootwatch {command}: ".encode()), ran)

    def test_lists_its_commands_to_who_asks_for_help(self):
        said = [subprocess.run([ROOTWATCH, *words], capture_output=True)
                for words in (["help"], ["--help"], ["-h"], ["help", "--help"], ["help", "help"])]
        self.assertEqual({(ran.returncode, ran.stderr) for ran in said}, {(0, b"")})
        self.assertEqual(len({ran.stdout for ran in said}), 1)
        self.assertIn(b"\n  read ", said[0].stdout)
        for words in (["no-such"], ["help", "no-such"], ["help", "read", "run"]):
            ran = subprocess.run([ROOTWATCH, *words], capture_output=True)
            self.assertEqual((ran.returncode, ran.stdout), (2, b""), ran)
            self.assertEqual(ran.stderr.count(b"\n"), 1, ran)

    def test_has_nothing_to_summarise_where_nothing_was_read(self):
        ran = self.read(self.dir / "none.pcap")
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(ran.stdout, b"No frames.\n")
        self.assertIn(b"none.pcap: ", ran.stderr)

    def test_says_once_that_queries_begin_where_there_had_been_next_to_none(self):
        busy = made("--rate", 0.05, "--from", FROM, "--to", FROM + 120)
        header, records = frames(busy)
        first = struct.unpack_from("<I", records[0])[0]
        strays = [moved(records[0], first - s) for s in range(600, 0, -10)]
        self.pcap.write_bytes(header + b"".join(strays + records))
        ran = self.read("--json", self.pcap)
        self.assertEqual(json.loads(ran.stdout)["incidents"], [])
        self.assertEqual(ran.stderr.count(b"\n"), 1, ran.stderr)
        self.assertIn(b"queries begin, 2", ran.stderr)
        self.assertIn(b" a second, where there had been next to none", ran.stderr)

    def test_has_nothing_to_say_where_a_file_begins_with_the_end_of_a_second(self):
        header, records = frames(made("--rate", 0.05, "--from", FROM, "--to", FROM + 60))
        first = struct.unpack_from("<I", records[0])[0]
        late = [r for r in records if struct.unpack_from("<2I", r) > (first, 950000)]
        self.assertTrue(0 < sum(r[:4] == late[0][:4] for r in late) < len(late) / 300)
        self.pcap.write_bytes(header + b"".join(late))
        self.assertEqual(self.read("--json", self.pcap).stderr, b"")

    def waits_for_more(self, p):
        """It minds signals, has taken all from its pipe and done with it."""
        left = struct.unpack("i", fcntl.ioctl(p.stdin, termios.FIONREAD, bytes(4)))[0]
        about = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{p.pid}/status")
                     .read_text().splitlines())
        blocked = int(about["SigBlk"], 16) >> signal.SIGINT - 1 & 1
        return left == 0 and blocked and about["State"].startswith("S")

    def test_summarises_what_it_has_read_when_asked_to_stop(self):
        # Half of a capture comes through a pipe that stays open.
        p = subprocess.Popen([ROOTWATCH, "read", "--json", "-"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        header, records = frames(self.case)
        p.stdin.write(header + b"".join(records[:len(records) // 2]))
        p.stdin.flush()
        while not self.waits_for_more(p):
            self.assertIsNone(p.poll(), "it ended")
            time.sleep(0.01)
        p.send_signal(signal.SIGINT)
        said, complaint = p.communicate(b"".join(records[len(records) // 2:]), timeout=20)
        self.assertEqual(p.returncode, 1, complaint)
        self.assertIn(b"asked to stop", complaint)
        queries = json.loads(said)["queries"]
        self.assertTrue(0 < queries < len(records), queries)

    def test_lists_every_prefix_when_asked(self):
        s = self.summary("--prefixes", "all", self.pcap)
        self.assertEqual(len(s["prefixes"]), s["sources"]["prefixes"])
        self.assertEqual(sum(p["queries"] for p in s["prefixes"]), s["queries"])
        for p in s["prefixes"]:
            self.assertEqual(sum(p["qtype"].values()), p["queries"])

    def test_reads_compressed_files_as_they_are(self):
        plain = self.summary(self.pcap)["queries"]
        for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
            path = self.dir / f"c.{name}"
            path.write_bytes(pack(self.case))
            self.assertEqual(self.summary(path)["queries"], plain)

    def test_takes_several_files_as_one_stream_in_the_order_of_time(self):
        first, second = self.dir / "b.pcap", self.dir / "a.pcap"
        first.write_bytes(made("--rate", 0.01, "--from", FROM, "--to", FROM + 30))
        second.write_bytes(made("--rate", 0.01, "--from", FROM + 30, "--to", FROM + 60))
        s = self.summary(second, first)
        self.assertEqual(s["files"], 2)
        self.assertEqual(s["overflow"], {})
        self.assertLess(s["first_time"], s["last_time"] - 55)

    def test_takes_files_that_overlap_as_one_stream(self):
        """Two ports of one mirror: the same incidents as if they were one."""
        header, records = frames(made("--rate", 0.05, "--from", FROM - 1200, "--to", FROM + 300))
        files, events = [self.dir / f"port{i}.pcap" for i in range(3)], {}
        files[0].write_bytes(header + b"".join(records))
        files[1].write_bytes(header + b"".join(records[::3]))
        files[2].write_bytes(header + b"".join(r for i, r in enumerate(records) if i % 3))
        for which in (files[:1], files[1:]):
            to = self.dir / "events"
            s = self.summary("--events", to, *which)
            events[len(which)] = to.read_text()
            self.assertEqual(s["queries"], len(records))
        self.assertIn("207.244.46.0/24", events[1])
        self.assertEqual(events[1], events[2])

    def test_counts_what_is_before_a_cut_and_says_where_it_is(self):
        self.pcap.write_bytes(self.case[:-20])
        ran = self.read("--json", self.pcap)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"ends inside packet", ran.stderr)
        self.assertIn(b"at offset", ran.stderr)
        whole = self.summary("-", data=self.case)
        self.assertEqual(json.loads(ran.stdout)["queries"], whole["queries"] - 1)

    def test_says_in_one_line_what_is_not_a_capture_and_reads_the_rest(self):
        wrong = self.dir / "wrong"
        wrong.write_text("this is no capture")
        ran = self.read("--json", wrong, self.pcap)
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(ran.stderr.count(b"\n"), 1, ran.stderr)
        self.assertIn(b"wrong", ran.stderr)
        self.assertGreater(json.loads(ran.stdout)["queries"], 0)

    def test_refuses_wrong_usage(self):
        for words in ([], ["--prefixes", "few", self.pcap], ["--port", "0", self.pcap],
                      ["--unknown", self.pcap]):
            self.assertEqual(self.read(*words).returncode, 2, words)

    def test_counts_only_the_ports_asked_for(self):
        s = self.summary("--port", 5353, "--port", 54, self.pcap)
        self.assertEqual(s["queries"], 0)
        self.assertEqual(sum(s["not_dns"].values()), s["frames"])

    def test_says_once_that_nothing_can_be_stored_and_counts_on(self):
        if os.geteuid() != 0:
            self.skipTest("a small file system needs root")
        small = self.dir / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", small], check=True)
        try:
            ran = self.read("--json", "--state", small, self.pcap)
        finally:
            subprocess.run(["umount", small], check=True)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"full", ran.stderr)
        if ran.stdout:  # the database itself could be made
            s = json.loads(ran.stdout)
            self.assertEqual(s["queries"], self.summary(self.pcap)["queries"])

    def test_refuses_a_state_directory_that_cannot_be_made(self):
        ran = self.read("--state", self.pcap / "below", self.pcap)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"state directory", ran.stderr)

    def test_tells_the_published_case(self):
        """A twentieth of the rate, from an hour before the culprit to half an hour after."""
        port = self.dir / "port"
        server = subprocess.Popen([MAILSERVER, self.dir / "mail", port])
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        while not port.exists():
            self.assertIsNone(server.poll())
            time.sleep(0.02)
        config, table = self.dir / "r.yaml", self.dir / "origins"
        table.write_text("207.244.0.0\t16\t30092\n")
        config.write_text(f"""
site: x-root
detection: {{origins: {table}}}
mail: {{to: [noc@example.net], from: w@example.net, smarthost: "smtp://127.0.0.1:{port.read_text()}",
       starttls: never}}
""")
        state, events = self.dir / "state", self.dir / "events"
        stream = made("--rate", 0.05, "--from", FROM - 3600, "--to", FROM + 1800)
        s = self.summary("-c", config, "--state", state, "--events", events, "-", data=stream)
        told = [json.loads(line) for line in events.read_text().splitlines()]
        self.assertEqual([e["state"] for e in told], ["open"])
        e = told[0]
        self.assertEqual((e["id"], e["kind"], e["prefix"], e["hosts"]),
                         ("2005-0118-1", "prefix", ["207.244.46.0/24"], 7))
        self.assertEqual(e["asn"], [30092])
        self.assertLess(e["time"], 1105920000 + FROM + 60)
        self.assertEqual(e["qtype"][0], "MX")
        self.assertEqual(s["incidents"], told)
        self.assertEqual(len(glob.glob(f"{self.dir}/mail/*.eml")), 1)
        subprocess.run([ROOTWATCH, "graph", "-c", config, "--state", state, "--out",
                        self.dir / "www"], check=True, capture_output=True, env=DRAWING)
        page = (self.dir / "www/incidents/2005-0118-1/index.html").read_text()
        self.assertIn("207.244.46.0/24", page)
        shown = subprocess.run([ROOTWATCH, "incident", "show", "2005-0118-1", "--state", state],
                               check=True, capture_output=True, text=True).stdout
        self.assertIn("207.244.46.0/24 sends", shown)

    @unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
    def test_root_leaves_nothing_that_the_owner_of_the_state_cannot_write(self):
        state, nobody = self.dir / "state", 65534
        self.dir.chmod(0o755)
        self.summary("--state", state, self.pcap)
        for path in (state, *state.rglob("*")):
            os.chown(path, nobody, nobody)
        subprocess.run([ROOTWATCH, "graph", "--state", state], check=True, capture_output=True,
                       env=DRAWING)
        made = list(state.rglob("*"))
        self.assertTrue(any(path.suffix == ".rrd" for path in made))
        self.assertTrue((state / "www/index.html").exists())
        self.assertEqual([path for path in made if path.stat().st_uid != nobody], [])
        ran = subprocess.run([ROOTWATCH, "graph", "--state", state, "--out", self.dir / "www"],
                             capture_output=True, text=True, env=DRAWING)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("Permission denied (as nobody, who owns the state directory)", ran.stderr)

    def minutes(self, records):
        """Queries by minute of what is stored."""
        header, state = self.case[:24], self.dir / "state"
        s = self.summary("--state", state, "-", data=header + b"".join(records))
        self.assertEqual(s["queries"], len(records))
        with sqlite3.connect(state / "rootwatch.db") as db:
            rows = db.execute("SELECT start, doc ->> 'queries' FROM minutes ORDER BY start")
            return dict(rows.fetchall()), s

    def test_leaves_known_sources_alone(self):
        config = self.dir / "r.yaml"
        case = made("--rate", 0.02, "--from", FROM - 900, "--to", FROM + 120)
        for source, incidents in (("207.244.46.0/24=1", 1), ("207.244.0.0/16", 0)):
            config.write_text(f"detection:\n  known: [{source}]\n")
            s = self.summary("-c", config, "-", data=case)
            named = [i for i in s["incidents"] if i.get("prefix")]
            self.assertEqual(len(named), incidents, s["incidents"])

    def test_is_not_led_astray_by_one_frame_of_another_time(self):
        begin = 1105920000 + FROM
        _, records = frames(self.case)
        middle = len(records) // 2
        for place in (0, middle, len(records)):
            for stray in (0, 4102444800, 4294967295):
                astray = records[:place] + [moved(records[0], stray)] + records[place:]
                minutes, _ = self.minutes(astray)
                expected = {begin: len(records) + 1}
                if place == 0 and stray == 0:
                    expected = {begin: len(records)}
                for minute, queries in expected.items():
                    self.assertEqual(minutes.get(minute), queries, (place, stray, minutes))
                self.assertLessEqual(max(minutes), begin, (place, stray))
                subprocess.run(["rm", "-rf", self.dir / "state"], check=True)

    def test_is_not_led_astray_by_the_first_frame_of_another_file(self):
        header, records = frames(made("--rate", 0.05, "--from", FROM, "--to", FROM + 240))
        half = len(records) // 2
        late = self.dir / "late.pcap"
        self.pcap.write_bytes(header + b"".join(records[:half]))
        late.write_bytes(header + moved(records[half], 4102444800) +
                         b"".join(records[half + 1:]))
        self.summary("--state", self.dir / "state", self.pcap, late)
        with sqlite3.connect(self.dir / "state/rootwatch.db") as db:
            minutes = [start for start, in db.execute("SELECT start FROM minutes")]
        self.assertLess(max(minutes), 1106049600 + 300)
        self.assertEqual(len(minutes), 4)

    def test_follows_times_that_go_back_for_good(self):
        """A clock that was set, or files of the same time."""
        begin = 1105920000 + FROM
        _, records = frames(self.case)
        earlier = [moved(r, struct.unpack_from("<I", r)[0] - 86400) for r in records]
        minutes, s = self.minutes(records + earlier)
        self.assertEqual((minutes[begin], minutes[begin - 86400]), (len(records),) * 2)
        self.assertNotIn("late", s["overflow"])
        self.assertEqual(len(minutes), 2)  # nothing was captured between

    def test_makes_no_silence_of_hours_without_a_capture(self):
        _, records = frames(self.case)
        later = [moved(r, struct.unpack_from("<I", r)[0] + 86400) for r in records]
        minutes, _ = self.minutes(records + later)
        self.assertEqual(list(minutes.values()), [len(records)] * 2)

    def test_goes_on_with_an_incident_when_the_state_is_used_again(self):
        state = self.dir / "state"
        told = []
        for begin, end in ((FROM - 1800, FROM + 600), (FROM + 600, FROM + 1200)):
            events = self.dir / "events"
            stream = made("--rate", 0.05, "--from", begin, "--to", end)
            self.summary("--state", state, "--events", events, "-", data=stream)
            told += [json.loads(line) for line in events.read_text().splitlines()]
        self.assertEqual([(e["id"], e["state"]) for e in told], [("2005-0118-1", "open")])

    def stored(self, state):
        """All that may not be counted twice."""
        with sqlite3.connect(state / "rootwatch.db") as db:
            return [db.execute(f"SELECT {what}").fetchall() for what in (
                "start, doc ->> 'queries', doc ->> 'covered' FROM minutes ORDER BY start",
                "start, prefix, queries FROM hours ORDER BY start, prefix",
                "kind, start, queries FROM hour_names_stored ORDER BY kind, start",
                "incident, time, doc ->> 'state', doc ->> 'rate_qps' FROM events ORDER BY sequence")]

    def test_stores_nothing_twice(self):
        """The same again, the rest of what was begun, and what overlaps."""
        begin, end = FROM - 1830, FROM + 2400 + 17
        once, parts, whole = (self.dir / name for name in ("once", "parts", "whole.pcap"))
        whole.write_bytes(made("--rate", 0.05, "--from", begin, "--to", end))
        first = self.summary("--state", once, whole)
        before, unchanged = self.stored(once), self.stored(once)
        self.assertEqual(len(unchanged[3]), 1)
        header, records = frames(whole.read_bytes())
        times = [s - 1105920000 - FROM + us / 1e6 for s, us in
                 (struct.unpack_from("<2I", r) for r in records)]
        for start, stop in ((-9999, -1100.4), (-1100.4, 645), (300, 9999)):
            piece = [r for r, s in zip(records, times) if start <= s < stop]
            ran = self.read("--state", parts, "-", data=header + b"".join(piece))
            self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn(b" has had 345 s of this before, between 2005-01-18 12:05:00 UTC and "
                      b"2005-01-18 12:10:45 UTC", ran.stderr)
        after = self.stored(parts)
        for rows in (before, after):  # of an hour in parts fewer are too small
            rows[1] = [row for row in rows[1] if row[2] > 3000]
            del rows[3]
        self.assertGreater(len(before[1]), 0)
        self.assertEqual(after, before)
        ran = self.read("--json", "--state", once, whole)
        self.assertEqual((ran.returncode, ran.stderr.count(b"\n")), (0, 1), ran.stderr)
        self.assertIn(b" has had 4247 s of this before, ", ran.stderr)
        self.assertEqual(self.stored(once), unchanged)
        again = json.loads(ran.stdout)
        exact = [[s["queries"], s["qtype"], [(p["prefix"], p["queries"]) for p in s["prefixes"]]]
                 for s in (first, again)]  # names and junk are estimates
        self.assertEqual(*exact)
        self.assertEqual(again["incidents"], [])

    def test_counts_once_what_it_read_before_it_was_killed(self):
        whole = made("--rate", 0.02, "--from", FROM - 5400, "--to", FROM + 1200)
        once, killed = self.dir / "once", self.dir / "killed"
        self.summary("--state", once, "-", data=whole)
        for part in (0.4, 0.95):
            p = subprocess.Popen([ROOTWATCH, "read", "--state", killed, "-"],
                                 stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            p.stdin.write(whole[:int(part * len(whole))])
            p.stdin.flush()
            stored = None
            while stored is None or stored != self.stored(killed):
                time.sleep(0.2)
                if (killed / "rootwatch.db").exists():
                    stored = self.stored(killed)
                    time.sleep(0.2)
            p.kill()
            p.communicate()
            self.assertGreater(len(stored[0]), 20)
        self.assertLess(len(stored[1]), len(self.stored(once)[1]))
        self.summary("--state", killed, "-", data=whole)
        self.assertEqual(self.stored(killed), self.stored(once))

    def test_gives_no_number_twice_when_an_older_day_is_read_later(self):
        state, told = self.dir / "state", []
        header, records = frames(made("--rate", 0.05, "--from", FROM - 900, "--to", FROM + 60))
        for day in (0, 2, 1, 0):
            moment = 86400 * day + (3600 if day == 0 and told else 0)
            s = self.summary("--state", state, "-", data=header + b"".join(
                moved(r, struct.unpack_from("<I", r)[0] + moment) for r in records))
            told += [i["id"] for i in s["incidents"] if i["state"] == "open"]
            with sqlite3.connect(state / "rootwatch.db") as db:  # as an older release left it
                db.execute("UPDATE learned SET doc = json_set("
                           "json_remove(doc, '$.casebook.most'), '$.casebook.open', json('[]'))")
        self.assertEqual(told[:2], ["2005-0118-1", "2005-0120-1"])
        self.assertEqual(len(told), len(set(told)), told)
        self.assertGreater(len(told), 2)

    def test_gives_a_new_number_when_the_state_is_damaged(self):
        """What was learned is lost, and said to be; the stored incident stays what it was."""
        state, told, said = self.dir / "state", [], []
        for damage in (None, "json_set(doc, '$.casebook', null)", "substr(doc, 1, 999)"):
            if damage:
                with sqlite3.connect(state / "rootwatch.db") as db:
                    db.execute("PRAGMA ignore_check_constraints = 1")
                    db.execute(f"UPDATE learned SET doc = {damage}")
            moment = 3600 * len(said)
            header, records = frames(made("--rate", 0.05, "--from", FROM - 900, "--to", FROM + 60))
            ran = self.read("--json", "--state", state, "-", data=header + b"".join(
                moved(r, struct.unpack_from("<I", r)[0] + moment) for r in records))
            self.assertEqual(ran.returncode, 0, ran.stderr)
            told += [i["id"] for i in json.loads(ran.stdout)["incidents"]]
            said.append(b"learning starts anew" in ran.stderr)
        self.assertEqual(told, ["2005-0118-1", "2005-0118-2", "2005-0118-3"])
        self.assertEqual(said, [False, True, True])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
