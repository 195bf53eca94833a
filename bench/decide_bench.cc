// Whole decisions in process, through the store: resolve, read, ten stages, one write. Percentiles over single decisions, because
// a mean hides what a visitor feels. Tables against catalogue size and ledger length. TAKT_BENCH_DIR chooses RocksDB's directory.
#include "bench/bench_world.h"
#include "core/limits.h"
#include "core/random.h"
#include "core/record_codec.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace takt::bench {
namespace {

std::string bench_directory() {
  const char* configured = std::getenv("TAKT_BENCH_DIR");
  return (configured ? std::string(configured) : (std::filesystem::temp_directory_path() / "takt-bench").string()) + "/decide";
}

/// Bytes this process wrote to files since it began (Linux: /proc/self/io): the write-ahead log, and what leaves full memtables and compactions,
/// of which most is what was written before the run where there are many customers.
std::uint64_t io_counter(const char* name) {
  std::ifstream io("/proc/self/io");
  std::string key;
  std::uint64_t value = 0;
  while (io >> key >> value)
    if (key == std::string(name) + ":") return value;
  return 0;
}

double percentile(std::vector<double>& sorted, double p) { return sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))]; }

/// What one decision hands to the store: its log entry, its journal entry with the keys of both, and its share of a snapshot.
std::size_t bytes_handed_over(Store& store, const Decision& decision) {
  constexpr std::size_t key_bytes = 16;
  const auto logged = store.decisions().find(decision.id);
  const RecordPtr record = store.records().read(decision.customer, {}).value();
  std::size_t bytes = encode_decision(logged->value()).size() + key_bytes + encode_record(*record).size() / limits::snapshot_every;
  const Status scanned = store.journal().scan(decision.customer, decision.record_version, [&](const JournalEntry& entry) {
    if (entry.commit.bytes == decision.id.bytes) bytes += encode_journal_entry(entry).size() + key_bytes;
    return entry.commit.bytes != decision.id.bytes;
  });
  return scanned ? bytes : 0;
}

void decide_whole(benchmark::State& state) {
  const WorldSize size{.items = static_cast<std::size_t>(state.range(0)), .customers = static_cast<std::size_t>(state.range(1)),
                       .exposures = static_cast<std::size_t>(state.range(2)), .directory = bench_directory()};
  BenchWorld made = make_bench_world(size);
  const SteadyClock clock;
  Random random(5);
  std::vector<double> micros;
  struct StageSum { double micros = 0; std::size_t out = 0; };
  std::map<Stage, StageSum> stages; // with every visitor's own misses, unlike stages_bench
  double score = 0;
  std::size_t shown = 0, degraded = 0;
  std::vector<Decision> sample; // 500, spread over the run
  std::uint64_t seed = 1;
  for (int warm = 0; warm < 2000; ++warm) static_cast<void>(decide(*made.store, *made.world, made.request_of(random.below(made.customers), seed++), clock, {}));
  const std::uint64_t written_before = io_counter("wchar"), device_before = io_counter("write_bytes");
  for (auto _ : state) {
    const DecisionRequest request = made.request_of(random.below(made.customers), seed++);
    const auto begin = std::chrono::steady_clock::now();
    auto decision = decide(*made.store, *made.world, request, clock, {});
    micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
    shown += decision->placements.front().choices.size();
    for (const StageTiming& timing : decision->placements.front().funnel) {
      stages[timing.stage].micros += static_cast<double>(timing.nanos) / 1e3;
      stages[timing.stage].out += timing.out;
    }
    for (const Choice& choice : decision->placements.front().choices) score += choice.score;
    degraded += decision->degraded.size();
    if (micros.size() % 40 == 0) sample.push_back(std::move(*decision));
  }
  static_cast<void>(made.store->records().sync());
  const auto decisions = static_cast<double>(micros.size());
  state.counters["file_bytes_per_decision"] = static_cast<double>(io_counter("wchar") - written_before) / decisions;
  state.counters["device_bytes_per_decision"] = static_cast<double>(io_counter("write_bytes") - device_before) / decisions;
  std::size_t handed = 0;
  for (const Decision& decision : sample) handed += bytes_handed_over(*made.store, decision);
  state.counters["store_bytes_per_decision"] = static_cast<double>(handed) / static_cast<double>(sample.size());
  std::sort(micros.begin(), micros.end());
  state.counters["p50_us"] = percentile(micros, 0.50);
  state.counters["p99_us"] = percentile(micros, 0.99);
  state.counters["p999_us"] = percentile(micros, 0.999);
  state.counters["items_per_slate"] = static_cast<double>(shown) / decisions;
  for (const auto& [stage, sum] : stages) {
    state.counters[std::string(to_text(stage)) + "_us"] = sum.micros / decisions;
    if (sum.out > 0) state.counters[std::string(to_text(stage)) + "_out"] = static_cast<double>(sum.out) / decisions;
  }
  state.counters["score_per_slate"] = score / decisions; // what a smaller pool of candidates would cost
  state.counters["degraded"] = static_cast<double>(degraded);
}

BENCHMARK(decide_whole)->ArgNames({"items", "customers", "exposures"})
    ->Args({1'000, 1'000, 200})->Args({10'000, 1'000, 200})->Args({100'000, 1'000, 200})->Args({1'000'000, 1'000, 200})
    ->Args({100'000, 1'000, 10})->Args({100'000, 1'000, 100})->Args({100'000, 1'000, 1'000})->Args({100'000, 200, 4'000})
    ->Args({100'000, 20'000, 200})->Args({100'000, 100'000, 200})->Iterations(20'000)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace takt::bench

BENCHMARK_MAIN();
