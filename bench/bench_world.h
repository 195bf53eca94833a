#pragma once
/// The same seeded world for every benchmark: items with labels and 64-float vectors, customers with a ledger full of exposures,
/// twenty cap rules, one placement of ten slots. Sizes are arguments; the same arguments give the same world.
#include "engine/decide.h"
#include "store/store.h"

#include <memory>
#include <string>
#include <vector>

namespace takt::bench {

struct WorldSize {
  std::size_t items = 10'000;
  std::size_t customers = 1'000;
  std::size_t exposures = 200;             ///< per customer, over the last 30 days, spread over `items`
  std::size_t rules = 20;
  std::uint32_t slots = 10;
  std::string directory = {};              ///< "" = memory store
};

struct BenchWorld {
  std::unique_ptr<Store> store;
  WorldPtr world;
  UtcTime now{};
  std::size_t customers = 0;
  DecisionRequest request_of(std::size_t customer, std::uint64_t seed) const;
};

constexpr std::size_t vector_dimension = 64;

/// Prints progress to stderr when it takes long.
BenchWorld make_bench_world(const WorldSize& size);
std::vector<CapRule> make_rules(std::size_t count, SymbolTable& symbols);
/// A ledger of `exposures` shown entries over `items` of the catalogue.
CustomerRecord make_record(const World& world, CustomerId id, std::size_t exposures, UtcTime now, std::uint64_t seed);

class SteadyClock final : public Clock {
public:
  UtcTime utc_now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

} // namespace takt::bench
