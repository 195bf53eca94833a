#!/usr/bin/env python3
"""Plants bugs in a copy of the sources, one at a time, and lets simulated months look for each.

usage: mutation_test.py [--work DIR] [--seeds N] [--jobs N] [--only TEXT]

The bugs are in tools/mutations.toml. For each: the text is replaced in the copy, the simulation program is built again, and runs seed by
seed until a checker finds something. Prints one line per bug: who found it, at which seed, after how long; exits 1 if one was missed,
did not build, or if its text is no longer there. The sources themselves are never touched. Takes some ten minutes; not part of test.sh.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIMULATION_SECONDS_MAX = 300


def copy_sources(work):
    """What git knows, and what is changed and not yet committed; files that did not change keep their times, so nothing is built again."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        source, target = ROOT / name, work / name
        if not source.is_file():
            continue
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def build(work, jobs):
    """None, or the end of what the compiler said."""
    done = subprocess.run(["ninja", "-C", str(work / "build"), f"-j{jobs}", "simulation"], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout[-2000:]


def simulate(work, seeds):
    """(first finding or None, seconds). A process that dies has found something too: a broken invariant."""
    begin = time.monotonic()
    try:
        done = subprocess.run([str(work / "build/tests/simulation"), "--seeds", str(seeds), "--quiet"], capture_output=True, text=True, timeout=SIMULATION_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None, time.monotonic() - begin
    seconds = time.monotonic() - begin
    if done.returncode == 0:
        return None, seconds
    if done.returncode != 1:
        return (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1], seconds
    seed = re.search(r"^seed (\d+)", done.stdout, re.MULTILINE)
    finding = re.search(r"^  (\S+): (.*)$", done.stdout, re.MULTILINE)
    return f"{finding[1]} at seed {seed[1]}: {finding[2]}", seconds


def judge(mutation, work, arguments):
    """(was it found, the line to print)."""
    path = work / mutation["file"]
    text = path.read_text(encoding="utf-8")
    if text.count(mutation["old"]) != 1:
        return False, f"STALE    the text stands {text.count(mutation['old'])} times in {mutation['file']}"
    path.write_text(text.replace(mutation["old"], mutation["new"]), encoding="utf-8")
    try:
        problem = build(work, arguments.jobs)
        if problem:
            return False, "NO BUILD\n" + problem
        finding, seconds = simulate(work, arguments.seeds)
    finally:
        path.write_text(text, encoding="utf-8")
    return (True, f"found    {seconds:6.1f} s  {finding[:110]}") if finding else (False, f"MISSED   {seconds:6.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", help="a directory to keep the copy and its build in; default: one that is thrown away")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="bugs whose name has this text")
    arguments = parser.parse_args()
    mutations = tomllib.loads((ROOT / "tools/mutations.toml").read_text(encoding="utf-8"))["mutation"]
    with tempfile.TemporaryDirectory() as thrown_away:
        work = pathlib.Path(arguments.work or thrown_away).resolve()
        work.mkdir(parents=True, exist_ok=True)
        copy_sources(work)
        subprocess.run(["cmake", "-S", str(work), "-B", str(work / "build"), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O1"], check=True, capture_output=True)
        problem = build(work, arguments.jobs)
        if problem:
            sys.exit("the sources do not build as they are:\n" + problem)
        finding, seconds = simulate(work, arguments.seeds)
        if finding:
            sys.exit(f"the sources as they are: {finding}")
        print(f"as it is: nothing found in {arguments.seeds} months, {seconds:.0f} s", flush=True)
        missed = 0
        for mutation in mutations:
            if arguments.only not in mutation["name"]:
                continue
            is_found, line = judge(mutation, work, arguments)
            missed += not is_found
            print(f"{mutation['name']:<70} {line}", flush=True)
        print(f"{missed} missed" if missed else "all found")
        return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
