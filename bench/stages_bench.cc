// Each stage of one decision, from the engine's own stage timings: the same numbers as the funnel of `explain` and /metrics.
#include "bench/bench_world.h"
#include "engine/person.h"

#include <benchmark/benchmark.h>
#include <map>

namespace takt::bench {
namespace {

void stages(benchmark::State& state) {
  const BenchWorld made = make_bench_world({.items = static_cast<std::size_t>(state.range(0)), .customers = 0, .exposures = 0});
  const auto record = std::make_shared<const CustomerRecord>(make_record(*made.world, CustomerId{7}, static_cast<std::size_t>(state.range(1)), made.now, 9));
  const SteadyClock clock;
  std::map<Stage, std::int64_t> nanos;
  std::uint64_t seed = 1;
  DecisionRequest request;
  request.placements.push_back({*PlacementId::parse("home.hero"), {}, {}, {}});
  request.context.channel = "web";
  for (auto _ : state) {
    request.now = made.now;
    request.seed = seed++;
    const Person person = make_person(record, request, made.world->policy());
    StageRunner runner(clock);
    const auto decision = run_stages(*made.world, person, request, runner);
    for (const StageTiming& timing : decision->placements.front().funnel) nanos[timing.stage] += timing.nanos;
    benchmark::DoNotOptimize(decision->placements.front().choices.size());
  }
  for (const auto& [stage, total] : nanos)
    state.counters[std::string(to_text(stage)) + "_us"] = static_cast<double>(total) / 1e3 / static_cast<double>(state.iterations());
}

BENCHMARK(stages)->ArgNames({"items", "exposures"})->Args({10'000, 200})->Args({100'000, 200})->Args({100'000, 1'000})->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace takt::bench

BENCHMARK_MAIN();
