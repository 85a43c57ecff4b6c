#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What was not decoded, and why, in all that is told of one capture: summary, JSON, mails,
incidents and pages.

usage: reasons.py ROOTWATCH TOOL_FRAMES MAILSERVER
"""
import email, glob, html, json, pathlib, re, sqlite3, struct, subprocess, sys, tempfile, time
import unittest

from drawing import DRAWING

ROOTWATCH, TOOL_FRAMES, MAILSERVER = sys.argv[1:4]
UNDECODED = {"unknown-ethertype": 120 * 11, "ip-protocol": 120 * 4}


def text_of(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


class Reasons(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-reasons-")
        cls.dir = pathlib.Path(cls.holder.name)
        cls.pcap, cls.state = cls.dir / "made.pcap", cls.dir / "state"
        cls.pcap.write_bytes(subprocess.run([TOOL_FRAMES], check=True,
                                            capture_output=True).stdout)
        port = cls.dir / "port"
        cls.server = subprocess.Popen([MAILSERVER, cls.dir / "mail", port])
        while not port.exists():
            assert cls.server.poll() is None
            time.sleep(0.02)
        cls.config = cls.dir / "r.yaml"
        cls.config.write_text(f"""
site: x-root
mail: {{to: [noc@example.net], from: w@example.net, smarthost: "smtp://127.0.0.1:{port.read_text()}",
       starttls: never}}
""")
        read = [ROOTWATCH, "read", "-c", cls.config, "--state", cls.state, "--events",
                cls.dir / "events", cls.pcap]
        cls.text = subprocess.run(read, check=True, capture_output=True, text=True).stdout
        cls.id = cls.events()[0]["id"]

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.server.wait()
        cls.holder.cleanup()

    @classmethod
    def events(cls):
        return [json.loads(line) for line in (cls.dir / "events").read_text().splitlines()]

    def test_are_in_the_summary(self):
        self.assertIn("Not decoded, may have held DNS: 1800 of 99600 frames\n", self.text)
        self.assertRegex(self.text, r"\n  unknown ethertypes, mostly 0x88b5 +1320 +1\.3 %\n")
        self.assertRegex(self.text, r"\n  IP protocol 253 +480 +0\.5 %\n")
        self.assertIn("Malformed, counted all the same: 360 of 96000 messages\n", self.text)
        self.assertRegex(self.text, r"\n  name broken +360 +0\.4 %\n")
        self.assertIn("Other frames, nothing lost: 1800 of 99600 frames\n", self.text)

    def test_are_in_the_json_and_leave_no_frame_out(self):
        ran = subprocess.run([ROOTWATCH, "read", "--json", self.pcap], check=True,
                             capture_output=True)
        s = json.loads(ran.stdout)
        self.assertEqual(s["undecoded"], UNDECODED)
        self.assertEqual(s["unknown"], {"ethertype": "0x88b5", "ip_protocol": 253})
        self.assertEqual(s["not_dns"], {"not-ip": 1800})
        self.assertEqual(s["defects"], {"question-name": 360})
        self.assertEqual(s["frames"], s["queries"] + 1800 + 1800)

    def test_are_in_the_minutes_and_add_up(self):
        with sqlite3.connect(self.state / "rootwatch.db") as db:
            rows = [json.loads(doc) for (doc,) in db.execute("SELECT doc FROM minutes")]
        self.assertEqual(sum(m["frames"] for m in rows), 99600)
        for m in rows:
            d = m["decoding"]
            self.assertEqual(d["frames"], m["frames"])
            self.assertEqual(sum(d["undecoded"].values()), m["undecoded"])
            self.assertEqual(sum(d["defects"].values()), m["malformed"])
        for reason, count in UNDECODED.items():
            self.assertEqual(sum(m["decoding"]["undecoded"].get(reason, 0) for m in rows), count)

    def test_are_in_the_events_from_the_opening_to_the_close(self):
        events = self.events()
        self.assertEqual([events[0]["state"], events[-1]["state"]], ["open", "close"])
        self.assertEqual(events[-1]["decoding"]["undecoded"], UNDECODED)
        opened = events[0]["decoding"]
        self.assertGreater(opened["undecoded"]["unknown-ethertype"], 0)
        self.assertEqual(opened["unknown"], {"ethertype": "0x88b5", "ip_protocol": 253})
        shown = subprocess.run([ROOTWATCH, "incident", "show", self.id, "--state", self.state],
                               check=True, capture_output=True, text=True).stdout
        self.assertRegex(shown, r"\n  Not decoded meanwhile: 1800 frames \(\d %\): unknown "
                         r"ethertypes, mostly 0x88b5 1320, IP protocol 253 480\n")

    def test_are_in_the_mails(self):
        mails = [email.message_from_bytes(pathlib.Path(m).read_bytes())
                 for m in glob.glob(f"{self.dir}/mail/*.eml")]
        by_state = {m["X-Rootwatch-State"]: m for m in mails}
        for state in ("open", "close"):
            part = next(p for p in by_state[state].walk() if p.get_content_type() == "text/plain")
            body = " ".join(part.get_payload(decode=True).decode().split())
            self.assertRegex(body, r"Not decoded meanwhile: \d+ frames \([\d.]+ %\): unknown "
                             r"ethertypes, mostly 0x88b5 \d+, IP protocol 253 \d+\.")
            self.assertRegex(body, r"Malformed meanwhile: \d+ messages \([\d.]+ %\): name broken")

    def test_are_on_the_pages(self):
        www = self.dir / "www"
        subprocess.run([ROOTWATCH, "graph", "-c", self.config, "--state", self.state, "--out",
                        www], check=True, capture_output=True, env=DRAWING)
        for name in ("index", "day", "week", "month", "year", f"incidents/{self.id}/index"):
            page = text_of((www / f"{name}.html").read_text())
            self.assertRegex(page, r"unknown ethertypes, mostly 0x88b5 1.?320 ", name)
            self.assertRegex(page, r"IP protocol 253 480 ", name)
            self.assertRegex(page, r"name broken 360 ", name)


def block(kind, body):
    """Of pcapng."""
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


def with_drops(capture, second, dropped):
    """A pcap as a pcapng whose interface says, after each second, what it has lost so far."""
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHI", 1, 0, 0))]
    at, now, lost = 24, None, 0
    while at < len(capture):
        s, micro, size, wire = struct.unpack_from("<4I", capture, at)
        if now is not None and s != now:
            lost += dropped if second(now) else 0
            out.append(block(5, struct.pack("<III", 0, 0, 0) +
                             struct.pack("<HHQHHQHH", 7, 8, int(lost + .01), 5, 8,
                                         int(lost / 4 + .01), 0, 0)))
        now, t = s, s * 10**6 + micro
        out.append(block(6, struct.pack("<5I", 0, t >> 32, t & 0xffffffff, size, wire) +
                         capture[at + 16:at + 16 + size]))
        at += 16 + size
    return b"".join(out)


class Drops(unittest.TestCase):
    """Frames that capture lost while an incident was open."""

    def tell(self, dropped):
        begun = 1106049600 + 600  # of the flood
        with tempfile.TemporaryDirectory(prefix="rootwatch-drops-") as name:
            state, file = pathlib.Path(name) / "state", pathlib.Path(name) / "lossy.pcapng"
            made = subprocess.run([TOOL_FRAMES], check=True, capture_output=True).stdout
            file.write_bytes(with_drops(made, lambda s: begun + 60 <= s < begun + 70, dropped))
            ran = subprocess.run([ROOTWATCH, "read", "--json", "--state", state, file], check=True,
                                 capture_output=True)
            incident, = json.loads(ran.stdout)["incidents"]
            one = [incident["id"], "--state", state]
            for words in (["incident", "case", *one],
                          ["graph", "--state", state, "--out", f"{name}/www"]):
                subprocess.run([ROOTWATCH, *words], check=True, capture_output=True, env=DRAWING)
            shown = subprocess.run([ROOTWATCH, "incident", "show", *one], check=True,
                                   capture_output=True, text=True).stdout
            texts = [shown] + [text_of((state / "cases" / incident["id"] / f).read_text())
                               for f in ("case.txt", "case.html")]
            texts.append(text_of(pathlib.Path(
                f"{name}/www/incidents/{incident['id']}/index.html").read_text()))
            return incident, texts

    def test_are_told_with_their_number_and_share(self):
        incident, texts = self.tell(40)
        drops = incident["drops"]
        self.assertTrue(incident["lossy"])
        self.assertEqual((drops["kernel"], drops["interface"]), (400, 100))
        self.assertLess(drops["since"], incident["opened"])
        self.assertAlmostEqual(drops["share"], 500 / (500 + drops["frames"]))
        share = f"{100 * drops['share']:.1f}"
        for text in texts:
            self.assertIn(f"500 frames were dropped meanwhile ({share} % of all; by the kernel "
                          "400, by the interface 100): the figures are too small", text)

    def test_are_told_also_where_they_are_few(self):
        incident, texts = self.tell(0.4)
        self.assertFalse(incident["lossy"])
        self.assertEqual((incident["drops"]["kernel"], incident["drops"]["interface"]), (4, 1))
        for text in texts:
            self.assertIn("5 frames were dropped meanwhile (0.", text)
            self.assertNotIn("too small", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
