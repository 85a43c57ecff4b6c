# SPDX-License-Identifier: MIT
"""What tests of live capture share: a veth pair between two network namespaces, the daemon on one
end, a sender on the other, and a mail server.  For scripts that are called

    SCRIPT ROOTWATCH SEND MAILSERVER [TEST]...

with LIVE_RATE queries/s (default 50000) in the environment, and end in main().
"""
import glob, json, os, pathlib, pwd, signal, sqlite3, subprocess, sys, tempfile, time, unittest

ROOTWATCH, SEND, MAILSERVER = sys.argv[1:4]
RATE = int(os.environ.get("LIVE_RATE", 50000))
A, B = f"rwa{os.getpid()}", f"rwb{os.getpid()}"


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options)


def make_namespaces():
    for name in (A, B):
        run("ip", "netns", "add", name)
    run("ip", "-n", A, "link", "add", "mirror", "type", "veth", "peer", "name", "wire", "netns", B)
    for name, link in ((A, "mirror"), (B, "wire")):
        # No neighbour discovery: every frame on the wire is ours.
        run("ip", "netns", "exec", name, "sh", "-c",
            f"echo 1 >/proc/sys/net/ipv6/conf/{link}/disable_ipv6")
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "link", "set", link, "up")


def delete_namespaces():
    for name in (A, B):
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def wait_for(what, condition, seconds=120):
    """Far longer than it takes on a machine that has other things to do, too."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"no {what} within {seconds} s")


def about(pid):
    """State and parent of a process; None: there is none."""
    try:
        state, parent = pathlib.Path("/proc", pid, "stat").read_text().rsplit(")", 1)[1].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def is_alive(pid):
    return (about(pid) or "Z")[0] != "Z"


def children_of(parent):
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and
            (about(pid) or (None, None))[1] == parent]


def end_group(p):
    """And waits for all of it: who is left might write to the directory still."""
    for _ in range(1000):
        p.poll()
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            break
        time.sleep(0.01)
    p.wait()


class Live(unittest.TestCase):
    def run(self, result=None):
        """A failure shows what the daemon said."""
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print(self.said, file=sys.stderr)

    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="rootwatch-live-", ignore_cleanup_errors=True)
        self.dir = pathlib.Path(self.holder.name)
        self.state = self.dir / "state"
        self.processes = []
        port = self.dir / "port"
        self.start([MAILSERVER, str(self.dir / "mail"), str(port)], A)
        wait_for("mail server", port.exists)
        self.config = self.dir / "rootwatch.yaml"
        self.config.write_text(f"""
site: test
state: {self.state}
capture:
  interface: mirror
  workers: {os.environ.get("LIVE_WORKERS", 1)}
detection: {{warmup: 3}}
mail:
  to: [noc@example.net]
  from: rootwatch@example.net
  smarthost: smtp://127.0.0.1:{port.read_text()}
  starttls: never
""")

    def tearDown(self):
        for p in self.processes:
            end_group(p)
            if p.stderr:
                p.stderr.close()
            if p.stdout:
                p.stdout.close()
        log = self.dir / "log"
        self.said = log.read_text() if log.exists() else "the daemon said nothing"
        self.holder.cleanup()

    def start(self, words, namespace, **options):
        p = subprocess.Popen(["ip", "netns", "exec", namespace, *words], start_new_session=True,
                             **options)
        self.processes.append(p)
        return p

    def start_rootwatch(self):
        log = self.dir / "log"
        with open(log, "a") as f:
            before = log.read_text().count("capturing on")
            p = self.start([ROOTWATCH, "run", "-c", str(self.config)], A, stderr=f)
        wait_for("capture", lambda: log.read_text().count("capturing on") > before)
        return p

    def rows(self, sql):
        try:
            with sqlite3.connect(f"file:{self.state}/rootwatch.db?mode=ro", uri=True) as db:
                return db.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

    def events(self):
        return [json.loads(doc) for (doc,) in self.rows("SELECT doc FROM events ORDER BY sequence")]

    def sum(self, key):
        return sum(json.loads(doc)[key] for (doc,) in self.rows("SELECT doc FROM minutes"))

    def send(self, seconds, after=0, share=0.0):
        return self.start([SEND, "wire", str(RATE), str(seconds), str(after), str(share)], B,
                          stdout=subprocess.PIPE, text=True)

    def end(self, sender):
        """Returns how many queries it sent."""
        os.killpg(sender.pid, signal.SIGTERM)
        return int(sender.communicate()[0])

    def mails(self):
        return sorted(glob.glob(f"{self.dir}/mail/*.eml"))

    def stop(self, p):
        os.kill(p.pid, signal.SIGTERM)
        self.assertEqual(p.wait(60), 0, (self.dir / "log").read_text())

    def top(self, *options, status=0):
        p = subprocess.run([ROOTWATCH, "top", "-c", str(self.config), *options],
                           capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(p.returncode, status, p.stdout + p.stderr)
        return p

    def of_nobody(self):
        """The daemon is to become a user without rights, who owns the state directory."""
        user = pwd.getpwnam("nobody")
        self.state.mkdir(0o750)
        os.chown(self.state, user.pw_uid, user.pw_gid)
        os.chmod(self.dir, 0o755)
        self.config.write_text(self.config.read_text() + "user: nobody\n")
        return user


def main():
    os.umask(0o022)
    delete_namespaces()
    try:
        make_namespaces()
    except (subprocess.CalledProcessError, OSError) as problem:
        delete_namespaces()
        print("SKIP: no network namespaces here:", getattr(problem, "stderr", problem))
        sys.exit(77)
    try:
        unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
    finally:
        delete_namespaces()
