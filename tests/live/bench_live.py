#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What live capture takes and bears, beside a pcap_loop() that does nothing.

usage: bench_live.py ROOTWATCH SEND LOOP
All listen, in turn, on a veth pair in a network namespace, to the same sender, which is asked
for more and more queries/s from 4096 /24s, and then for queries from any address.  Printed are
what was sent in a second, what was lost of it, and the CPU time of the listener's processes a
frame, in user space and kernel as far as it is their own.  CPU is counted once the sender has
run for some seconds: tables are touched for the first time only once.
Environment: BENCH_SECONDS of each measurement (default 8).  Skips (exit 77) without the right
to make namespaces.
"""
import glob, json, os, signal, sqlite3, subprocess, sys, tempfile, time

ROOTWATCH, SEND, LOOP = sys.argv[1:4]
SECONDS = float(os.environ.get("BENCH_SECONDS", 8))
WARM = 3
RATES = ((100_000, "few"), (300_000, "few"), (1_000_000, "few"), (300_000, "any"))
NAMESPACE = f"rwbench{os.getpid()}"
TICKS = os.sysconf("SC_CLK_TCK")


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


def cpu_of(group):
    """Seconds that the processes of a group took so far, those that have ended included."""
    ticks = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[2]) == group:
            ticks += sum(map(int, fields[11:15]))  # its own, and its children's
    return ticks / TICKS


def measure(words, ready, rate, sources, counted):
    """Frames a second, the part of them that was lost, CPU seconds a frame, peak MiB."""
    with tempfile.TemporaryFile("w+") as said:
        listener = subprocess.Popen(inside(*words), stdout=said, stderr=subprocess.DEVNULL,
                                    start_new_session=True)
        while not ready():
            time.sleep(0.05)
        time.sleep(0.5)
        any_address = ["any"] if sources == "any" else []
        sender = subprocess.Popen(
            inside(SEND, "wire", str(rate), str(WARM + SECONDS), "0", "0", *any_address),
            stdout=subprocess.PIPE, text=True)
        time.sleep(WARM)
        before, begin = cpu_of(listener.pid), time.monotonic()
        sent = int(sender.communicate()[0])
        time.sleep(0.2)
        after, end = cpu_of(listener.pid), time.monotonic() - 0.2
        time.sleep(0.5)
        os.kill(listener.pid, signal.SIGTERM)
        _, _, use = os.wait4(listener.pid, 0)
        said.seek(0)
        rate = sent / (end - begin + WARM)
        return (rate, 1 - counted(said.read()) / sent, (after - before) / (rate * (end - begin)),
                use.ru_maxrss / 1024)


def measure_rootwatch(workers):
    def listen(rate, sources):
        with tempfile.TemporaryDirectory(prefix="bench-live-") as directory:
            with open(f"{directory}/yaml", "w") as f:
                f.write(f"site: bench\nstate: {directory}/state\n"
                        f"capture: {{interface: mirror, workers: {workers}}}\n")
            base = f"{directory}/state/rootwatch.db"

            def counted(_):
                with sqlite3.connect(base) as db:
                    rows = db.execute("SELECT doc FROM minutes").fetchall()
                return sum(json.loads(doc)["queries"] for (doc,) in rows)

            return measure([ROOTWATCH, "run", "-c", f"{directory}/yaml"],
                           lambda: os.path.exists(base), rate, sources, counted)
    return listen


def measure_loop(rate, sources):
    return measure([LOOP, "-i", "mirror"], lambda: True, rate, sources,
                   lambda said: int(said.split()[0]))


def main():
    listeners = (("empty loop", measure_loop), ("rootwatch, 1 worker", measure_rootwatch(1)),
                 ("rootwatch, 2 workers", measure_rootwatch(2)))
    for rate, sources in RATES:
        loop = None
        where = "4096 /24s" if sources == "few" else "any address"
        print(f"{rate} queries/s asked for, from {where}")
        for name, listen in listeners:
            sent, lost, cpu, peak = listen(rate, sources)
            loop = loop or cpu
            print(f"  {name:20}  {sent:9.0f}/s sent, {lost:7.2%} lost, {cpu * 1e9:5.0f} ns a frame "
                  f"({cpu / loop:4.1f} of the loop's), {peak:4.0f} MiB", flush=True)


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
