#!/usr/bin/env python3
"""House rules that a machine can check (CONTRIBUTING.md).

usage: check_style.py [--update] [--accept] [ROOT]

Sizes are a ratchet: a file of 400 lines and a function of 60 are the limits, tools/style_ratchet.json lists what was longer
when it was last recorded, and that may only shrink. --update records what has shrunk; --accept also records new offenders,
which needs a reason in the review. Prints `file:line: what` per violation and exits 1 if there is one.
"""
import ast
import json
import pathlib
import re
import sys

from source_tree import cpp_files, files_below, without_comments_and_literals

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
# The main flow is one flat page: its length is a matter of review, not of a number.
FLAT_PAGES = {"engine/decide.cc", "engine/ingest.cc"}
RATCHET = "tools/style_ratchet.json"
GLOSSARY = "docs/glossary.md"
GLOSSARY_SECTION = "## Words we do not use"

TEXT_SUFFIXES = {".h", ".cc", ".py", ".sh", ".js", ".css", ".html", ".md", ".json", ".yaml", ".toml", ".cmake", ".txt", ".scenario"}
SIZED_SUFFIXES = {".h", ".cc", ".py", ".sh", ".js", ".css"}

# pattern, where it is allowed (folders), what to do instead
BANNED_CALLS = [
    (re.compile(r"::\s*now\s*\("), ("api/", "bench/", "tests/", "tools/"), "time is an argument: nobody below api/ asks a clock"),
    (re.compile(r"\b(?:gettimeofday|clock_gettime|timespec_get)\s*\("), ("api/", "bench/", "tests/", "tools/"),
     "time is an argument: nobody below api/ asks a clock"),
    (re.compile(r"\b(?:s?rand|rand_r|[dlm]rand48)\s*\("), (), "chance is a seeded argument (core/random.h)"),
    (re.compile(r"\brandom_device\b"), ("api/",), "chance is a seeded argument; a fresh seed is drawn in api/ only"),
]


def check_text(path, text):
    """Rules for every text file."""
    return [f"{path}:{number}: tab" for number, line in enumerate(text.split("\n"), 1) if "\t" in line]


def check_header(path, text):
    lines = text.split("\n")
    found = []
    if "#pragma once" not in lines[:2]:
        found.append(f"{path}:1: a header starts with #pragma once and a /// comment")
    elif not any(line.startswith("///") for line in lines[:2]):
        found.append(f"{path}:1: a header starts with a /// comment: what it is, units, errors, threads, cost")
    for number, line in enumerate(without_comments_and_literals(text).split("\n"), 1):
        if re.search(r"\busing\s+namespace\b", line):
            found.append(f"{path}:{number}: no `using namespace` in a header")
    return found


def check_calls(path, code):
    found = []
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, allowed, instead in BANNED_CALLS:
            if pattern.search(line) and not path.startswith(tuple(allowed) or ("\0",)):
                found.append(f"{path}:{number}: {instead}")
    return found


def banned_words(root):
    """word → what to write instead, from the table in docs/glossary.md."""
    path = pathlib.Path(root) / GLOSSARY
    if not path.exists():
        return {}
    section = path.read_text(encoding="utf-8").partition(GLOSSARY_SECTION)[2].partition("\n## ")[0]
    rows = re.findall(r"^\| *`([^|]+)` *\| *([^|]+?) *\|", section, re.MULTILINE)
    return {word: instead for words, instead in rows for word in re.split(r"`, *`", words)}


def check_words(path, code, words):
    found = []
    for number, line in enumerate(code.split("\n"), 1):
        if re.match(r"\s*#\s*include", line):
            continue
        for name in re.findall(r"[A-Za-z_]\w*", line):
            if name.isupper() or name.endswith("_t"):
                continue  # macros and types of C libraries are named by others
            parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
            for part in parts:
                if part.lower() in words:
                    found.append(f"{path}:{number}: `{name}`: not `{part.lower()}` but {words[part.lower()]}")
    return found


_OPENS_A_SCOPE = re.compile(
    r"^\s*(?:(?:public|private|protected)\s*:\s*)?(?:template\s*)?(?:inline\s+|typedef\s+|constexpr\s+)*"
    r"(?:namespace|class|struct|union|enum)\b")
_MEMBER_INITIALISERS = re.compile(r"\)\s*(?:noexcept(?:\([^()]*\))?)?\s*:(?!:).*[\w>]\s*$", re.DOTALL)


def is_scope(head):
    """A namespace or a type, or an initialiser without a parameter list: not a function."""
    if "(" not in head:
        return True
    plain, before = head.replace("->", "  "), None
    while plain != before:  # template arguments may hold `class` and nest
        plain, before = re.sub(r"<[^<>]*>", " ", plain), plain
    return bool(_OPENS_A_SCOPE.search(plain))


def name_of(head):
    test = re.search(r"\b((?:TYPED_)?TEST(?:_[FP])?|RC_GTEST_\w+|BENCHMARK\w*)\s*\(\s*(\w+)\s*(?:,\s*(\w+))?", head)
    if test:
        return ".".join(part for part in test.group(2, 3) if part)
    named = re.search(r"([\w:~]+|operator\s*[^\s(]+|operator\s*\(\s*\))\s*\(", head)
    return named.group(1) if named else "?"


def cpp_functions(code):
    """[(name, first line, lines)] by brace matching: good to a line for code that clang-format has seen."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda match: re.sub(r"[^\n]", " ", match.group(0)), code, flags=re.MULTILINE)
    found, stack, head_start, parentheses = [], [], 0, 0
    for position, character in enumerate(code):
        if character == "(":
            parentheses += 1
        elif character == ")":
            parentheses -= 1
        elif character == "{":
            head = code[head_start:position]
            if any(kind == "function" for kind, _, _ in stack):
                kind = "block"
            elif parentheses > 0 or _MEMBER_INITIALISERS.search(head):
                kind = "member"  # braces within a head: default arguments, member initialisers
            elif is_scope(head):
                kind = "scope"
            else:
                kind = "function"
            stack.append((kind, head_start, parentheses))
            parentheses = 0
            if kind != "member":
                head_start = position + 1
        elif character == "}" and stack:
            kind, start, parentheses = stack.pop()
            if kind == "function":
                text = code[start:position]
                begin = start + re.match(r"(?:\s|(?:public|private|protected)\s*:)*", text).end()
                first = code.count("\n", 0, begin) + 1
                found.append((name_of(code[start:position].split("{", 1)[0]), first, code.count("\n", 0, position) + 2 - first))
            if kind != "member":
                head_start = position + 1
        elif character == ";" and parentheses == 0:
            head_start = position + 1
    return found


def python_functions(text):
    return [(node.name, node.lineno, node.end_lineno - node.lineno + 1)
            for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def measure(path, text):
    """What is over a limit: ({path: lines}, {path: {function: (lines, first line)}})."""
    files, functions = {}, {}
    lines = text.count("\n") + (0 if text.endswith("\n") or not text else 1)
    if lines > FILE_LINES_MAX:
        files[path] = lines
    suffix = pathlib.PurePath(path).suffix
    found = []
    if suffix in (".h", ".cc") and path not in FLAT_PAGES:
        found = cpp_functions(without_comments_and_literals(text))
    elif suffix == ".py":
        found = python_functions(text)
    for name, first, length in found:
        if length > FUNCTION_LINES_MAX:
            # Two functions of one name: the longer one stands for both.
            known = functions.setdefault(path, {}).get(name, (0, first))
            functions[path][name] = max(known, (length, first))
    return files, functions


def compare_with_ratchet(files, functions, ratchet):
    """Violations: new offenders, grown ones, and records that have become generous."""
    found = []
    known_files, known_functions = ratchet.get("files", {}), ratchet.get("functions", {})
    for path, lines in files.items():
        limit = known_files.get(path, FILE_LINES_MAX)
        if lines > limit:
            found.append(f"{path}:1: {lines} lines, at most {limit}")
    for path, names in functions.items():
        for name, (lines, first) in names.items():
            limit = known_functions.get(path, {}).get(name, FUNCTION_LINES_MAX)
            if lines > limit:
                found.append(f"{path}:{first}: {name} has {lines} lines, at most {limit}")
    shrunk = "has shrunk: record it with tools/check_style.py --update"
    for path, lines in known_files.items():
        if files.get(path, 0) < lines:
            found.append(f"{path}:1: {shrunk}")
    for path, names in known_functions.items():
        for name, lines in names.items():
            if functions.get(path, {}).get(name, (0, 1))[0] < lines:
                found.append(f"{path}:1: {name} {shrunk}")
    return found


def next_ratchet(files, functions, ratchet, accept):
    """The ratchet after --update (only down) or --accept (also new offenders)."""
    def lower(measured, known):
        if known is None:
            return measured if accept else None
        return measured if accept else min(measured, known)

    kept = {"files": {}, "functions": {}}
    for path, lines in sorted(files.items()):
        value = lower(lines, ratchet.get("files", {}).get(path))
        if value:
            kept["files"][path] = value
    for path, names in sorted(functions.items()):
        for name, (lines, _) in sorted(names.items()):
            value = lower(lines, ratchet.get("functions", {}).get(path, {}).get(name))
            if value:
                kept["functions"].setdefault(path, {})[name] = value
    return kept


def check(root):
    """(violations without sizes, files over the limit, functions over the limit)."""
    root = pathlib.Path(root)
    words = banned_words(root)
    found, files, functions = [], {}, {}
    cpp = set(cpp_files(root))
    for relative in files_below(root, TEXT_SUFFIXES):
        path, text = relative.as_posix(), (root / relative).read_text(encoding="utf-8")
        found += check_text(path, text)
        if relative in cpp:
            code = without_comments_and_literals(text)
            found += check_header(path, text) if relative.suffix == ".h" else []
            found += check_calls(path, code) + check_words(path, code, words)
        if relative.suffix in SIZED_SUFFIXES:
            long_files, long_functions = measure(path, text)
            files.update(long_files)
            functions.update(long_functions)
    return found, files, functions


def main():
    options = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    places = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if options - {"--update", "--accept"} or len(places) > 1:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    root = pathlib.Path(places[0]) if places else pathlib.Path(__file__).resolve().parent.parent
    ratchet_path = root / RATCHET
    ratchet = json.loads(ratchet_path.read_text()) if ratchet_path.exists() else {}
    found, files, functions = check(root)
    if options:
        ratchet = next_ratchet(files, functions, ratchet, "--accept" in options)
        ratchet_path.write_text(json.dumps(ratchet, indent=2, sort_keys=True) + "\n")
    found += compare_with_ratchet(files, functions, ratchet)
    for line in found:
        print(line)
    print(f"check_style: {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
