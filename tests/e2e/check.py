#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`rootwatch check` says every error, and the example of the documentation is good.

usage: check.py ROOTWATCH EXAMPLE.yaml
"""
import os, pathlib, re, subprocess, sys, tempfile, unittest

ROOTWATCH = EXAMPLE = None


class Check(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="rootwatch-check-")
        self.dir = pathlib.Path(self.holder.name)
        self.file = self.dir / "r.yaml"

    def tearDown(self):
        self.holder.cleanup()

    def check(self, text):
        self.file.write_text(text)
        return subprocess.run([ROOTWATCH, "check", "-c", self.file], text=True,
                              capture_output=True)

    def test_the_example_is_good_where_its_interface_and_user_are(self):
        text = pathlib.Path(EXAMPLE).read_text()
        text = text.replace("eth1", "lo").replace("# user: rootwatch", "user: nobody")
        self.dir.chmod(0o777)
        ran = self.check(text + f"\nstate: {self.dir}\n")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stderr, "")
        self.assertRegex(ran.stdout, r"(?m)^server\.addresses +192\.0\.2\.53 2001:db8::53")
        self.assertRegex(ran.stdout, r"(?m)^capture\.workers +2 *$")
        self.assertRegex(ran.stdout, r"(?m)^counting\.interval +1 +\(default\)$")

    def test_what_the_example_comments_out_is_good_too(self):
        text = re.sub(r"(?m)^# (webhook:|  url)", r"\1", pathlib.Path(EXAMPLE).read_text())
        ran = self.check(text.replace("eth1", "lo"))
        self.assertIn("webhook.url", ran.stdout)
        self.assertRegex(ran.stdout, r"(?m)^webhook\.url +https://chat")

    def test_every_error_is_said_with_its_place(self):
        ran = self.check("capture:\n  workers: 0\nmial: x\n")
        self.assertEqual(ran.returncode, 2)
        self.assertEqual(ran.stdout, "")
        first, second = ran.stderr.splitlines()
        self.assertEqual(first, f'{self.file}:2:12: capture.workers: "0" will not do; '
                                'allowed is a whole number from 1 to 64')
        self.assertTrue(second.startswith(f"{self.file}:3:1: mial: is no setting"), second)

    def test_what_this_machine_lacks_is_an_error(self):
        ran = self.check(f"state: {self.file}\ncapture: {{interface: nosuch0}}\n"
                         "user: no-such-user\nnotify: {command: /nonexistent/command}\n"
                         f"detection: {{origins: {self.file}}}\n")
        self.assertEqual(ran.returncode, 2)
        self.assertIn(f"detection.origins: {self.file}: no table of origins", ran.stderr)
        for words in ('no interface "nosuch0"', "is not a directory", 'no user "no-such-user"',
                      "/nonexistent/command: No such file"):
            self.assertIn(words, ran.stderr)

    def test_look_ups_that_cannot_be_made_are_said(self):
        ran = self.check("lookups:\n  whois: /nonexistent/whois\n  history: /nonexistent/tables\n"
                         "  origin-zone: asn.example\n")
        self.assertEqual(ran.returncode, 2)
        for words in ("error: lookups.whois: /nonexistent/whois: No such file",
                      "error: lookups.history: /nonexistent/tables: No such file",
                      "warning: lookups.origin-zone: is not asked, since lookups.resolver"):
            self.assertIn(words, ran.stderr)
        for bad in ("resolver: example.net", "resolver: 192.0.2.1:0", "whois-server: 'a b'",
                    "resolver: '[192.0.2.1]:53'", "deadline: 61"):
            self.assertEqual(self.check(f"lookups: {{{bad}}}\n").returncode, 2, bad)
        for good in ("192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "'[2001:db8::1]:5353'"):
            ran = self.check(f"state: {self.dir}\nlookups: {{resolver: {good}}}\n")
            self.assertNotIn("lookups", ran.stderr, good)

    def test_where_metrics_are_to_be_found_is_looked_at(self):
        for bad in ("127.0.0.1", "localhost:9153", "127.0.0.1:0", "127.0.0.1:65536", "'::1:9153'",
                    "unix:metrics", "unix:/", "unix:/" + "x" * 107, "/run/metrics", "':9153'"):
            ran = self.check(f"metrics: {{listen: {bad}}}\n")
            self.assertEqual(ran.returncode, 2, bad)
            self.assertIn("allowed is ADDRESS:PORT, [IPV6]:PORT or unix:/PATH", ran.stderr)
        for good in ("127.0.0.1:9153", f"unix:{self.dir}/metrics"):
            ran = self.check(f"state: {self.dir}\nmetrics: {{listen: '{good}'}}\n")
            self.assertNotIn("metrics", ran.stderr, good)
            self.assertRegex(ran.stdout, rf"(?m)^metrics\.listen +{good} *$")
        ran = self.check("metrics: {listen: '0.0.0.0:80'}\n")
        self.assertIn("warning: metrics.listen: 0.0.0.0:80: whoever reaches it may read", ran.stderr)
        self.assertIn("no right to a port below 1024", ran.stderr)
        ran = self.check("metrics: {listen: '192.0.2.1:9153'}\n")
        self.assertIn("error: metrics.listen: 192.0.2.1:9153: Cannot assign", ran.stderr)
        ran = self.check(f"metrics: {{listen: 'unix:{self.dir}/none/metrics'}}\n")
        self.assertIn(f"warning: metrics.listen: {self.dir}/none: No such file", ran.stderr)

    def test_a_password_that_only_the_service_can_see_is_no_error(self):
        mail = "mail: {user: x, smarthost: 'smtp://mx:25', password-file: %s}\n"
        ran = self.check(f"state: {self.dir}\n" + mail % "/run/credentials/no.service/mail")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("warning: mail.password-file: /run/credentials/no.service/mail: only the "
                      "service itself", ran.stderr)
        ran = self.check(f"state: {self.dir}\n" + mail % "/nonexistent/mail")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("error: mail.password-file: /nonexistent/mail: No such", ran.stderr)

    def test_warns_of_an_interface_that_is_down_and_will_be_waited_for(self):
        self.file.write_text(f"state: {self.dir}\ncapture: {{interface: lo}}\n")
        ran = subprocess.run(["unshare", "-rn", ROOTWATCH, "check", "-c", self.file], text=True,
                             capture_output=True)
        if "unshare" in ran.stderr:
            self.skipTest(ran.stderr)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("warning: capture.interface: lo is down", ran.stderr)

    def test_says_what_is_wrong_and_no_more_where_it_is_to_be_quiet(self):
        for text, status, said in ((f"state: {self.dir}\n", 0, "warning: capture.interface"),
                                   ("state: /proc/version\n", 2, "error: state: /proc/version"),
                                   ("nonsense: 1\n", 2, "nonsense: is no setting")):
            self.file.write_text(text)
            ran = subprocess.run([ROOTWATCH, "check", "--quiet", "-c", self.file], text=True,
                                 capture_output=True)
            self.assertEqual((ran.returncode, ran.stdout), (status, ""))
            self.assertIn(said, ran.stderr)

    def test_tells_the_journal_what_is_an_error(self):
        with tempfile.TemporaryFile("w+") as said:
            st = os.fstat(said.fileno())
            self.file.write_text("state: /proc/version\ncapture: {interface: any}\n")
            subprocess.run([ROOTWATCH, "check", "-q", "-c", self.file], stderr=said,
                           env={**os.environ, "JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}"})
            said.seek(0)
            lines = said.read().splitlines()
        self.assertIn("<3>state: /proc/version is not a directory", lines)
        self.assertTrue(any(line.startswith("<4>capture.interface: ") for line in lines), lines)

    def test_a_file_that_is_not_there_is_an_error(self):
        ran = subprocess.run([ROOTWATCH, "check", "-c", self.dir / "none"], text=True,
                             capture_output=True)
        self.assertEqual((ran.returncode, ran.stdout), (2, ""))
        self.assertIn("No such file", ran.stderr)

    def test_wrong_usage_is_told_so(self):
        for arguments in (["-x"], ["file"], ["-c"]):
            ran = subprocess.run([ROOTWATCH, "check", *arguments], text=True,
                                 capture_output=True)
            self.assertEqual((ran.returncode, ran.stdout), (2, ""))
            self.assertIn("usage: rootwatch check", ran.stderr)


if __name__ == "__main__":
    ROOTWATCH, EXAMPLE = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
    del sys.argv[1:3]
    unittest.main()
