// Places for what is new and hardly anybody has seen, while the policy asks for it (engine/stage/launch.h). Nearest to what the person deals with
// first; of a stranger nothing is known, so every call draws others, and each of the newest 200 on offer gets its turn (of the catalogue's
// newest 1,000: after a first import, when everything is new, most of it waits).
#include "core/hash.h"
#include "engine/source/source.h"
#include "engine/stage/launch.h"

#include <algorithm>

namespace takt {
namespace {

/// A few of the 60 candidates or more that a slate is chosen from: they are to be tried, not to fill it.
constexpr std::size_t launch_places = 10;
/// Compared with what the person deals with, about 100 ns each and seed: 60 us for the largest launch. The others wait for their turn.
constexpr std::size_t compared_max = 200;
constexpr std::size_t seeds_compared_max = 3;
/// Between the middle of a source's finds and nothing: of a stranger it says neither.
constexpr float match_unknown = 0.5F;
constexpr std::uint64_t turn_salt = 0x6c61756e;

bool is_on_offer(const ItemFacts& item, UtcTime now) { return item.active && !item.sold_out && item.starts_at <= now && now < item.ends_at; }

std::vector<ItemIndex> launched(const Search& search, const LaunchPolicy& policy) {
  const UtcTime now = search.call.person.now;
  std::vector<ItemIndex> items;
  for (const ItemIndex index : search.catalogue().newest()) {
    const ItemFront& item = search.catalogue().front(index);
    if (item.facts.added_at + policy.window <= now || items.size() == compared_max) break; // newest first
    if (item.facts.added_at > now) continue; // a catalogue of next season must not stand before this one
    const double left = launch_left(policy, item.facts.added_at, now, search.models().cold_start.impressions_of(item.labels.item));
    if (left > 0 && is_on_offer(item.facts, now) && search.may_stand(index)) items.push_back(index);
  }
  return items;
}

} // namespace

void find_launch(const Search& search, Finds& finds) {
  const auto& policy = search.call.world.policy().exploration.launch;
  if (!policy) return;
  std::vector<Seed> seeds = seeds_for(search);
  seeds.resize(std::min(seeds.size(), seeds_compared_max));
  struct Launched { float match; std::uint64_t turn; ItemIndex index; };
  std::vector<Launched> found;
  for (const ItemIndex index : launched(search, *policy)) {
    const CatalogueItem& item = search.catalogue().at(index);
    if (search.is_anchor(item)) continue;
    float match = seeds.empty() ? match_unknown : 0;
    for (const Seed& seed : seeds)
      if (const auto known = search.catalogue().find(seed.item)) match = std::max(match, content_overlap(search.catalogue().at(*known), item));
    found.push_back({match, mix64(mix64(search.call.request.seed, turn_salt), item.id_hash), index});
  }
  const std::size_t kept = std::min(found.size(), launch_places);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(), [](const Launched& a, const Launched& b) {
    return a.match != b.match ? a.match > b.match : a.turn < b.turn;
  });
  for (std::size_t i = 0; i < kept; ++i) finds.add({found[i].index, found[i].match, Because::new_item, Symbol::none});
}

} // namespace takt
