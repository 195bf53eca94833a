#pragma once
/// Where something can be shown: channel, slots, time budget, and what "nothing" means there.
#include "core/id.h"
#include "core/reason.h"
#include "core/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace takt {

enum class PlacementMode : std::uint8_t { promote, organic };

struct Placement {
  PlacementId id;
  std::string channel = "web";
  std::uint32_t slots = 1;
  PlacementMode mode = PlacementMode::promote;
  std::vector<std::string> kinds;              ///< empty = all
  std::vector<Source> sources;                 ///< empty = every source
  std::vector<std::string> fields{"title", "url", "image", "price"};
  std::int64_t contact_cost_micros = 0;
  bool hold = false;                           ///< may answer "nothing" on purpose
  Duration reservation_ttl = minutes(10);
  Duration deadline = std::chrono::milliseconds(50);
  std::vector<ItemId> fallback;
  bool variants = false;                       ///< may one slate hold two of a group?
  bool operator==(const Placement&) const = default;
};

} // namespace takt
