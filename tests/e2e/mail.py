#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Events of a store reach a real mail server, sendmail, a webhook and a command: all of each
thread, once, as they were composed, whatever the other side does meanwhile.

usage: mail.py TOOL_NOTIFY        exit status 77: aiosmtpd is not installed
"""
import email, email.policy, http.server, json, logging, os, pathlib, shutil, socket, ssl
import subprocess, sys, tempfile, threading, time, unittest, warnings

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError:
    sys.exit(77)

TOOL = None
NOON = 1106049600  # 2005-01-18 12:00 UTC
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")


def event(state, time_s, incident="2005-0118-1", **more):
    e = {"time": time_s, "id": incident, "state": state, "kind": "prefix",
         "rate_qps": 960.0, "baseline_qps": 0.2, "share": 0.23, "hosts": 5,
         "summary": "207.244.46.0/24 sends 23 % of all queries: 960 queries/s, usually below 1",
         "wave": 1, "began": NOON, "opened": NOON + 360, "changed": time_s, "ended": 0,
         "closed": 0, "peak_qps": 960.0, "total_qps": 4200.0, "usual_qps": 3240.0,
         "queries": 345600, "lossy": False, "prefix": ["207.244.46.0/24"], "qtype": ["MX"],
         "types": [{"qtype": "MX", "before_qps": 0.1, "now_qps": 580.0, "queries": 200000},
                   {"qtype": "A", "before_qps": 0.1, "now_qps": 380.0, "queries": 145600}],
         "leading_hosts": [{"address": "207.244.46.9", "queries": 100000}]}
    e.update(more)
    return e


OPENED = event("open", NOON + 360)
SOON = event("update", NOON + 600, rate_qps=1000.0)         # too soon for a mail
WAVE = event("update", NOON + 900, wave=2, rate_qps=1708.0, share=0.35)
LATER = event("update", NOON + 3600, wave=2, rate_qps=3000.0)
CLOSED = event("close", NOON + 14400, wave=2, ended=NOON + 13500, closed=NOON + 14400)


class Receiver:
    """An SMTP server's handler: answers as it was told, keeps what it accepted."""

    def __init__(self):
        self.mails, self.answer, self.refused, self.tls = [], "250 2.0.0 taken", {}, []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        self.tls.append(session.ssl is not None)
        if self.answer.startswith("250"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.answer


class At(Controller):
    """A server on a socket that it is given."""

    def __init__(self, at, *arguments, **options):
        super().__init__(*arguments, **options)
        self.at = at

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.at, ssl=self.ssl_context)


def bound():
    """A port of our own; who connects to it is refused until a server listens."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s


class Case(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="rootwatch-mail-")
        self.dir = pathlib.Path(self.holder.name)
        self.state = self.dir / "state"
        self.state.mkdir()
        self.spool = self.state / "spool"
        self.settings = {}
        self.now = NOON + 400
        self.receiver = Receiver()
        self.controller = None

    def tearDown(self):
        self.stop()
        self.holder.cleanup()

    def start(self, at=None, **options):
        """On a socket that is bound already, so that nobody else can have its port."""
        at = at or bound()
        self.port = at.getsockname()[1]
        self.controller = At(at, self.receiver, hostname="127.0.0.1", port=self.port,
                             ready_timeout=60, **options)
        self.controller.start()

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None

    def mail_to(self, port, *lines, timeout=60):
        self.settings["mail"] = [f"to: [noc@example.net, duty@example.org]",
                                 "from: rootwatch@mon.example.net", f"timeout: {timeout}",
                                 f"smarthost: smtp://127.0.0.1:{port}", *lines]

    def put(self, *events):
        lines = "".join(json.dumps(e) + "\n" for e in events)
        subprocess.run([TOOL, "put", self.state], input=lines, text=True, check=True)

    def command(self):
        config = self.dir / "rootwatch.yaml"
        config.write_text("site: x-root\npage-url: https://mon.example.net\n" + "".join(
            f"{section}:\n" + "".join(f"  {line}\n" for line in lines)
            for section, lines in self.settings.items()))
        return [TOOL, "pending", config, self.state, str(self.now)]

    def tell(self, after_s=0, picture=None):
        """Runs notify_pending; returns its counts (sent, waiting, rejected) by channel."""
        self.now += after_s
        ran = subprocess.run(self.command() + ([picture] if picture else []), text=True,
                             capture_output=True, timeout=60)
        self.said = ran.stderr
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return {name: tuple(map(int, n)) for name, *n in map(str.split, ran.stdout.splitlines())}

    def spooled(self, ending=".eml"):
        return sorted(p.name for p in self.spool.glob("*" + ending))

    def parsed(self):
        return [email.message_from_bytes(m[2], policy=email.policy.default)
                for m in self.receiver.mails]


class Smtp(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.mail_to(self.port)

    def test_an_incident_is_one_thread(self):
        picture = self.dir / "share.png"
        picture.write_bytes(PNG)
        self.put(OPENED, SOON, WAVE, LATER, CLOSED)
        self.assertEqual(self.tell(picture=picture)["mail"], (4, 0, 0))
        mails = self.parsed()
        self.assertEqual([m["X-Rootwatch-State"] for m in mails],
                         ["open", "update", "update", "close"])
        subject = "[rootwatch x-root] 207.244.46.0/24 sends 23 % of all queries (960 q/s)"
        self.assertEqual([m["Subject"] for m in mails], [subject] + 3 * ["Re: " + subject])
        first = mails[0]["Message-ID"]
        self.assertEqual(first, "<2005-0118-1.1@x-root.rootwatch>")
        self.assertIsNone(mails[0]["References"])
        self.assertEqual({m["References"] for m in mails[1:]}, {first})
        self.assertEqual({m["In-Reply-To"] for m in mails[1:]}, {first})
        self.assertEqual(len({m["Message-ID"] for m in mails}), 4)
        for m in mails:
            self.assertEqual(m.defects, [])
            self.assertEqual(m["Auto-Submitted"], "auto-generated")
            self.assertEqual(m["List-Id"], "<x-root.rootwatch>")
            self.assertEqual(m["X-Rootwatch-Incident"], "2005-0118-1")
            self.assertEqual([a.addr_spec for a in m["To"].addresses],
                             ["noc@example.net", "duty@example.org"])
            self.assertEqual(m["Date"].datetime.timestamp(), self.now)
            png, = m.iter_attachments()
            self.assertEqual((png.get_content_type(), png.get_filename()),
                             ("image/png", "share.png"))
            self.assertEqual(png.get_content(), PNG)
            for line in m.get_body().get_content().splitlines():
                self.assertLessEqual(len(line), 72, line)
        self.assertIn("wave 2", mails[1].get_body().get_content())
        self.assertIn("was 960 q/s", mails[1].get_body().get_content())
        self.assertIn("It lasted 3 h 45 min", mails[3].get_body().get_content())

    def test_what_arrives_is_what_was_spooled(self):
        self.put(OPENED)
        self.receiver.answer = "451 4.3.0 not now"
        self.tell()
        waiting = (self.spool / "2005-0118-1-1.eml").read_bytes()
        self.receiver.answer = "250 2.0.0 taken"
        self.assertEqual(self.tell(60)["mail"], (1, 0, 0))
        (sender, to, content), = self.receiver.mails
        self.assertEqual(content, waiting)
        self.assertEqual(sender, "rootwatch@mon.example.net")
        self.assertEqual(to, ["noc@example.net", "duty@example.org"])
        self.assertNotIn(b"\n", content.replace(b"\r\n", b""))
        self.assertIn("250 2.0.0 taken", self.said)

    def test_nothing_is_told_twice(self):
        self.put(OPENED)
        self.tell()
        self.assertEqual(self.tell(60)["mail"], (0, 0, 0))
        self.put(CLOSED)
        self.assertEqual(self.tell(60)["mail"], (1, 0, 0))
        self.assertEqual(len(self.receiver.mails), 2)
        self.assertEqual(self.spooled(), [])

    def test_a_change_is_told_after_half_an_hour_of_event_time(self):
        self.put(OPENED, SOON)
        self.tell()
        self.put(event("update", NOON + 360 + 1799), event("update", NOON + 360 + 1800))
        self.tell(60)
        self.assertEqual([m["X-Rootwatch-State"] for m in self.parsed()], ["open", "update"])

    def test_an_incident_is_mailed_from_the_severity_that_was_set_on(self):
        self.mail_to(self.port, "severity: warning")
        self.put(event("open", NOON, severity="notice"),
                 event("update", NOON + 60, severity="notice"),
                 event("update", NOON + 7200, severity="warning"),
                 event("close", NOON + 9000, severity="warning"),
                 event("open", NOON, incident="2005-0118-2", severity="notice"),
                 event("close", NOON + 600, incident="2005-0118-2", severity="notice"))
        self.assertEqual(self.tell()["mail"], (2, 0, 0))
        change, close = self.parsed()
        self.assertFalse(change["Subject"].startswith("Re:"))
        self.assertEqual(close["In-Reply-To"], change["Message-ID"])
        self.assertTrue(close["Subject"].startswith("Re:"))

    def test_a_change_that_is_more_severe_is_told_at_once(self):
        self.put(event("open", NOON, severity="notice"),
                 event("update", NOON + 120, severity="notice"),
                 event("update", NOON + 240, severity="critical"))
        self.tell()
        self.assertEqual([m["X-Rootwatch-Severity"] for m in self.parsed()],
                         ["notice", "critical"])

    def test_a_server_that_is_down_gets_the_mail_once_when_it_is_up(self):
        self.stop()
        later = bound()
        self.mail_to(later.getsockname()[1])
        self.put(OPENED, CLOSED)
        self.assertEqual(self.tell()["mail"], (0, 2, 0))
        self.assertEqual(len(self.spooled()), 2)
        self.start(later)
        self.assertEqual(self.tell(30)["mail"], (0, 2, 0), "not due yet")
        self.assertEqual(self.tell(30)["mail"], (2, 0, 0))
        self.assertEqual([m["X-Rootwatch-State"] for m in self.parsed()], ["open", "close"])
        self.assertEqual(self.spooled(""), ["lock"])

    def test_a_4xx_waits_and_its_words_are_logged(self):
        self.receiver.answer = "451 4.7.1 greylisted, try again"
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 1, 0))
        self.assertIn("451 4.7.1 greylisted", self.said)
        self.assertEqual(self.tell(60)["mail"], (0, 1, 0))
        self.assertEqual(self.tell(60)["mail"], (0, 1, 0))
        self.assertNotIn("451", self.said, "due after two minutes")

    def test_a_5xx_is_put_away_and_said(self):
        self.receiver.answer = "554 5.7.1 spam"
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 0, 1))
        self.assertIn("554 5.7.1 spam", self.said)
        self.assertEqual(self.spooled(), [])
        self.assertEqual(self.spooled(".rejected"), ["2005-0118-1-1.rejected"])
        self.assertEqual(self.tell(3600)["mail"], (0, 0, 0))

    def test_one_unknown_recipient_does_not_keep_it_from_the_others(self):
        self.receiver.refused = {"noc@example.net": "550 5.1.1 no such user"}
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (1, 0, 0))
        self.assertEqual(self.receiver.mails[0][1], ["duty@example.org"])
        self.assertIn("550 5.1.1 no such user", self.said)

    def test_no_known_recipient_is_refused(self):
        self.receiver.refused = {a: "550 5.1.1 no such user"
                                 for a in ("noc@example.net", "duty@example.org")}
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 0, 1))

    def test_mail_that_was_not_configured_owes_nothing(self):
        mail = self.settings.pop("mail")
        self.put(OPENED)
        self.tell()
        self.settings["mail"] = mail
        self.assertEqual(self.tell(60)["mail"], (0, 0, 0))
        self.put(event("open", NOON + 9000, incident="2005-0118-2"))
        self.assertEqual(self.tell(60)["mail"], (1, 0, 0))

    def test_killed_at_any_moment_it_loses_nothing(self):
        self.put(OPENED, WAVE, CLOSED)
        for wait_ms in range(0, 60, 4):
            self.now += 60
            child = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            time.sleep(wait_ms / 1000)
            child.kill()
            child.wait()
        self.tell(60)
        ids = [m["Message-ID"] for m in self.parsed()]
        self.assertEqual(sorted(set(ids)), [f"<2005-0118-1.{n}@x-root.rootwatch>"
                                            for n in (1, 2, 3)])
        self.assertEqual(self.spooled(), [])
        for content in (m[2] for m in self.receiver.mails):
            self.assertIn(b"Page: https://mon.example.net/incidents/2005-0118-1/", content)

    def test_two_at_once_tell_once(self):
        self.put(OPENED)
        command = self.command()  # once: it writes the configuration
        children = [subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL) for _ in range(4)]
        self.assertEqual([c.wait() for c in children], [0, 0, 0, 0])
        self.assertEqual(len(self.receiver.mails), 1)

    def test_a_full_spool_loses_nothing(self):
        self.put(OPENED)
        self.spool.mkdir()
        (self.spool / "2005-0118-1-1.new").symlink_to("/dev/full")
        with self.assertRaises(AssertionError):
            self.tell()
        self.assertIn("No space left", self.said)
        (self.spool / "2005-0118-1-1.new").unlink(missing_ok=True)
        self.assertEqual(self.tell(60)["mail"], (1, 0, 0))


class Hanging(Case):
    def test_a_server_that_says_nothing_meets_the_deadline(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            self.mail_to(mute.getsockname()[1], timeout=2)
            self.put(OPENED, CLOSED)
            self.assertEqual(self.tell()["mail"], (0, 2, 0))
            self.assertRegex(self.said, "(?i)timeout|timed out")

    def test_a_server_that_refuses_everybody_is_tried_again(self):
        def greet():
            connection, _ = busy.accept()
            connection.sendall(b"554 5.3.2 no service\r\n")
            connection.close()
        with socket.create_server(("127.0.0.1", 0)) as busy:
            threading.Thread(target=greet, daemon=True).start()
            self.mail_to(busy.getsockname()[1])
            self.put(OPENED)
            self.assertEqual(self.tell()["mail"], (0, 1, 0))
            self.assertIn("554 5.3.2 no service", self.said)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Secure(Case):
    def setUp(self):
        super().setUp()
        key, cert = self.dir / "key.pem", self.dir / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(cert, key)

    def password(self, mode=0o600):
        secret = self.dir / "secret"
        secret.write_text("correct horse\n")
        secret.chmod(mode)
        return "user: mon", f"password-file: {secret}"

    def auth(self, server, session, envelope, mechanism, data):
        self.login = (data.login, data.password)
        return AuthResult(success=data.password == b"correct horse", handled=False)

    def test_encryption_is_tried(self):
        self.start(tls_context=self.context)
        self.mail_to(self.port)
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (1, 0, 0))
        self.assertEqual(self.receiver.tls, [True])

    def test_encryption_that_is_required_wants_a_good_certificate(self):
        self.start(tls_context=self.context)
        self.mail_to(self.port, "starttls: require")
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 1, 0))
        self.assertIn("certificate", self.said)

    def test_encryption_that_is_required_must_be_offered(self):
        self.start()
        self.mail_to(self.port, "starttls: require")
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 1, 0))
        self.assertEqual(self.receiver.mails, [])

    def test_a_password_is_not_sent_in_the_clear(self):
        self.login = None
        self.start(authenticator=self.auth, auth_require_tls=False)
        self.mail_to(self.port, *self.password())
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 1, 0))
        self.assertIsNone(self.login)

    def test_a_password_logs_in_where_the_operator_wants_it_so(self):
        self.start(authenticator=self.auth, auth_require_tls=False, auth_required=True)
        self.mail_to(self.port, "starttls: never", *self.password())
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (1, 0, 0), self.said)
        self.assertEqual(self.login, (b"mon", b"correct horse"))

    def test_a_wrong_password_loses_nothing(self):
        self.start(authenticator=self.auth, auth_require_tls=False, auth_required=True)
        lines = self.password()
        (self.dir / "secret").write_text("wrong\n")
        self.mail_to(self.port, "starttls: never", *lines)
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 1, 0))
        self.assertIn("535", self.said)
        self.assertNotIn("wrong", self.said)


class Sendmail(Case):
    def script(self, name, body):
        path = self.dir / name
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(0o755)
        return path

    def test_sendmail_takes_it_where_there_is_no_smarthost(self):
        path = self.script("sendmail", f'echo "$@" >{self.dir}/arguments; cat >{self.dir}/mail\n')
        self.settings["mail"] = ["to: noc@example.net", f"sendmail: {path}",
                                 "from: rootwatch@mon.example.net"]
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (1, 0, 0))
        self.assertEqual((self.dir / "arguments").read_text(),
                         "-t -i -f rootwatch@mon.example.net\n")
        mail = email.message_from_bytes((self.dir / "mail").read_bytes(),
                                        policy=email.policy.default)
        self.assertEqual(mail["To"], "noc@example.net")
        self.assertEqual(mail.defects, [])

    def test_a_sendmail_that_fails_is_asked_again(self):
        path = self.script("sendmail", "echo no queue >&2; exit 75\n")
        self.settings["mail"] = ["to: noc@example.net", f"sendmail: {path}"]
        self.put(OPENED)
        self.assertEqual(self.tell()["mail"], (0, 1, 0))
        self.assertIn("exit status 75: no queue", self.said)
        self.script("sendmail", "exit 0\n")
        self.assertEqual(self.tell(60)["mail"], (1, 0, 0))

    def test_a_command_gets_each_event_once(self):
        path = self.script("command", f"cat >>{self.dir}/events\n")
        self.settings["notify"] = [f"command: {path}"]
        self.put(OPENED, SOON, CLOSED)
        self.assertEqual(self.tell()["command"], (3, 0, 0))
        self.assertEqual(self.tell(60)["command"], (0, 0, 0))
        told = [json.loads(line) for line in (self.dir / "events").read_text().splitlines()]
        self.assertEqual([t["state"] for t in told], ["open", "update", "close"])
        self.assertEqual(told[0]["prefix"], ["207.244.46.0/24"])

    def test_a_command_that_reads_nothing_is_told_all_the_same(self):
        self.settings["notify"] = [f"command: {self.script('command', 'exit 0')}"]
        self.put(OPENED)
        self.assertEqual(self.tell()["command"], (1, 0, 0))

    def test_a_command_that_fails_is_called_again_for_a_day(self):
        self.settings["notify"] = [f"command: {self.script('command', 'exit 3')}"]
        self.put(OPENED)
        self.assertEqual(self.tell()["command"], (0, 1, 0))
        self.assertEqual(self.tell(86399)["command"], (0, 1, 0))
        self.assertEqual(self.tell(3600)["command"], (0, 0, 1))
        self.assertIn("given up", self.said)
        self.assertEqual(self.tell(3600)["command"], (0, 0, 0))

    def test_a_command_that_hangs_is_killed(self):
        path = self.script("command", f"echo $$ >{self.dir}/pid; sleep 100\n")
        self.settings["notify"] = [f"command: {path}"]
        self.put(OPENED, CLOSED)
        self.assertEqual(self.tell()["command"], (0, 2, 0))
        self.assertIn("killed after 10 s", self.said)
        with self.assertRaises(ProcessLookupError):
            os.kill(int((self.dir / "pid").read_text()), 0)


class Webhook(Case):
    def setUp(self):
        super().setUp()
        self.status, self.body, self.posts = 200, b"ok", []
        case = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                case.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(case.status)
                if case.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                try:
                    self.wfile.write(case.body)
                except OSError:
                    pass

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.settings["webhook"] = [f"url: http://127.0.0.1:{self.server.server_port}/hook?t=s3cret",
                                    "timeout: 60"]

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        super().tearDown()

    def test_each_event_is_posted_once(self):
        self.put(OPENED, SOON, CLOSED)
        self.assertEqual(self.tell()["webhook"], (3, 0, 0))
        self.assertEqual(self.tell(60)["webhook"], (0, 0, 0))
        self.assertEqual([p[2]["state"] for p in self.posts], ["open", "update", "close"])
        path, kind, body = self.posts[0]
        self.assertEqual((path, kind), ("/hook?t=s3cret", "application/json"))
        self.assertEqual({k: body[k] for k in OPENED}, OPENED)

    def test_an_error_is_tried_again_and_the_secret_not_logged(self):
        self.status = 503
        self.put(OPENED)
        self.assertEqual(self.tell()["webhook"], (0, 1, 0))
        self.assertIn("HTTP status 503", self.said)
        self.assertNotIn("s3cret", self.said)
        self.status = 200
        self.assertEqual(self.tell(59)["webhook"], (0, 1, 0))
        self.assertEqual(self.tell(1)["webhook"], (1, 0, 0))

    def test_is_given_up_after_a_day(self):
        self.status = 404
        self.put(OPENED)
        self.tell()
        self.assertEqual(self.tell(86400)["webhook"], (0, 0, 1))
        self.assertIn("given up", self.said)
        self.assertEqual(self.tell(3600)["webhook"], (0, 0, 0))

    def test_is_not_sent_elsewhere(self):
        self.status = 302
        self.put(OPENED)
        self.assertEqual(self.tell()["webhook"], (0, 1, 0))
        self.assertEqual(len(self.posts), 1)

    def test_an_answer_without_end_is_cut(self):
        self.body = b"x" * (32 << 20)
        self.put(OPENED)
        self.assertEqual(self.tell()["webhook"], (1, 0, 0))

    def test_a_server_that_is_down_is_asked_once_for_all(self):
        self.server.socket.close()
        self.put(OPENED, CLOSED)
        self.assertEqual(self.tell()["webhook"], (0, 2, 0))
        self.assertEqual(self.said.count("next try"), 1)


if __name__ == "__main__":
    TOOL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    os.environ.pop("JOURNAL_STREAM", None)
    logging.disable()  # aiosmtpd's talk
    warnings.simplefilter("ignore")
    unittest.main(warnings="ignore")
