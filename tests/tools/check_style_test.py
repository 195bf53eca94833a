"""Each rule of check_style.py rejects a planted violation and lets its neighbour pass; the real tree has none."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import case_report
import check_style
from source_tree import without_comments_and_literals

TOOL = case_report.ROOT / "tools" / "check_style.py"
HEADER = "#pragma once\n/// A header.\n"


class Tree:
    """A small repository in a temporary directory."""

    def __init__(self, files):
        self.directory = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.directory.name)
        for path, text in files.items():
            self.write(path, text)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def found(self):
        return check_style.check(self.root)[0]

    def run(self, *options):
        return subprocess.run([sys.executable, TOOL, *options, self.root], capture_output=True, text=True, check=False)


def function_of(lines, name="work"):
    return f"int {name}(int a) {{\n" + "  a += 1;\n" * (lines - 3) + "  return a;\n}\n"


class Rules(unittest.TestCase):
    def assert_found(self, files, part):
        found = Tree(files).found()
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def assert_clean(self, files):
        self.assertEqual(Tree(files).found(), [])

    def test_the_real_tree_has_no_violation(self):
        result = subprocess.run([sys.executable, TOOL], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_clocks_are_read_in_api_only(self):
        call = "auto t = std::chrono::steady_clock::now();\n"
        for folder in ("core", "store", "features", "experiments", "engine"):
            self.assert_found({f"{folder}/a.cc": call}, f"{folder}/a.cc:1: time is an argument")
        for folder in ("api", "bench", "tests", "tools"):
            self.assert_clean({f"{folder}/a.cc": call})

    def test_a_clock_in_a_comment_or_a_string_is_no_call(self):
        self.assert_clean({"core/a.cc": '// never std::chrono::system_clock::now()\nconst char* s = "clock::now()";\n/* ::now( */\n'})
        self.assert_clean({"core/a.cc": 'auto s = R"(clock::now())";\n'})

    def test_chance_is_seeded(self):
        self.assert_found({"api/a.cc": "int x = std::rand();\n"}, "chance is a seeded argument")
        self.assert_found({"engine/a.cc": "std::random_device device;\n"}, "drawn in api/ only")
        self.assert_clean({"api/a.cc": "std::random_device device;\n"})
        self.assert_found({"engine/a.cc": "srand(7);\n"}, "chance is a seeded argument")
        self.assert_clean({"engine/a.cc": "Random random(seed);\nauto x = operand(3) + random.uniform();\n"})

    def test_using_namespace_stays_out_of_headers(self):
        self.assert_found({"core/a.h": HEADER + "using namespace std;\n"}, "core/a.h:3: no `using namespace`")
        self.assert_clean({"core/a.cc": "using namespace std::chrono_literals;\n"})

    def test_headers_start_with_pragma_and_comment(self):
        self.assert_found({"core/a.h": "/// A header.\nint x();\n"}, "#pragma once")
        self.assert_found({"core/a.h": "#pragma once\nint x();\n"}, "/// comment")
        self.assert_clean({"core/a.h": HEADER})

    def test_tabs_are_found_in_every_text_file(self):
        self.assert_found({"docs/a.md": "one\n\ttwo\n"}, "docs/a.md:2: tab")

    def test_banned_words_come_from_the_glossary(self):
        glossary = "# Words\n\n## Words we do not use\n\n| not | but |\n|---|---|\n| `cfg`, `mgr` | the full word |\n\n## After\n| `fine` | x |\n"
        self.assert_found({"docs/glossary.md": glossary, "core/a.cc": "int max_cfg = 1;\n"}, "not `cfg` but the full word")
        self.assert_found({"docs/glossary.md": glossary, "core/a.cc": "class ItemMgr;\n"}, "`mgr`")
        self.assert_clean({"docs/glossary.md": glossary, "core/a.cc": 'int fine, cfgs;  // cfg\nint x = LIB_CFG; cfg_t y;\nauto s = "mgr";\n'})

    def test_the_real_glossary_bans_words(self):
        self.assertGreater(len(check_style.banned_words(case_report.ROOT)), 10)


class Sizes(unittest.TestCase):
    def measured(self, text):
        return [(name, lines) for name, _, lines in check_style.cpp_functions(without_comments_and_literals(text))]

    def test_functions_are_measured(self):
        self.assertEqual(self.measured(function_of(10)), [("work", 10)])
        self.assertEqual(self.measured("namespace takt {\nstruct A {\n  int f() const { return 1; }\n};\n}\n"), [("f", 1)])
        self.assertEqual(self.measured("template <class T, class = int>\nResult<T> A::f(T t) {\n  return t;\n}\n"), [("A::f", 4)])
        self.assertEqual(self.measured("auto f(int a) -> Result<int> {\n  if (a) {\n    return 1;\n  }\n  return 2;\n}\n"), [("f", 6)])

    def test_lambdas_and_initialisers_belong_to_their_function(self):
        text = "void f() {\n  auto g = [&](int a) {\n    return a;\n  };\n  g(1);\n}\n"
        self.assertEqual(self.measured(text), [("f", 6)])
        self.assertEqual(self.measured("A::A(int a)\n    : a_{a}, b_{1} {\n  work();\n}\n"), [("A::A", 4)])
        self.assertEqual(self.measured("void f(Options o = {1, 2}) {\n  work();\n}\n"), [("f", 3)])

    def test_tests_are_named_by_suite_and_case(self):
        self.assertEqual(self.measured("TEST(Caps, Block) {\n  work();\n}\n"), [("Caps.Block", 3)])

    def test_preprocessor_lines_do_not_confuse_braces(self):
        self.assertEqual(self.measured("#define OPEN {\\\n  {\n" + function_of(5)), [("work", 5)])

    def test_a_long_function_and_a_long_file_are_rejected(self):
        tree = Tree({"core/a.cc": function_of(60), "core/b.cc": function_of(61), "core/c.cc": "int x;\n" * 401, "core/d.cc": "int x;\n" * 400})
        result = tree.run()
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[:-1], ["core/c.cc:1: 401 lines, at most 400", "core/b.cc:1: work has 61 lines, at most 60"])

    def test_long_python_functions_are_rejected(self):
        self.assertIn("work has 62 lines", Tree({"tools/a.py": "def work():\n" + "    x = 1\n" * 61}).run().stdout)

    def test_flat_pages_may_be_long(self):
        self.assertEqual(Tree({"engine/decide.cc": function_of(90), "engine/ingest.cc": function_of(90)}).run().returncode, 0)


class Ratchet(unittest.TestCase):
    def setUp(self):
        self.tree = Tree({"core/a.cc": function_of(70), check_style.RATCHET: "{}"})

    def recorded(self):
        return json.loads((self.tree.root / check_style.RATCHET).read_text())

    def test_update_never_takes_a_new_offender_in(self):
        self.assertEqual(self.tree.run("--update").returncode, 1)
        self.assertEqual(self.recorded()["functions"], {})

    def test_an_accepted_offender_may_stay_but_not_grow(self):
        self.assertEqual(self.tree.run("--accept").returncode, 0)
        self.assertEqual(self.recorded()["functions"], {"core/a.cc": {"work": 70}})
        self.assertEqual(self.tree.run().returncode, 0)
        self.tree.write("core/a.cc", function_of(71))
        self.assertIn("work has 71 lines, at most 70", self.tree.run().stdout)
        self.assertEqual(self.tree.run("--update").returncode, 1)

    def test_what_has_shrunk_cannot_grow_back(self):
        self.tree.run("--accept")
        self.tree.write("core/a.cc", function_of(65))
        self.assertIn("has shrunk", self.tree.run().stdout)
        self.assertEqual(self.tree.run("--update").returncode, 0)
        self.assertEqual(self.recorded()["functions"], {"core/a.cc": {"work": 65}})
        self.tree.write("core/a.cc", function_of(60))
        self.assertEqual(self.tree.run("--update").returncode, 0)
        self.assertEqual(self.recorded()["functions"], {})

    def test_wrong_usage_is_exit_2(self):
        self.assertEqual(self.tree.run("--nonsense").returncode, 2)


if __name__ == "__main__":
    case_report.main()
