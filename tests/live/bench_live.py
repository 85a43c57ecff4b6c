#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How much live capture takes and bears, beside a pcap_loop() that does nothing.

usage: bench_live.py ROOTWATCH SEND LOOP
Both listen, in turn, on a veth pair in a network namespace, to the same sender, which is asked
for more and more queries/s from any address.  Printed are what was sent in a second, what was
lost of it, and CPU a frame in user space and kernel as far as it is the process's own.
Environment: BENCH_SECONDS of each measurement (default 4).  Skips (exit 77) without the right
to make namespaces.
"""
import json, os, signal, sqlite3, subprocess, sys, tempfile, time

ROOTWATCH, SEND, LOOP = sys.argv[1:4]
SECONDS = float(os.environ.get("BENCH_SECONDS", 4))
RATES = (100_000, 300_000, 600_000, 1_000_000)
NAMESPACE = f"rwbench{os.getpid()}"


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def inside(*words):
    return ["ip", "netns", "exec", NAMESPACE, *words]


def make_namespace():
    run("ip", "netns", "add", NAMESPACE)
    run("ip", "-n", NAMESPACE, "link", "add", "mirror", "type", "veth", "peer", "name", "wire")
    for link in ("mirror", "wire"):
        run(*inside("sh", "-c", f"echo 1 >/proc/sys/net/ipv6/conf/{link}/disable_ipv6"))
        run("ip", "-n", NAMESPACE, "link", "set", link, "up")


def measure(words, ready, rate, counted):
    """Frames sent, lost, and CPU seconds of a listener while the sender runs."""
    with tempfile.TemporaryFile("w+") as said:
        listener = subprocess.Popen(inside(*words), stdout=said, stderr=subprocess.DEVNULL,
                                    start_new_session=True)
        while not ready():
            time.sleep(0.05)
        time.sleep(0.5)
        sent = int(run(*inside(SEND, "wire", str(rate), str(SECONDS), "0", "0", "any")))
        time.sleep(0.5)
        os.kill(listener.pid, signal.SIGTERM)
        _, _, use = os.wait4(listener.pid, 0)
        said.seek(0)
        return sent, sent - counted(said.read()), use.ru_utime + use.ru_stime, use.ru_maxrss


def measure_rootwatch(rate):
    with tempfile.TemporaryDirectory(prefix="bench-live-") as directory:
        with open(f"{directory}/yaml", "w") as f:
            f.write(f"site: bench\nstate: {directory}/state\ncapture: {{interface: mirror}}\n")
        base = f"{directory}/state/rootwatch.db"

        def counted(_):
            with sqlite3.connect(base) as db:
                rows = db.execute("SELECT doc FROM minutes").fetchall()
            return sum(json.loads(doc)["queries"] for (doc,) in rows)

        return measure([ROOTWATCH, "run", "-c", f"{directory}/yaml"],
                       lambda: os.path.exists(base), rate, counted)


def measure_loop(rate):
    return measure([LOOP, "-i", "mirror"], lambda: True, rate,
                   lambda said: int(said.split()[0]))


def main():
    for rate in RATES:
        ratio = []
        for name, listen in (("rootwatch", measure_rootwatch), ("empty loop", measure_loop)):
            sent, lost, cpu, peak = listen(rate)
            ratio.append(cpu / sent)
            print(f"{name:10}  {sent / SECONDS:9.0f}/s sent, {lost / sent:7.2%} lost, "
                  f"{cpu / sent * 1e9:6.0f} ns a frame, {peak / 1024:4.0f} MiB")
        print(f"ratio of CPU a frame {ratio[0] / ratio[1]:.2f}", flush=True)


if __name__ == "__main__":
    try:
        make_namespace()
    except (subprocess.CalledProcessError, OSError) as problem:
        subprocess.run(["ip", "netns", "del", NAMESPACE], capture_output=True)
        print(f"skipped: {problem}")
        sys.exit(77)
    try:
        main()
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], capture_output=True)
