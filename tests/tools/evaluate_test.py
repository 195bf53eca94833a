#!/usr/bin/env python3
"""takt evaluate and takt evaluate-sessions: by hand on small files; on the public data sets against numpy and the promised figures.
Usage: evaluate_test.py TAKT_PROGRAM"""
import csv
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import case_report

sys.path.insert(0, str(case_report.ROOT / "tools" / "datasets"))
import takt_ndjson  # noqa: E402

PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
TRAIN = """customer_id,item_id,timestamp,event
ann,apple,2026-01-01T10:00:00Z,purchase
ann,bread,2026-01-01T10:00:00Z,purchase
ben,apple,2026-01-02T10:00:00Z,purchase
ben,corn,2026-01-02T10:00:00Z,purchase
cat,apple,2026-01-03T10:00:00Z,purchase
cat,bread,2026-01-03T10:00:00Z,purchase
cat,"dill, fresh",2026-01-04T10:00:00Z,view
"""
# ann: corn (third of two unmasked) and something unknown; ben: bread; cat: only what she had; eve: a stranger.
TEST = """customer_id,item_id
ann,corn
ann,zucchini
ann,apple
ben,bread
cat,apple
eve,apple
"""


def run(*arguments, stdin=None, cwd=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, check=False)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        (self.path / name).write_text(text, newline="")
        return self.path / name

    def json(self, *arguments, stdin=None):
        ended = run(*arguments, "--json", stdin=stdin, cwd=self.path)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return json.loads(ended.stdout)

    def error(self, *arguments, code=1):
        ended = run(*arguments, cwd=self.path)
        self.assertEqual((ended.returncode, ended.stdout), (code, b""), ended.stderr)
        return ended.stderr.decode()


class ByHand(Files):
    def test_metrics_are_those_of_the_contract(self):
        train, test = self.write("train.csv", TRAIN), self.write("test.csv", TEST)
        found = self.json("evaluate", "--train", train, "--test", test, "--methods", "popular", "--at", "1,2")
        self.assertEqual((found["customers"], found["items"]), (2, 4))
        popular = found["methods"]["popular"]
        # popular: apple 3, bread 2, corn 1, dill 0.2. ann is offered corn, dill; ben is offered bread, dill.
        self.assertAlmostEqual(popular["recall@1"], (1 / 2 + 1) / 2)
        self.assertAlmostEqual(popular["recall@2"], (1 / 2 + 1) / 2)
        self.assertAlmostEqual(popular["ndcg@1"], 1)
        self.assertAlmostEqual(popular["ndcg@2"], (1 / (1 + 1 / 1.5849625007211562) + 1) / 2)
        self.assertEqual((popular["hr@1"], popular["mrr@2"]), (1, 1))
        self.assertLessEqual({"train_seconds", "queries_per_second"}, set(popular))
        kept = self.json("evaluate", "--train", train, "--test", test, "--methods", "popular", "--at", "1", "--keep-seen")
        self.assertEqual(kept["customers"], 3)  # cat counts too, and apple is first
        self.assertAlmostEqual(kept["methods"]["popular"]["recall@1"], (1 / 3 + 0 + 1) / 3)
        self.assertEqual(sorted(path.name for path in self.path.iterdir()), ["test.csv", "train.csv"])  # no data directory

    def test_all_methods_answer_and_no_number_of_threads_changes_them(self):
        train, test, items = self.write("train.csv", TRAIN), self.write("test.csv", TEST), self.write("items.csv", 'item_id,text\napple,red fruit\ncorn,Yellow fruit\n')
        one, two = (self.json("evaluate", "--train", train, "--test", test, "--items", items, "--threads", threads) for threads in (1, 2))
        self.assertEqual(list(one["methods"]), ["popular", "trending", "item-knn", "ease", "ials", "session-knn", "markov", "content", "blend"])
        for result in (one, two):
            for method in result["methods"].values():
                del method["train_seconds"], method["queries_per_second"]
        self.assertEqual(one, two)

    def test_sessions(self):
        train = self.write("train.csv", "session_id,item_id\n" + "".join(f"{s},{i}\n" for s in range(5) for i in ("a", "b", "c")))
        test = self.write("test.csv", "prefix,target\na,b\na b,c\nunknown,nowhere\n")
        found = self.json("evaluate-sessions", "--train", train, "--test", test, "--at", "1", "--methods", "markov,session-knn")
        for method in found["methods"].values():
            self.assertAlmostEqual(method["hr@1"], 2 / 3)
            self.assertAlmostEqual(method["mrr@1"], 2 / 3)
        table = run("evaluate-sessions", "--train", train, "--test", test).stdout.decode()
        self.assertIn("3 prefixes, 3 items", table)

    def test_input_may_be_packed_or_piped(self):
        train, test = self.write("train.csv", TRAIN), self.write("test.csv", TEST)
        (self.path / "train.csv.gz").write_bytes(gzip.compress(TRAIN.encode()))
        arguments = ("--methods", "popular,ease", "--at", "2")
        results = [self.json("evaluate", "--train", train, "--test", test, *arguments),
                   self.json("evaluate", "--train", self.path / "train.csv.gz", "--test", test, *arguments),
                   self.json("evaluate", "--train", "-", "--test", test, *arguments, stdin=TRAIN.replace("\n", "\r\n").encode())]
        recalls = {json.dumps({name: method["recall@2"] for name, method in result["methods"].items()}) for result in results}
        self.assertEqual(len(recalls), 1)

    def test_bad_files_are_refused_with_the_line(self):
        test = self.write("test.csv", TEST)
        for text, why in [("", "line 0: the file is empty"), ("customer_id,price\n", "line 1: unknown column 'price'"), ("customer_id\n", "no column 'item_id'"),
                          ("customer_id,item_id\na,b\na\n", "line 3: 1 fields; the header has 2"), ('customer_id,item_id\na,"b\n', "line 2: a quoted field"),
                          ("customer_id,item_id\n,b\n", "line 2: no customer_id"), ("customer_id,item_id,timestamp\na,b,yesterday\n", "line 2: 'yesterday'"),
                          ("customer_id,item_id,item_id\n", "'item_id' twice"), ("customer_id,item_id\n", "nothing to evaluate")]:
            with self.subTest(text=text):
                self.assertIn(why, self.error("evaluate", "--train", self.write("train.csv", text), "--test", test))
        self.assertIn("missing.csv", self.error("evaluate", "--train", "missing.csv", "--test", test))

    def test_wrong_usage(self):
        train, test = self.write("train.csv", TRAIN), self.write("test.csv", TEST)
        for arguments in (["--methods", "magic"], ["--at", "0"], ["--methods", "content"], ["--at", "many"], ["--nonsense"]):
            self.error("evaluate", "--train", train, "--test", test, *arguments, code=2)
        self.error("evaluate", "--train", train, code=2)
        self.error("evaluate", "--train", "-", "--test", "-", code=2)


class RealFiles(Files):
    """Measured on the complete sets; what is promised has room for the cuts of them that are passed around."""

    def convert(self, data_set, folder):
        if not (takt_ndjson.shared_data() / folder).is_dir():
            self.skipTest(f"the public data set {folder} is not below $TAKT_SHARED/data (docs/datasets.md says where to get it)")
        subprocess.run([sys.executable, case_report.ROOT / "tools" / "datasets" / "evaluation_csv.py", data_set, self.path], check=True, capture_output=True)
        return ["--train", self.path / "train.csv", "--test", self.path / "test.csv"]

    def test_online_retail(self):
        files = self.convert("online-retail", "online_retail")
        methods = self.json("evaluate", *files, "--at", "20")["methods"]
        recalls = {name: method["recall@20"] for name, method in methods.items()}
        blend = recalls.pop("blend")
        self.assertGreaterEqual(blend, max(recalls.values()))
        self.assertGreaterEqual(blend, 2.8 * recalls["popular"])

    def test_ease_is_the_dense_computation(self):
        """EASE as in the paper, dense, on the same files."""
        try:
            import numpy
        except ImportError:
            self.skipTest("the oracle needs numpy (Debian: python3-numpy)")
        files = self.convert("online-retail", "online_retail")
        recall = self.json("evaluate", *files, "--methods", "ease", "--at", "20")["methods"]["ease"]["recall@20"]
        rows = {name: [(row["customer_id"], row["item_id"]) for row in csv.DictReader(open(self.path / f"{name}.csv", encoding="utf-8"))] for name in ("train", "test")}
        customers = {name: i for i, name in enumerate(sorted({row[0] for row in rows["train"]}))}
        items = {name: i for i, name in enumerate(sorted({row[1] for row in rows["train"]}))}
        seen = numpy.zeros((len(customers), len(items)))
        for customer, item in rows["train"]:
            seen[customers[customer], items[item]] = 1
        inverse = numpy.linalg.inv(seen.T @ seen + 200 * numpy.eye(len(items)))
        weights = -inverse / numpy.diag(inverse)
        numpy.fill_diagonal(weights, 0)
        wanted = {}
        for customer, item in rows["test"]:
            if customer in customers and not (item in items and seen[customers[customer], items[item]]):
                wanted.setdefault(customers[customer], set()).add(items.get(item, item))
        total = 0
        for customer, future in wanted.items():
            scores = seen[customer] @ weights
            scores[seen[customer] > 0] = -numpy.inf
            total += len(set(numpy.argsort(-scores, kind="stable")[:20].tolist()) & future) / len(future)
        self.assertAlmostEqual(recall, total / len(wanted), delta=0.02 * total / len(wanted))

    def test_eshop_sessions(self):
        files = self.convert("eshop", "eshop_clothing_2008")
        methods = self.json("evaluate-sessions", *files)["methods"]
        self.assertGreater(methods["session-knn"]["hr@20"], methods["markov"]["hr@20"])
        self.assertGreaterEqual(methods["blend"]["hr@20"], 0.99 * max(method["hr@20"] for method in methods.values()))
        self.assertGreater(methods["blend"]["mrr@20"], methods["popular"]["mrr@20"])


if __name__ == "__main__":
    case_report.main()
