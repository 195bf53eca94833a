#pragma once
/// The demo shop: a catalogue, placements and a month of journeys as NDJSON, so that a first run has something to decide about.
/// Seeded: the same options give the same bytes on every machine. Customers have lasting tastes, so recommendations make sense;
/// `anna` once touched a pair of pink pumps by accident, `ben` has an open complaint.
/// Lines come in order: placements, items, then events by time. Errors: none. Pure, single-threaded, no I/O, no clock.
/// Cost: about 0.1 ms and 10 KB of memory per customer.
#include "core/time.h"

#include <cstdint>
#include <functional>
#include <string_view>

namespace takt {

struct DemoOptions {
  std::uint32_t items = 3000;     ///< item documents in all: products with their variants, offers, services; at least 200
  std::uint32_t customers = 4000; ///< at least 2: anna and ben
  std::uint32_t days = 30;        ///< length of the journeys, up to `end`; at least 14, the stories need them
  std::uint64_t seed = 7;
  UtcTime end{}; ///< no event is later
};

/// Calls `sink` once per line; a line is one JSON object without the line break, valid only during the call.
void write_demo_shop(const DemoOptions& options, const std::function<void(std::string_view line)>& sink);

} // namespace takt
