"""A planted violation of the picture in docs/architecture.md is seen; the real tree has none."""
import pathlib
import tempfile
import unittest

import case_report
import check_layers


def violations(files):
    with tempfile.TemporaryDirectory() as directory:
        for path, text in files.items():
            file = pathlib.Path(directory, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return check_layers.check(directory)


class CheckLayers(unittest.TestCase):
    def test_the_real_tree_has_no_violation(self):
        self.assertEqual(check_layers.check(case_report.ROOT), [])

    def test_includes_that_point_down_are_fine(self):
        self.assertEqual(violations({
            "api/main.cc": '#include "engine/decide.h"\n#include "core/id.h"\n#include <vector>\n',
            "engine/decide.cc": '#include "engine/decide.h"\n#include "store/store.h"\n#include "features/x.h"\n',
            "tests/unit/x_test.cc": '#include "api/server.h"\n#include <httplib.h>\n#include <gtest/gtest.h>\n',
        }), [])

    def test_an_include_upwards_is_seen_with_file_and_line(self):
        found = violations({"core/time.h": '#pragma once\n#include <chrono>\n#include "engine/decide.h"\n'})
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].startswith("core/time.h:3: core/ must not know engine/"), found[0])

    def test_the_three_in_the_middle_do_not_know_each_other(self):
        for folder in ("store", "features", "experiments"):
            for other in {"store", "features", "experiments"} - {folder}:
                with self.subTest(folder=folder, other=other):
                    self.assertEqual(len(violations({f"{folder}/a.h": f'#include "{other}/b.h"\n'})), 1)

    def test_nothing_looks_at_tests_bench_or_tools(self):
        for folder in ("tests", "bench", "tools"):
            with self.subTest(folder=folder):
                self.assertEqual(len(violations({"api/a.cc": f'#include "{folder}/b.h"\n'})), 1)

    def test_a_library_outside_its_home_is_seen(self):
        for path, include in [("api/routes/decide.cc", "<httplib.h>"), ("engine/a.cc", "<nlohmann/json.hpp>"), ("engine/stage/a.cc", "<faiss/Index.h>"),
                              ("core/a.cc", "<Eigen/Dense>"), ("store/memory/a.cc", "<rocksdb/db.h>"), ("core/time.cc", "<date/tz.h>"),
                              ("engine/a.cc", "<boost/math/distributions/normal.hpp>"), ("api/wire.cc", "<simdjson.h>")]:
            with self.subTest(path=path, include=include):
                self.assertEqual(len(violations({path: f"#include {include}\n"})), 1)

    def test_a_library_at_home_is_fine(self):
        for path, include in [("api/server.cc", "<httplib.h>"), ("api/client.cc", '"httplib.h"'), ("api/json/item.cc", "<nlohmann/json.hpp>"),
                              ("engine/index/faiss_index.cc", "<faiss/IndexIVFFlat.h>"), ("store/rocksdb/rocksdb_store.cc", "<rocksdb/db.h>"),
                              ("core/zone.cc", "<date/tz.h>"), ("api/json/reader.cc", "<simdjson.h>"), ("features/row.h", "<Eigen/Core>")]:
            with self.subTest(path=path, include=include):
                self.assertEqual(violations({path: f"#include {include}\n"}), [])

    def test_includes_are_written_from_the_root(self):
        self.assertEqual(len(violations({"core/a.cc": '#include "id.h"\n'})), 1)
        self.assertEqual(len(violations({"engine/stage/a.cc": '#include "../decide.h"\n'})), 1)

    def test_odd_spelling_does_not_hide_an_include(self):
        self.assertEqual(len(violations({"core/a.cc": '  #  include<rocksdb/db.h>\n'})), 1)


if __name__ == "__main__":
    case_report.main()
