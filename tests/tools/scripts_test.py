"""The scripts that people type: syntax, usage errors, help. What they build and serve is tested by running them."""
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

import case_report

ROOT = case_report.ROOT
SCRIPTS = ["run.sh", "test.sh", "tools/install_deps.sh", "tools/package.sh", "tools/package_check.sh", ".ci/run"]


def run(script, *arguments, **options):
    return subprocess.run([ROOT / script, *arguments], capture_output=True, text=True, check=False, timeout=60, **options)


class Scripts(unittest.TestCase):
    def test_they_are_executable_and_parse(self):
        for script in SCRIPTS:
            with self.subTest(script=script):
                self.assertTrue(os.access(ROOT / script, os.X_OK))
                self.assertEqual(subprocess.run(["bash", "-n", ROOT / script], check=False).returncode, 0)

    def test_help_is_the_text_at_the_top(self):
        for script, part in [("run.sh", "--no-serve"), ("test.sh", "--tsan"), ("tools/install_deps.sh", "--servers"), ("tools/package.sh", "--preset"), ("tools/package_check.sh", "--keep")]:
            with self.subTest(script=script):
                result = run(script, "--help")
                self.assertEqual(result.returncode, 0)
                self.assertIn(part, result.stdout)
                self.assertNotIn("#", result.stdout)
                self.assertNotIn("set -e", result.stdout)

    def test_wrong_usage_is_exit_2_and_says_what_is_wrong(self):
        for script, arguments, part in [("run.sh", ["--nonsense"], "--nonsense"), ("run.sh", ["--port"], "needs a value"), ("run.sh", ["--port", "99999"], "99999"),
                                        ("run.sh", ["--port", "eighty"], "eighty"), ("run.sh", ["--data-dir", ""], "must not be empty"),
                                        ("test.sh", ["--asan", "--tsan"], "one sanitizer"), ("test.sh", ["--jobs", "many"], "many"),
                                        ("test.sh", ["stray"], "stray"), ("tools/install_deps.sh", ["--nonsense"], "--nonsense"), ("tools/package.sh", ["--jobs", "many"], "many"), ("tools/package_check.sh", ["--nonsense"], "--nonsense")]:
            with self.subTest(script=script, arguments=arguments):
                result = run(script, *arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn(part, result.stderr)

    def test_a_file_is_no_data_directory(self):
        with tempfile.NamedTemporaryFile() as file:
            result = run("run.sh", "--data-dir", file.name)
            self.assertEqual(result.returncode, 1)
            self.assertIn("not a directory", result.stderr)

    def test_a_taken_port_is_reported_before_the_long_part(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            result = run("run.sh", "--port", str(taken.getsockname()[1]))
            self.assertEqual(result.returncode, 1)
            self.assertIn("something answers on", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_installing_what_is_there_changes_nothing(self):
        with tempfile.TemporaryDirectory() as directory:
            # An apt-get that tells on us comes first in the path.
            spy = pathlib.Path(directory, "apt-get")
            spy.write_text("#!/bin/sh\necho apt-get was called >&2\nexit 99\n")
            spy.chmod(0o755)
            if run("tools/install_deps.sh", "--check").returncode != 0:
                self.skipTest("packages are missing here: tools/install_deps.sh --check names them")
            result = run("tools/install_deps.sh", env={**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"})
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_the_list_of_packages_is_the_documented_one(self):
        text = (ROOT / "tools/install_deps.sh").read_text()
        self.assertNotIn("valijson", text)  # drags in Qt
        for package in ("libfaiss-dev", "librocksdb-dev", "libexpected-dev", "librapidcheck-dev", "xz-utils"):
            self.assertIn(package, text)


if __name__ == "__main__":
    case_report.main()
