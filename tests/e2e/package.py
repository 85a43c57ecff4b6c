#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The Debian package, built as `scripts/package` does: what is in it, and what its installation does.

usage: package.py SOURCE
Skips (exit 77) where there is no dpkg-buildpackage.
"""
import pathlib, re, shutil, subprocess, sys, tempfile, unittest


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, **more)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="rootwatch-package-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.dir = pathlib.Path(cls.holder.name)
        (cls.dir / "out").mkdir()
        (cls.dir / "out/rootwatch_notes").touch()
        (cls.dir / "out/rootwatch_0.0-1_any.deb").touch()
        built = run(SOURCE / "scripts/package", cls.dir / "out")
        if built.returncode != 0:
            raise AssertionError(built.stderr)
        cls.deb = pathlib.Path(built.stdout.splitlines()[-1])
        cls.root = cls.dir / "root"
        run("dpkg-deb", "--raw-extract", cls.deb, cls.root, check=True)

    def field(self, name):
        return run("dpkg-deb", "--field", self.deb, name, check=True).stdout.strip()

    def control(self, name):
        return (self.root / "DEBIAN" / name).read_text()

    def test_has_the_version_of_the_program(self):
        version = re.search(r"version: '([^']+)'", (SOURCE / "meson.build").read_text()).group(1)
        said = run(self.root / "usr/bin/rootwatch", "--version", check=True).stdout
        self.assertEqual(said.splitlines()[0], f"rootwatch {version}")
        self.assertEqual(self.field("Version").rsplit("-", 1)[0], version)

    def test_replaces_what_it_built_before_and_nothing_else(self):
        names = sorted(p.name for p in (self.dir / "out").iterdir())
        self.assertIn("rootwatch_notes", names)
        self.assertEqual([n for n in names if n.endswith(".deb") and "dbgsym" not in n],
                         [self.deb.name])

    def test_has_what_an_operator_looks_for(self):
        for name in ("usr/share/man/man8/rootwatch.8.gz", "usr/share/man/man5/rootwatch.yaml.5.gz",
                     "usr/share/doc/rootwatch/operating.md",
                     "usr/share/bash-completion/completions/rootwatch",
                     "lib/systemd/system/rootwatch-graph.service",
                     "lib/systemd/system/rootwatch-graph.timer"):
            self.assertTrue((self.root / name).is_file(), name)
        unit = (self.root / "lib/systemd/system/rootwatch.service").read_text()
        self.assertIn("ExecStart=/usr/bin/rootwatch run\n", unit)

    def test_a_configuration_that_was_edited_survives_an_upgrade(self):
        self.assertEqual(self.control("conffiles"), "/etc/rootwatch/rootwatch.yaml\n")
        checked = run(self.root / "usr/bin/rootwatch", "check", "-c",
                      self.root / "etc/rootwatch/rootwatch.yaml")
        self.assertIn("The configuration is good", checked.stdout)

    def test_makes_the_user_and_enables_nothing(self):
        after = self.control("postinst")
        self.assertIn("systemd-sysusers", after)
        self.assertIn("deb-systemd-invoke $_dh_action", after)
        for unit in ("rootwatch.service", "rootwatch-graph.timer"):
            self.assertRegex(after, rf"--quiet was-enabled '{unit}'; then\n")
        self.assertEqual(len(re.findall("deb-systemd-helper enable", after)),
                         len(re.findall("# Create new symlinks, if any", after)),
                         "only what its owner had enabled")

    def test_is_optimised_as_the_build_says(self):
        log = (self.dir / "out/rootwatch.log").read_text()
        compiled = re.findall(r"\] cc .*-c \S*/(analysis|capture)/\w+\.c", log)
        self.assertIn("analysis", compiled)
        for line in log.splitlines():
            where = re.search(r"-c \S*/(analysis|capture)/\w+\.c", line)
            if where:
                levels = re.findall(r" -O(\S)", line)
                self.assertEqual(levels[-1:], ["3" if where.group(1) == "analysis" else "2"], line)

    def test_needs_what_the_build_needs(self):
        deps = (SOURCE / "scripts/deps").read_text()
        build = set(re.search(r"build='([^']+)'", deps).group(1).split())
        control = (SOURCE / "debian/control").read_text()
        stated = re.search(r"Build-Depends:\n((?: .*\n)+)", control).group(1)
        stated = {line.split()[0].rstrip(",") for line in stated.splitlines()}
        # What is on every Debian machine that builds packages, what meson brings, and the fonts,
        # which are of the package itself.
        apart = {"gcc", "libc6-dev", "ninja-build", "fonts-dejavu-core"}
        self.assertEqual(stated - {"debhelper-compat"}, build - apart)
        self.assertIn("fonts-dejavu-core", self.field("Depends"))
        for library in ("libpcap0.8", "librrd8", "libldns3", "libsystemd0"):
            self.assertIn(library, self.field("Depends"))


if __name__ == "__main__":
    SOURCE = pathlib.Path(sys.argv[1]).resolve()
    if not shutil.which("dpkg-buildpackage"):
        print("skipped: there is no dpkg-buildpackage")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
