/// ledger_cases FILE…: compares core's caps with the oracle's answers, every field of every query.
/// A FILE that is not there is also looked for under $TAKT_SHARED/oracle (default ../shared/oracle).
/// Exit: 0 all equal, 1 some differ, 2 unreadable, 77 absent (ctest: skipped).
#include "tests/support/oracle_case.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace {

constexpr int differences_shown_max = 20;
constexpr int exit_absent = 77;

struct Totals {
  int queries = 0;
  int differ = 0;
};

std::string located(const std::string& file) {
  if (std::filesystem::exists(file)) return file;
  const char* shared = std::getenv("TAKT_SHARED");
  return (std::filesystem::path(shared == nullptr ? "../shared" : shared) / "oracle" / file).string();
}

/// `rules` compare as a set: both sides sorted.
nlohmann::json sorted(nlohmann::json expect) {
  std::sort(expect["rules"].begin(), expect["rules"].end());
  return expect;
}

void compare(const takt::tests::OracleReader& reader, const takt::tests::OracleCase& asked, const std::string& path, Totals& totals) {
  for (std::size_t number = 0; number < asked.queries.size(); ++number) {
    const auto& query = asked.queries[number];
    const nlohmann::json got = reader.evaluate(asked, query);
    const nlohmann::json want = sorted(query.expect);
    ++totals.queries;
    if (got == want) continue;
    if (++totals.differ > differences_shown_max) continue;
    for (const auto& [field, value] : got.items())
      if (!want.contains(field) || want[field] != value)
        std::printf("%s: %s query %zu: %s: expected %s, got %s\n", path.c_str(), asked.id.c_str(), number, field.c_str(),
                    want.contains(field) ? want[field].dump().c_str() : "nothing", value.dump().c_str());
  }
}

/// 0, or the exit code of a file that cannot be read.
int run(const std::string& file, Totals& totals) {
  const std::string path = located(file);
  if (!std::filesystem::exists(path)) {
    std::printf("SKIPPED: %s is not there (set TAKT_SHARED to the folder that has oracle/)\n", path.c_str());
    return exit_absent;
  }
  takt::tests::OracleReader reader;
  const auto cases = reader.read(path);
  if (!cases) {
    std::fprintf(stderr, "%s\n", cases.error().message.c_str());
    return 2;
  }
  const Totals before = totals;
  for (const auto& asked : *cases) compare(reader, asked, path, totals);
  std::printf("%s: %zu cases, %d queries, %d differ\n", path.c_str(), cases->size(), totals.queries - before.queries, totals.differ - before.differ);
  return 0;
}

} // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: ledger_cases FILE...\n");
    return 2;
  }
  Totals totals;
  int worst = 0;
  for (int i = 1; i < count; ++i) worst = std::max(worst, run(arguments[i], totals));
  std::printf("%d queries, %d differ\n", totals.queries, totals.differ);
  return worst != 0 ? worst : totals.differ == 0 ? 0 : 1;
}
