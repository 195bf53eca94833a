#pragma once
/// One simulated month under suspicion: a few customers who come often, a store that may misbehave, rules that differ by seed, and
/// everything that went through the doors written down. The seed reproduces all of it.
#include "api/demo/life.h"
#include "tests/simulation/checkers/checker.h"
#include "tests/support/faulty_store.h"

#include <memory>

namespace takt::simulation {

struct MonthOptions {
  std::uint64_t seed = 1;
  std::uint32_t customers = 5, days = 28, items = 250;
  bool has_faults = true;                ///< of the store; clocks, lateness and repetition are part of every world
  bool is_trained = true;                ///< by a pilot of the month before
  std::function<void(Policy&, SymbolTable&)> change_policy = {}; ///< after the rules of the seed
};

struct Month {
  explicit Month(const MonthOptions& options);
  Month(const Month&) = delete;
  Month& operator=(const Month&) = delete;
  Evidence evidence() const { return {trace, *store, *world, is_faulty}; }

  demo::Town town;
  std::unique_ptr<Store> store = make_memory_store();
  std::shared_ptr<const World> world;
  demo::Trace trace;
  demo::LifeCounts counts;
  test::FaultCounts faults;
  std::uint64_t failures = 0;
  bool is_faulty = false;
};

} // namespace takt::simulation
