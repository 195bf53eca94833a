#!/usr/bin/env python3
"""Reads the reports of a test run and ends with `N passed, N failed, N skipped`.

usage: test_summary.py REPORTS_DIR

REPORTS_DIR/programs.xml is ctest's JUnit report, REPORTS_DIR/cases/*.xml are GoogleTest's, named after the program that wrote
them. A program with a report counts by its cases, any other as one. Exit 1 when something failed, or when nothing ran.
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


class Tally:
    def __init__(self):
        self.passed = 0
        self.failures = []
        self.skips = []  # (name, reason)


def count_cases(report, tally):
    """Adds one GoogleTest report. Returns the number of failed cases in it."""
    failed = 0
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.get("status") == "notrun":
            tally.skips.append((name, "disabled"))
        elif case.find("failure") is not None:
            tally.failures.append(name)
            failed += 1
        elif case.get("result") == "skipped" or case.find("skipped") is not None:
            skipped = case.find("skipped")
            reason = (skipped.get("message") or "") if skipped is not None else ""
            # GoogleTest puts "file:line" before the message.
            lines = [line for line in reason.strip().splitlines() if line.strip()]
            tally.skips.append((name, lines[-1] if lines else "no reason given"))
        else:
            tally.passed += 1
    return failed


def summarise(reports_dir):
    tally = Tally()
    programs = ElementTree.parse(reports_dir / "programs.xml").getroot()
    for program in programs.iter("testcase"):
        name, status = program.get("name"), program.get("status")
        report = reports_dir / "cases" / f"{name}.xml"
        if report.exists():
            failed = count_cases(report, tally)
            if status == "fail" and failed == 0:
                tally.failures.append(f"{name} (the program failed outside its cases)")
        elif status == "run":
            tally.passed += 1
        elif status in ("notrun", "disabled"):
            skipped = program.find("skipped")
            message = skipped.get("message", "") if skipped is not None else ""
            # ctest: "SKIP_RETURN_CODE=77" and the like are skips; a program that was not built is a failure.
            if "SKIP" in message or status == "disabled":
                tally.skips.append((name, message or "disabled"))
            else:
                tally.failures.append(f"{name} ({message or 'did not run'})")
        else:
            tally.failures.append(f"{name} (crashed or timed out; its output is above)")
    return tally


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    tally = summarise(pathlib.Path(sys.argv[1]))
    for name, reason in tally.skips:
        print(f"skipped: {name}: {reason}")
    for name in tally.failures:
        print(f"failed: {name}")
    print(f"{tally.passed} passed, {len(tally.failures)} failed, {len(tally.skips)} skipped")
    return 0 if not tally.failures and tally.passed else 1


if __name__ == "__main__":
    sys.exit(main())
