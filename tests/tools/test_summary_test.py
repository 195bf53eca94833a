"""The last line of test.sh tells the truth: cases are counted, crashes and missing programs are failures, skips have reasons."""
import contextlib
import io
import pathlib
import tempfile
import unittest
from unittest import mock

import case_report
import test_summary

GOOGLETEST = """<?xml version="1.0"?><testsuites><testsuite name="Caps">
  <testcase name="Block" status="run" result="completed" classname="Caps"/>
  <testcase name="Off" status="notrun" result="suppressed" classname="Caps"/>
  <testcase name="Absent" status="run" result="skipped" classname="Caps"><skipped message="a_test.cc:7&#10;no data here"/></testcase>
  {extra}
</testsuite></testsuites>"""
FAILED_CASE = '<testcase name="Wrong" status="run" result="completed" classname="Caps"><failure message="1 != 2"/></testcase>'


def program(name, status, message=None):
    skipped = f'<skipped message="{message}"/>' if message else ""
    return f'<testcase name="{name}" classname="{name}" time="1" status="{status}">{skipped}</testcase>'


class Summary(unittest.TestCase):
    def summarise(self, programs, cases):
        """(exit code, printed lines)"""
        with tempfile.TemporaryDirectory() as directory:
            reports = pathlib.Path(directory)
            (reports / "cases").mkdir()
            (reports / "programs.xml").write_text(f"<testsuite>{''.join(programs)}</testsuite>")
            for name, text in cases.items():
                (reports / "cases" / f"{name}.xml").write_text(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output), mock.patch("sys.argv", ["test_summary.py", directory]):
                code = test_summary.main()
            return code, output.getvalue().splitlines()

    def test_cases_are_counted_and_skips_say_why(self):
        code, lines = self.summarise([program("caps_test", "run"), program("script", "run")], {"caps_test": GOOGLETEST.format(extra="")})
        self.assertEqual(code, 0)
        self.assertEqual(lines, ["skipped: Caps.Off: disabled", "skipped: Caps.Absent: no data here", "2 passed, 0 failed, 2 skipped"])

    def test_a_failed_case_fails_the_run(self):
        code, lines = self.summarise([program("caps_test", "fail")], {"caps_test": GOOGLETEST.format(extra=FAILED_CASE)})
        self.assertEqual(code, 1)
        self.assertIn("failed: Caps.Wrong", lines)
        self.assertEqual(lines[-1], "1 passed, 1 failed, 2 skipped")

    def test_a_crash_without_a_report_is_a_failure(self):
        code, lines = self.summarise([program("caps_test", "fail"), program("other", "run")], {})
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_a_program_that_fails_outside_its_cases_is_a_failure(self):
        # A sanitizer that speaks up at exit, after every case has passed.
        code, lines = self.summarise([program("caps_test", "fail")], {"caps_test": GOOGLETEST.format(extra="")})
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 2 skipped"))

    def test_a_program_that_was_not_built_is_a_failure(self):
        code, lines = self.summarise([program("gone", "notrun", "Unable to find executable")], {})
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_ctests_own_skips_are_skips(self):
        code, lines = self.summarise([program("one", "run"), program("two", "notrun", "SKIP_RETURN_CODE=77")], {})
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed, 1 skipped"))

    def test_a_run_without_any_test_is_no_success(self):
        self.assertEqual(self.summarise([], {}), (1, ["0 passed, 0 failed, 0 skipped"]))


if __name__ == "__main__":
    case_report.main()
