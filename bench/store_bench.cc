// The store: commits (WAL, and waiting for the device from many threads), reads from the cache and cold.
#include "bench/bench_world.h"
#include "core/hash.h"

#include <atomic>
#include <benchmark/benchmark.h>
#include <filesystem>

namespace takt::bench {
namespace {

std::unique_ptr<Store> fresh_store(const char* name, std::size_t cache_bytes) {
  const std::string directory = (std::filesystem::temp_directory_path() / "takt-bench" / name).string();
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  auto store = open_rocksdb_store({.directory = directory, .cache_bytes = cache_bytes});
  TAKT_CHECK(store.has_value(), "the benchmark's directory can be opened");
  return std::move(*store);
}

Commit small_commit(CustomerId customer, Version version, std::uint64_t n) {
  Commit commit{customer, version, {hash128(std::to_string(n))}, {}, {}, std::nullopt, std::string(300, 'x')};
  commit.delta.clock = utc_from_ms(1'772'000'000'000 + static_cast<std::int64_t>(n));
  if (version == 0) commit.delta.operations.push_back(op::Found{commit.delta.clock, false});
  JourneyEvent step;
  step.at = commit.delta.clock;
  step.item = Symbol{5};
  commit.delta.operations.push_back(op::Journey{step, {}, {}});
  commit.marks.push_back({commit.id.bytes, commit.delta.clock + days(7)});
  return commit;
}

void commit_wal(benchmark::State& state) {
  auto store = fresh_store("commit_wal", std::size_t{256} << 20);
  std::vector<Version> versions(10'000, 0);
  std::uint64_t n = 0;
  for (auto _ : state) {
    const std::size_t customer = n % versions.size();
    const Commit commit = small_commit(CustomerId{customer + 1}, versions[customer], n++);
    if (store->records().commit({&commit, 1}, Durability::wal, {}).front() == CommitOutcome::committed) ++versions[customer];
  }
}

std::unique_ptr<Store> shared_store;
std::atomic<std::uint64_t> shared_number{0};

void commit_fsync(benchmark::State& state) {
  if (state.thread_index() == 0) shared_store = fresh_store("commit_fsync", std::size_t{256} << 20);
  const CustomerId customer{static_cast<std::uint64_t>(state.thread_index()) + 1};
  Version version = 0;
  for (auto _ : state) {
    const Commit commit = small_commit(customer, version, shared_number++);
    if (shared_store->records().commit({&commit, 1}, Durability::fsync, {}).front() == CommitOutcome::committed) ++version;
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) shared_store.reset();
}

void read_record(benchmark::State& state) {
  const bool cached = state.range(0) != 0;
  const std::size_t customers = 2'000;
  auto store = fresh_store("read", cached ? std::size_t{256} << 20 : 1);
  const BenchWorld made = make_bench_world({.items = 2'000, .customers = 0, .exposures = 0});
  for (std::size_t i = 0; i < customers; ++i) {
    const CustomerRecord record = make_record(*made.world, CustomerId{i + 1}, 200, made.now, i);
    Delta delta{record.clock, {op::Found{record.founded_at, false}}};
    for (const Entry& entry : record.ledger.entries) delta.operations.push_back(op::Grant{record.ledger.labels_of(entry), entry});
    const Commit commit{CustomerId{i + 1}, 0, {hash128(std::to_string(i))}, std::move(delta), {}, std::nullopt, {}};
    static_cast<void>(store->records().commit({&commit, 1}, Durability::wal, {}));
  }
  std::uint64_t n = 0;
  for (auto _ : state) benchmark::DoNotOptimize(store->records().read(CustomerId{1 + (n++ * 7919) % customers}, {}));
}

BENCHMARK(commit_wal)->Unit(benchmark::kMicrosecond);
BENCHMARK(commit_fsync)->Threads(1)->Threads(32)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(read_record)->ArgName("cached")->Arg(1)->Arg(0)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace takt::bench

BENCHMARK_MAIN();
