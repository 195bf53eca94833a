"""Runs unittest so that test.sh counts cases here as it counts GoogleTest's: see tools/test_summary.py."""
import os
import pathlib
import sys
import unittest
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))


class _Result(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = []

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed.append(test)


def _write_report(directory, program, result):
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", name=program)

    def add(test):
        # What fails in setUpClass or setUpModule has no method name of its own.
        name = getattr(test, "_testMethodName", None) or str(test)
        return ElementTree.SubElement(suite, "testcase", classname=type(test).__name__, name=name, status="run")

    for test in result.passed:
        add(test)
    for test, text in result.failures + result.errors:
        ElementTree.SubElement(add(test), "failure", message=text)
    for test, reason in result.skipped:
        ElementTree.SubElement(add(test), "skipped", message=reason)
    directory.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(directory / f"{program}.xml", encoding="utf-8", xml_declaration=True)


def main():
    """Like unittest.main(), and writes the report GTEST_OUTPUT=xml:DIRECTORY/ asks for."""
    runner = unittest.TextTestRunner(resultclass=_Result, verbosity=2)
    result = unittest.main(module="__main__", exit=False, testRunner=runner).result
    output = os.environ.get("GTEST_OUTPUT", "")
    if output.startswith("xml:") and output.endswith("/"):
        _write_report(pathlib.Path(output[4:]), pathlib.Path(sys.argv[0]).stem, result)
    sys.exit(0 if result.wasSuccessful() else 1)
