// The cap core alone: 20 rules over a ledger of n exposures, 200 candidates; from the encoded record (cold) and from the decoded
// one (cached). The blocked count is printed: a fast wrong answer shows.
#include "bench/bench_world.h"
#include "core/record_codec.h"
#include "engine/stage/stages.h"

#include <benchmark/benchmark.h>

namespace takt::bench {
namespace {

struct CapSetup {
  BenchWorld made;
  CustomerRecord record;
  std::string bytes;
  std::vector<LabelSet> candidates;
};

CapSetup make_setup(std::size_t exposures, std::size_t rules_count = 20, std::size_t candidates_count = 200) {
  CapSetup setup{make_bench_world({.items = 2'000, .customers = 0, .exposures = 0, .rules = rules_count}), {}, {}, {}};
  setup.record = make_record(*setup.made.world, CustomerId{42}, exposures, setup.made.now, 3);
  setup.bytes = encode_record(setup.record);
  const PlacementRules& rules = *setup.made.world->rulebook->find("home.hero");
  for (std::size_t i = 0; i < candidates_count; ++i) setup.candidates.push_back(labels_at(setup.made.world->catalogue->at(static_cast<ItemIndex>(i * 7 % 2'000)), rules));
  return setup;
}

std::size_t count_blocked(const CapSetup& setup, const CustomerRecord& record) {
  const CapView view(record.ledger, setup.made.world->policy().caps, record.session_state(), setup.made.now);
  if (view.gains_from_expecting(setup.candidates.size()))
    for (const LabelSet& labels : setup.candidates) view.expect(labels);
  std::size_t blocked = 0;
  for (const LabelSet& labels : setup.candidates) blocked += view.blocks({&labels, {}}) ? 1 : 0;
  return blocked;
}

void caps_cached(benchmark::State& state) {
  const CapSetup setup = make_setup(static_cast<std::size_t>(state.range(0)));
  std::size_t blocked = 0;
  for (auto _ : state) benchmark::DoNotOptimize(blocked = count_blocked(setup, setup.record));
  state.counters["blocked"] = static_cast<double>(blocked);
  state.counters["record_bytes"] = static_cast<double>(setup.bytes.size());
}

void caps_cold(benchmark::State& state) {
  const CapSetup setup = make_setup(static_cast<std::size_t>(state.range(0)));
  std::size_t blocked = 0;
  for (auto _ : state) {
    const auto record = decode_record(setup.bytes);
    benchmark::DoNotOptimize(blocked = count_blocked(setup, *record));
  }
  state.counters["blocked"] = static_cast<double>(blocked);
}

/// rules, candidates, cold or cached: over 1,000 exposures.
void caps_of_a_thousand(benchmark::State& state) {
  const CapSetup setup = make_setup(1'000, static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  std::size_t blocked = 0;
  for (auto _ : state) {
    if (state.range(2) == 0) {
      benchmark::DoNotOptimize(blocked = count_blocked(setup, setup.record));
      continue;
    }
    const auto record = decode_record(setup.bytes);
    benchmark::DoNotOptimize(blocked = count_blocked(setup, *record));
  }
  state.counters["blocked"] = static_cast<double>(blocked);
}

void record_decode(benchmark::State& state) {
  const CapSetup setup = make_setup(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(decode_record(setup.bytes));
  state.counters["record_bytes"] = static_cast<double>(setup.bytes.size());
}

BENCHMARK(caps_cached)->Arg(10)->Arg(100)->Arg(200)->Arg(1000)->Arg(4000)->Unit(benchmark::kMicrosecond);
BENCHMARK(caps_of_a_thousand)->ArgNames({"rules", "candidates", "cold"})->Args({20, 1000, 1})->Args({20, 1000, 0})->Args({50, 200, 0})->Args({50, 200, 1})->Unit(benchmark::kMicrosecond);
BENCHMARK(caps_cold)->Arg(10)->Arg(100)->Arg(200)->Arg(1000)->Arg(4000)->Unit(benchmark::kMicrosecond);
BENCHMARK(record_decode)->Arg(10)->Arg(100)->Arg(200)->Arg(1000)->Arg(4000)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace takt::bench

BENCHMARK_MAIN();
