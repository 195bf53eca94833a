#pragma once
/// Runs the stages in order: times each, counts items in and out, and checks that in = out + dropped, each drop with a reason.
/// The funnel of `explain`, /metrics and the benchmarks come from the same numbers (DuckDB's RunOptimizer is the model).
/// Threads: one decision, one thread.
#include "core/check.h"
#include "core/decision.h"
#include "core/time.h"

#include <utility>
#include <vector>

namespace takt {

class StageRunner {
public:
  explicit StageRunner(const Clock& clock, Deadline deadline = {}) : clock_(clock), deadline_(deadline) {}

  /// A stage of the whole call: nothing to count.
  template <class Work>
  auto run(Stage stage, Work&& work) {
    enter(stage);
    const SteadyTime begin = clock_.steady_now();
    auto result = std::forward<Work>(work)();
    note(stage, 0, 0, begin);
    return result;
  }

  /// A stage over candidates: `work(input)` returns something with `alive`/`choices` and `dropped`; what left is accounted for.
  template <class In, class Work>
  auto run(Stage stage, In input, Work&& work) {
    enter(stage);
    const std::size_t in = count_of(input), dropped_before = input.dropped.size();
    const SteadyTime begin = clock_.steady_now();
    auto result = std::forward<Work>(work)(std::move(input));
    const std::size_t out = count_of(result), dropped = result.dropped.size() - dropped_before;
    TAKT_CHECK(in == out + dropped, "a stage lost or invented an item");
    for (std::size_t i = dropped_before; i < result.dropped.size(); ++i)
      TAKT_CHECK(!result.dropped[i].reasons.empty(), "a dropped item has no reason");
    note(stage, in, out, begin);
    return result;
  }

  /// Retrieval makes items out of nothing: only what comes out is counted.
  template <class Work>
  auto run_source(Stage stage, Work&& work) {
    enter(stage);
    const SteadyTime begin = clock_.steady_now();
    auto result = std::forward<Work>(work)();
    note(stage, 0, count_of(result), begin);
    return result;
  }

  bool late() const { return clock_.steady_now() >= deadline_.at; }
  /// Per placement the stages from retrieve to compose start over.
  void next_placement() { last_ = Stage::features; }
  std::vector<StageTiming> take_timings() { return std::exchange(timings_, {}); }

private:
  template <class T>
  static std::size_t count_of(const T& value) {
    if constexpr (requires { value.alive; }) return value.alive.size();
    else return value.choices.size();
  }
  void enter(Stage stage) {
    TAKT_CHECK(stage >= last_, "stages only move forward");
    last_ = stage;
  }
  void note(Stage stage, std::size_t in, std::size_t out, SteadyTime begin) {
    const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.steady_now() - begin).count();
    timings_.push_back({stage, static_cast<std::uint32_t>(in), static_cast<std::uint32_t>(out), nanos});
  }

  const Clock& clock_;
  Deadline deadline_;
  Stage last_ = Stage::profile;
  std::vector<StageTiming> timings_;
};

} // namespace takt
