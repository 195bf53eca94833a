#include "engine/source/source.h"

namespace takt {
namespace {

/// What was looked at last is what is wanted now: each step back counts a fifth less.
constexpr float step_back = 0.8F;

} // namespace

void find_session(const Search& search, Finds& finds) {
  std::vector<Seed> seeds;
  float weight = 1;
  for (const Symbol item : search.features.session_items) {
    seeds.push_back({item, weight, Because::viewed});
    weight *= step_back;
  }
  find_neighbours(search, search.models().viewed_together, seeds, finds);
}

} // namespace takt
