#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `rootwatch run` tells the service manager, and how it bears the loss of its interface.

usage: service.py ROOTWATCH
Skips (exit 77) without the right to make a network namespace.
"""
import os, pathlib, signal, socket, subprocess, sys, tempfile, time, unittest

ROOTWATCH = sys.argv[1]
NAMESPACE = f"rws{os.getpid()}"


def run(*words):
    subprocess.run(words, check=True, capture_output=True, text=True)


def ip(*words):
    run("ip", "-n", NAMESPACE, *words)


def make_wire():
    ip("link", "add", "mirror", "type", "veth", "peer", "name", "wire")
    for link in ("mirror", "wire"):
        ip("link", "set", link, "up")


class Service(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="rootwatch-service-",
                                             ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.dir = pathlib.Path(holder.name)
        self.config = self.dir / "rootwatch.yaml"
        self.good = f"state: {self.dir}/state\ncapture: {{interface: mirror}}\n"
        self.config.write_text(self.good)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(str(self.dir / "notify"))
        self.log = open(self.dir / "log", "w+")
        self.addCleanup(self.log.close)
        make_wire()
        self.addCleanup(lambda: subprocess.run(["ip", "-n", NAMESPACE, "link", "del", "mirror"],
                                               capture_output=True))
        self.daemon = subprocess.Popen(
            ["ip", "netns", "exec", NAMESPACE, ROOTWATCH, "run", "-c", self.config],
            stderr=self.log, start_new_session=True,
            env={**os.environ, "NOTIFY_SOCKET": str(self.dir / "notify")})
        self.addCleanup(self.end)
        self.told("STATUS=capturing on mirror")

    def end(self):
        """With all that it started, which might write to the directory still."""
        for _ in range(1000):
            self.daemon.poll()
            try:
                os.killpg(self.daemon.pid, signal.SIGKILL)
            except ProcessLookupError:
                break
            time.sleep(0.01)
        self.daemon.wait()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def told(self, words, seconds=30):
        """Waits until a message to the service manager has this line; returns all until then."""
        messages, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                messages.append(self.socket.recv(4096).decode())
            except TimeoutError:
                break
            if words in messages[-1].splitlines():
                return messages
        self.fail(f"not told: {words}; but {messages}\n{self.said()}")

    def once(self, *warnings):
        said = self.said()
        for words in warnings:
            self.assertEqual(said.count("warning: " + words), 1, said)

    def capturing(self):
        """The process that captures: the daemon's only child that lasts."""
        with open(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children") as f:
            return int(f.read().split()[0])

    def test_feeds_the_watchdog_and_ends_when_asked(self):
        for _ in range(3):
            self.told("WATCHDOG=1", 10)  # the unit allows 60
        self.daemon.terminate()
        self.told("STOPPING=1")
        self.assertEqual(self.daemon.wait(20), 0, self.said())

    def test_says_when_nothing_can_be_captured_and_when_it_can_again(self):
        ip("link", "set", "wire", "down")
        self.told("STATUS=mirror has no carrier: nothing to capture")
        ip("link", "set", "wire", "up")
        self.told("STATUS=capturing on mirror")
        ip("link", "set", "mirror", "down")
        self.told("STATUS=mirror is down: nothing to capture")
        ip("link", "set", "mirror", "up")
        self.told("STATUS=capturing on mirror")
        self.once("mirror has no carrier: nothing to capture until it is up again",
                  "mirror is down: nothing")  # as it may be for a moment while it goes or comes
        ip("link", "del", "mirror")
        self.told("STATUS=mirror is not there: nothing to capture")
        time.sleep(5)
        make_wire()
        self.told("STATUS=capturing on mirror")
        self.once("mirror is not there: nothing")
        said = self.said()
        self.assertEqual(said.count("notice: mirror is up again"), 3, said)
        self.assertNotIn("no such interface", said, "it was tried in vain")
        self.assertNotIn("started again in", said, "it was waited for something else")

    def test_tells_the_end_of_a_reload_good_or_bad(self):
        self.config.write_text(self.good + "nonsense: 1\n")
        self.daemon.send_signal(signal.SIGHUP)
        told = self.told("STATUS=capturing on mirror; the old configuration stays in force")
        self.assertTrue(any(m.startswith("RELOADING=1") for m in told[:-1]), told)
        self.assertTrue(told[-1].startswith("READY=1\n"), told)
        self.config.write_text(self.good)
        self.daemon.send_signal(signal.SIGHUP)
        self.told("STATUS=capturing on mirror")

    def test_takes_up_no_configuration_while_it_ends(self):
        capturing = self.capturing()
        os.kill(capturing, signal.SIGSTOP)
        self.daemon.terminate()
        self.told("STOPPING=1")
        self.daemon.send_signal(signal.SIGHUP)
        for _ in range(2):
            self.told("WATCHDOG=1")
        os.kill(capturing, signal.SIGCONT)
        self.assertEqual(self.daemon.wait(20), 0, self.said())
        self.assertNotIn("read anew", self.said())

    def test_does_not_wait_with_a_reload_for_an_interface(self):
        self.config.write_text(self.good.replace("mirror", "nosuch0"))
        self.daemon.send_signal(signal.SIGHUP)
        self.told("STATUS=nosuch0 is not there: nothing to capture")
        self.config.write_text(self.good)
        self.daemon.send_signal(signal.SIGHUP)
        self.told("STATUS=capturing on mirror")
        self.assertNotIn("started again in", self.said(), "it waits for nothing else")

    def test_says_that_metrics_are_not_answered_while_it_captures(self):
        ip("link", "set", "lo", "up")  # where there is no address at all, any may be bound to
        self.config.write_text(self.good + "metrics: {listen: '192.0.2.77:9153'}\n")
        self.daemon.send_signal(signal.SIGHUP)
        self.told("STATUS=capturing on mirror; metrics are not answered")
        ip("addr", "add", "192.0.2.77/32", "dev", "mirror")
        self.told("STATUS=capturing on mirror")
        self.assertIn("metrics are at 192.0.2.77:9153", self.said())

    def test_replaces_a_capturing_process_that_hangs(self):
        hung = self.capturing()
        os.kill(hung, signal.SIGSTOP)
        self.told("STATUS=not capturing: that process is started again", 45)
        self.told("STATUS=capturing on mirror")
        self.assertIn("error: the capturing process has said nothing for 3", self.said())
        self.assertNotEqual(self.capturing(), hung)

    def test_blames_nobody_when_all_were_stopped(self):
        capturing = self.capturing()
        for pid in (self.daemon.pid, capturing):
            os.kill(pid, signal.SIGSTOP)
        time.sleep(35)
        os.kill(self.daemon.pid, signal.SIGCONT)
        time.sleep(3)
        os.kill(capturing, signal.SIGCONT)
        self.told("WATCHDOG=1")
        time.sleep(2)
        self.assertEqual(self.capturing(), capturing)
        self.assertNotIn("has said nothing", self.said())


if __name__ == "__main__":
    try:
        run("ip", "netns", "add", NAMESPACE)
    except (subprocess.CalledProcessError, OSError) as problem:
        print(f"skipped: {problem}")
        sys.exit(77)
    try:
        unittest.main(argv=sys.argv[:1] + sys.argv[2:])
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], capture_output=True)
