#!/usr/bin/env python3
"""Includes point down, and each foreign library has one home. See docs/architecture.md.

usage: check_layers.py [ROOT]

Prints one line per violation, `file:line: what`, and exits 1 if there is one.
"""
import pathlib
import re
import sys

from source_tree import SOURCE_FOLDERS, cpp_files

EVERYTHING = set(SOURCE_FOLDERS)
MAY_INCLUDE = {
    "core": {"core"},
    "store": {"store", "core"},
    "features": {"features", "core"},
    "experiments": {"experiments", "core"},
    "engine": {"engine", "store", "features", "experiments", "core"},
    "api": {"api", "engine", "store", "features", "experiments", "core"},
    "bench": EVERYTHING,
    "tests": EVERYTHING,
    "tools": EVERYTHING,
}

# An include that starts like this → where it may stand: a file, or a folder that ends in "/".
HOMES = {
    "httplib.h": ("api/server.cc", "api/client.cc", "api/front/library_server.h", "api/front/library_server.cc", "tests/", "bench/"),
    "nlohmann/": ("api/", "engine/artefact.cc", "engine/erase.cc", "tests/", "bench/", "tools/"),
    "simdjson": ("api/json/", "tests/", "bench/"),
    "Eigen/": ("features/", "engine/", "tests/", "bench/"),
    "faiss/": ("engine/index/", "bench/index_bench.cc"),
    "rocksdb/": ("store/rocksdb/",),
    "date/": ("core/zone.cc",),
    "boost/math": ("experiments/", "tests/", "bench/"),
    "xxhash": ("core/hash.cc",),
    "CLI/": ("api/", "bench/", "tests/"),
    "toml++/": ("api/",),
    "spdlog/": ("api/",),
    "prometheus/": ("api/",),
    "openssl/": ("api/", "engine/artefact.cc"),
    "gtest/": ("tests/",),
    "gmock/": ("tests/",),
    "rapidcheck": ("tests/",),
    "benchmark/": ("bench/",),
}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def stands_in(path, homes):
    return any(path == home or (home.endswith("/") and path.startswith(home)) for home in homes)


def violation_of(path, quote, target):
    """Why this include must not stand in this file, or None."""
    folder = path.split("/", 1)[0]
    for prefix, homes in HOMES.items():
        if target.startswith(prefix):
            return None if stands_in(path, homes) else f"<{target}> has its home in {', '.join(homes)}"
    target_folder = target.split("/", 1)[0]
    if target_folder in MAY_INCLUDE and "/" in target:
        if target_folder not in MAY_INCLUDE[folder]:
            return f"{folder}/ must not know {target_folder}/ ({target})"
        return None
    if quote == '"':
        return f'"{target}": write the path from the root of the repository'
    if target.startswith(("..", "./")):
        return f"<{target}>: no relative includes"
    return None


def check(root):
    """All violations below root, as text, in file order."""
    found = []
    for relative in cpp_files(root):
        path = relative.as_posix()
        text = (pathlib.Path(root) / relative).read_text(encoding="utf-8")
        for match in _INCLUDE.finditer(text):
            why = violation_of(path, match.group(1), match.group(2))
            if why:
                found.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {why}")
    return found


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = check(root)
    for line in found:
        print(line)
    print(f"check_layers: {len(cpp_files(root))} files, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
