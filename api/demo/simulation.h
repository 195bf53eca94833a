#pragma once
/// A whole population living its month. Customers meet only their own marketer, so they are lived in blocks: each block has a store of
/// its own which is thrown away after it, and a million customers need no more memory than a block per thread. A seed reproduces
/// everything, on any number of threads. Errors: none, but what the sinks do. Cost: the engine's, some 100 us per customer-day.
#include "api/demo/life.h"

#include <functional>
#include <memory>

namespace takt::demo {

using MarketerMaker = std::function<std::unique_ptr<Marketer>()>;   ///< one per customer; keeps alive what they need
using BlockOpener = std::function<MarketerMaker()>;                 ///< one per block; called from any of the threads

/// The town, and what was trained there, must outlive what these return.
BlockOpener retargeting_blocks(const Town& town);
BlockOpener memory_blocks(const Town& town, const WorldOptions& options);
/// All in one store, which outlives it; for a data directory that others will read.
BlockOpener store_block(const Town& town, Store& store, std::shared_ptr<const World> world);

struct PopulationOptions {
  std::uint64_t first_customer = 0, customers = 1000;
  std::size_t threads = 1;
  std::size_t block_customers = 100;
  bool has_end = true;                                   ///< false: what is under way after the last day never arrives
  /// Called with each finished life, in order of the numbers, never at the same time.
  std::function<void(const Life& life)> on_life;
  std::function<void(std::uint64_t customers_done)> progress;
};
struct PopulationCounts { LifeCounts lives; std::uint64_t failures = 0; };
PopulationCounts live_population(const Town& town, const PopulationOptions& options, const BlockOpener& open_block);

/// Models of a pilot: `customers` others live the month before the first day with the untrained engine, which then learns.
std::shared_ptr<const Models> train_on_pilot(const Town& town, std::uint64_t customers);
/// Numbers from here on are the pilot's.
constexpr std::uint64_t pilot_numbers = 1'000'000'000;
/// The same town a month earlier.
Town month_before(const Town& town);

/// One line of truth.ndjson: who the customer is, and what only the simulation knows of the month.
std::string truth_json(const Town& town, const Life& life);
/// One line per item: its latent taste and popularity.
std::string truth_json(const Town& town, std::size_t item);

} // namespace takt::demo
