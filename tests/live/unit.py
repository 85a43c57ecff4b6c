#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The systemd units, run by a real systemd: a Debian 12 in a container, which listens to a veth pair.

usage: unit.py ROOTWATCH SEND UNITS SYSUSERS
UNITS is the folder of the built unit files, SYSUSERS the file for systemd-sysusers.
Skips (exit 77) unless UNIT_ROOT names the container's root directory, and where there is no
systemd-nspawn, or no right to start it.  The directory is not written to.  It is made by

    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2 bookworm DIR
    cp -r scripts DIR/root && chroot DIR /root/scripts/deps build
"""
import json, os, pathlib, re, shutil, subprocess, sys, tempfile, time, unittest

ROOTWATCH, SEND, UNITS, SYSUSERS = map(os.path.abspath, sys.argv[1:5])
ROOT = os.environ.get("UNIT_ROOT", "")
NAME = f"rwunit{os.getpid()}"
SYSTEM = "/usr/lib/systemd/system"
CGROUPS = [pathlib.Path("/sys/fs/cgroup", part, NAME) for part in ("systemd", "unified", "")
           if pathlib.Path("/sys/fs/cgroup", part, "cgroup.procs").exists()]


def wait_for(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError(f"no {what} within {seconds} s")


class Container:
    """Boots in a control group of its own: two systemds in one would end each other's services."""

    def __init__(self, directory):
        self.etc = pathlib.Path(directory)
        self.log = open(self.etc / "boot.log", "w+")
        units = sorted(pathlib.Path(UNITS).glob("rootwatch*"))
        binary = re.search(r"ExecStart=(\S+)", (pathlib.Path(UNITS) / "rootwatch.service")
                           .read_text()).group(1)
        binds = [f"--bind-ro={unit}:{SYSTEM}/{unit.name}" for unit in units
                 if unit.suffix in (".service", ".timer")]
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "-q", "-b", "-D", ROOT, "-M", NAME, "--volatile=overlay",
             "--register=no", "--keep-unit", "--private-network", "--console=pipe",
             # Nothing that the unit allows should be refused by the container.
             "--system-call-filter=landlock_create_ruleset landlock_add_rule "
             "landlock_restrict_self",
             f"--bind-ro={ROOTWATCH}:{binary}", f"--bind-ro={SEND}:/usr/bin/send",
             f"--bind-ro={SYSUSERS}:/usr/lib/sysusers.d/rootwatch.conf",
             f"--bind={self.etc}:/etc/rootwatch", *binds],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            preexec_fn=self.enter)
        self.leader = None
        wait_for("systemd in the container", self.is_up, 60)

    @staticmethod
    def enter():
        for cgroup in CGROUPS:
            cgroup.mkdir(exist_ok=True)
            (cgroup / "cgroup.procs").write_text("0")

    def is_up(self):
        if self.nspawn.poll() is not None:
            self.log.seek(0)
            raise OSError("systemd-nspawn: " + self.log.read()[-300:])
        self.leader = self.leader or self.find(self.nspawn.pid)
        if self.leader is None:
            return False
        state = self.run("systemctl", "is-system-running").stdout.strip()
        return state in ("running", "degraded")

    def find(self, parent):
        """The container's first process, below nspawn."""
        with open(f"/proc/{parent}/task/{parent}/children") as f:
            children = [int(pid) for pid in f.read().split()]
        for pid in children:
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                return pid
        return next(filter(None, map(self.find, children)), None)

    def run(self, *words):
        return subprocess.run(
            ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "--", "env", "-i",
             "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", *words],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def sh(self, text):
        return self.run("sh", "-c", text)

    def end(self):
        if self.nspawn.poll() is None:
            self.run("systemctl", "poweroff")
            try:
                self.nspawn.wait(60)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        self.log.close()
        for cgroup in CGROUPS:
            for part in sorted(cgroup.glob("**/"), reverse=True):
                try:
                    part.rmdir()
                except OSError:
                    pass


class Unit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-unit-")
        os.chmod(cls.holder.name, 0o755)
        cls.c = Container(cls.holder.name)

    @classmethod
    def tearDownClass(cls):
        cls.c.end()
        cls.holder.cleanup()

    def setUp(self):
        self.config = pathlib.Path(self.holder.name, "rootwatch.yaml")
        self.config.write_text("site: x-root\ncapture: {interface: mirror}\n"
                               "detection: {warmup: 10, quiet: 60}\n"
                               "metrics: {listen: 'unix:/run/rootwatch/metrics'}\n")
        self.sh("systemctl stop rootwatch; rm -rf /var/lib/rootwatch; ip link del mirror;"
                "systemctl reset-failed")
        self.begun = self.sh("date +%s.%N").stdout.strip()
        self.make_wire()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print(self.journal(), file=sys.stderr)

    def sh(self, text):
        return self.c.sh(text)

    def must(self, text):
        ran = self.sh(text)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def make_wire(self):
        self.must("ip link add mirror type veth peer name wire && ip link set wire up && "
                  "ip link set mirror up")

    def show(self, name, unit="rootwatch"):
        return self.must(f"systemctl show --value -p {name} {unit}").strip()

    def journal(self):
        return self.sh(f"journalctl --no-pager -o short-precise --since @{self.begun} "
                       "-u rootwatch -u rootwatch-graph").stdout

    def processes(self):
        """/proc/PID/status of each process of the service, the parent's first."""
        main = self.show("MainPID")
        pids = self.must(f"echo {main}; cat /proc/{main}/task/{main}/children").split()
        return [dict(line.split(":\t", 1) for line in
                     self.sh(f"cat /proc/{pid}/status").stdout.splitlines() if ":\t" in line)
                for pid in pids]

    def test_starts_as_a_user_with_one_right_and_captures_without_it(self):
        self.must("systemctl enable --now rootwatch rootwatch-graph.timer")
        self.assertEqual(self.show("ActiveState"), "active")
        self.assertEqual(self.show("StatusText"), "capturing on mirror")
        parent, *others = self.processes()
        self.assertGreaterEqual(len(others), 2)
        user = self.must("id -u rootwatch").strip()
        for status in parent, *others:
            self.assertEqual(status["Uid"].split(), [user] * 4)
            self.assertEqual((status["CapAmb"], status["NoNewPrivs"], status["Seccomp"]),
                             ("0" * 16, "1", "2"))
        self.assertEqual(int(parent["CapPrm"], 16), 1 << 13)
        self.assertEqual({status["CapPrm"] for status in others}, {"0" * 16})
        self.assertEqual(self.must("stat -c '%a %U %F' /run/rootwatch/metrics").split(),
                         ["660", "rootwatch", "socket"])
        self.assertEqual(self.must("stat -c '%a %U' /var/lib/rootwatch").split(),
                         ["750", "rootwatch"])
        begun = time.monotonic()
        self.must("systemctl stop rootwatch")
        self.assertLess(time.monotonic() - begun, 25)
        self.assertEqual(self.show("Result"), "success")
        self.assertNotIn("started again", self.journal())
        self.assertNotIn("ended by", self.journal())

    def test_nothing_is_denied_from_packets_to_pages(self):
        self.must("install -d -o rootwatch -g rootwatch /var/www/rootwatch")
        for www in ("/var/lib/rootwatch/www", "/var/www/rootwatch"):
            self.config.write_text(self.config.read_text() + f"www: {www}\n" * ("/var/www" in www))
            self.must("systemctl restart rootwatch")
            self.must("send wire 500 70 12 0.7")
            wait_for("pages", lambda: self.sh(f"ls {www}/incidents/*/index.html").stdout, 30)
            self.assertIn("critical: 207.244.46.0/24 sends", self.journal())
            self.must("ls /var/lib/rootwatch/cases/*/evidence.pcap "
                      "/var/lib/rootwatch/cases/*/case.html /var/lib/rootwatch/rrd/*.rrd")
            self.must("systemctl start rootwatch-graph")
            self.must(f"test -e {www}/graphs/day-total.png")
            self.assertEqual(self.sh(f"find {www} /var/lib/rootwatch ! -user rootwatch").stdout, "")
            self.assertEqual(self.sh(f"find {www} ! -perm -o=r").stdout, "")
            self.sh("systemctl stop rootwatch; rm -rf /var/lib/rootwatch")
        self.assertNotRegex(self.journal(), "(?i)not permitted|denied|read-only|signal 31|SIGSYS")
        self.assertNotRegex(self.must(f"journalctl --no-pager -p err --since @{self.begun} "
                                      "-u rootwatch -u rootwatch-graph -o cat"), r"\w")

    def test_a_reload_tells_whether_it_succeeded(self):
        self.must("systemctl start rootwatch")
        good = self.config.read_text()
        self.must("systemctl reload rootwatch")
        self.assertIn("the configuration was read anew", self.journal())
        self.config.write_text(good + "nonsense: 1\n")
        self.assertNotEqual(self.sh("systemctl reload rootwatch").returncode, 0)
        self.assertEqual(self.show("ActiveState"), "active")
        self.assertIn("rootwatch.yaml:5:1: nonsense: is no setting", self.must(
            f"journalctl --no-pager -p err --since @{self.begun} -u rootwatch -o cat"))

    def test_is_not_started_again_with_a_configuration_that_will_not_do(self):
        self.config.write_text("nonsense: 1\n")
        self.assertNotEqual(self.sh("systemctl start rootwatch").returncode, 0)
        time.sleep(7)
        self.assertEqual((self.show("ActiveState"), self.show("NRestarts"),
                          self.show("ExecMainStatus")), ("failed", "0", "78"))

    def test_waits_for_an_interface_at_the_start_and_later(self):
        self.must("ip link del mirror")
        self.assertNotEqual(self.sh("systemctl start rootwatch").returncode, 0)
        self.assertEqual(self.show("ExecMainStatus"), "69")
        self.make_wire()
        wait_for("capture", lambda: self.show("ActiveState") == "active", 10)
        main = self.show("MainPID")
        self.must("ip link del mirror")
        wait_for("word of it", lambda: "is not there" in self.show("StatusText"), 5)
        self.make_wire()
        wait_for("capture", lambda: self.show("StatusText") == "capturing on mirror", 5)
        self.assertEqual(self.show("MainPID"), main)

    def test_is_started_again_when_it_dies_and_when_it_hangs(self):
        self.must("systemctl start rootwatch")
        for signal, result, seconds in (("KILL", "signal", 10), ("STOP", "watchdog", 90)):
            main = self.show("MainPID")
            self.must(f"kill -{signal} {main}")
            wait_for("another process", lambda: self.show("MainPID") not in (main, "0") and
                     self.show("ActiveState") == "active", seconds)
            self.assertIn(f"Failed with result '{result}'", self.journal())
            self.assertEqual(len([p for p in self.processes() if p["Name"] == "rootwatch"][:2]), 2)
        self.assertEqual(self.show("NRestarts"), "2")


def why_not():
    if not ROOT:
        return "UNIT_ROOT does not name the root directory of a container"
    if shutil.which("systemd-nspawn") is None or os.geteuid() != 0:
        return "no systemd-nspawn, or no right to start it"
    return None


if __name__ == "__main__":
    if why_not():
        print(f"skipped: {why_not()}")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
