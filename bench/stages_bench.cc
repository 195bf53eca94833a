// Each stage of one decision, from the engine's own stage timings: the same numbers as the funnel of `explain` and /metrics.
#include "bench/bench_world.h"
#include "core/random.h"
#include "engine/person.h"
#include "engine/stage/diversity.h"

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
    const Person person = make_person(record, request, made.world->policy(), *made.world->symbols);
    StageRunner runner(clock);
    const auto decision = run_stages(*made.world, person, request, runner);
    for (const StageTiming& timing : decision->placements.front().funnel) nanos[timing.stage] += timing.nanos;
    benchmark::DoNotOptimize(decision->placements.front().choices.size());
  }
  for (const auto& [stage, total] : nanos)
    state.counters[std::string(to_text(stage)) + "_us"] = static_cast<double>(total) / 1e3 / static_cast<double>(state.iterations());
}

BENCHMARK(stages)->ArgNames({"items", "exposures"})->Args({10'000, 200})->Args({100'000, 200})->Args({100'000, 1'000})->Unit(benchmark::kMicrosecond);

/// Greedy DPP alone: the diversity part of a slate of ten from 200 candidates, similarities included.
void diversity_dpp(benchmark::State& state) {
  Random random(5);
  std::vector<LabelSet> labels(200);
  std::vector<double> scores;
  for (LabelSet& one : labels) {
    const auto top = static_cast<std::uint32_t>(1 + random.below(12)), sub = static_cast<std::uint32_t>(100 + top * 8 + random.below(8));
    one.category.push_back(Symbol{top});
    one.category.push_back(Symbol{sub});
    one.brand = Symbol{static_cast<std::uint32_t>(1000 + random.below(60))};
    scores.push_back(random.uniform());
  }
  std::vector<const LabelSet*> items;
  for (const LabelSet& one : labels) items.push_back(&one);
  double sum = 0;
  for (auto _ : state) {
    SlateDiversity diversity({DiversityMethod::dpp, 0.3, 0}, items);
    std::vector<char> open(items.size(), 1);
    for (int slot = 0; slot < 10; ++slot) {
      std::size_t best = items.size();
      double most = -1e30;
      for (std::size_t i = 0; i < items.size(); ++i)
        if (open[i] && scores[i] + diversity.penalty(i) > most) most = scores[i] + diversity.penalty(best = i);
      open[best] = 0;
      sum += most;
      if (slot < 9) diversity.choose(best, open);
    }
  }
  state.counters["gain_per_slate"] = sum / static_cast<double>(state.iterations());
}
BENCHMARK(diversity_dpp)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace takt::bench

BENCHMARK_MAIN();
