#include "engine/source/source.h"
#include "engine/stage/merchandising.h"

#include <algorithm>

namespace takt {
namespace {

struct SourceEntry {
  Source source;
  bool needs_profile;   ///< starts from the person, whatever the request names
  void (*find)(const Search& search, Finds& finds);
};

/// Every source, in the order that breaks ties. Not here: `caller` replaces them all, `list` is what falls back.
constexpr SourceEntry sources[] = {
    {Source::pinned, false, find_pinned},
    {Source::similar, false, find_similar},
    {Source::bought_together, false, find_bought_together},
    {Source::viewed_together, false, find_viewed_together},
    {Source::relevance, true, find_relevant},
    {Source::taste, true, find_taste},
    {Source::session, true, find_session},
    {Source::recently_viewed, true, find_recently_viewed},
    {Source::trending, false, find_trending},
    {Source::new_items, false, find_new},
    {Source::popular, false, find_popular},
    {Source::service, false, find_service},
    {Source::launch, false, find_launch},
};

struct Sourced {
  Find find;
  Source source = Source::popular;
};

/// Where the policy asks for it. A placement that lists its sources takes what is new where it takes what anybody might like.
bool takes_launch(const Search& search) {
  const Placement& placement = search.opening.rules.placement;
  if (!search.call.world.policy().exploration.launch || placement.mode == PlacementMode::organic) return false;
  constexpr Source for_anybody[] = {Source::launch, Source::new_items, Source::popular};
  return placement.sources.empty() || std::find_first_of(placement.sources.begin(), placement.sources.end(), std::begin(for_anybody), std::end(for_anybody)) != placement.sources.end();
}

bool applies(const SourceEntry& entry, const Search& search, bool popular_only) {
  if (popular_only) return entry.source == Source::popular;
  if (entry.source == Source::launch) return takes_launch(search);
  if (entry.needs_profile && !search.call.person.profile_allowed) return false;
  const auto& chosen = search.opening.rules.placement.sources;
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), entry.source) != chosen.end();
}

/// How many candidates scoring should get. A wider choice than 20 a slot costs time in every stage and hardly changes the slate.
std::size_t candidates_wanted(const Opening& opening) {
  constexpr std::size_t per_slot = 20, wanted_min = 60;
  return std::clamp(per_slot * opening.limit, wanted_min, limits::candidates_max);
}

/// So many per source that twice as many as wanted are found where every source finds all it may: the overlap between sources and
/// what eligibility drops take their part. Fewer than find_min would leave a source with one need only.
std::size_t finds_per_source(const Search& search) {
  constexpr std::size_t find_min = 20;
  std::size_t sources_asked = 0;
  for (const SourceEntry& entry : sources) sources_asked += entry.source != Source::pinned && applies(entry, search, false) ? 1 : 0;
  return std::clamp(2 * candidates_wanted(search.opening) / std::max<std::size_t>(sources_asked, 1), find_min, limits::per_source_max);
}

/// Where the sources before it found little (day one, a visitor without a past), `popular` makes up for them.
std::size_t finds_of_popular(const Search& search, std::size_t found) {
  const std::size_t wanted = candidates_wanted(search.opening);
  return std::clamp(wanted - std::min(found, wanted), search.finds_max, limits::per_source_max);
}

std::vector<ItemIndex> known_anchors(const Call& call, const Opening& opening) {
  std::vector<ItemIndex> anchors;
  for (const ItemId& id : opening.request.anchor_items) {
    const auto index = call.world.catalogue->find(call.world.symbols->find(id.text()));
    if (index && anchors.size() < anchors_max) anchors.push_back(*index);
  }
  return anchors;
}

/// Each item once, as its best source found it: score, then the order of sources.
std::vector<Sourced> merge(const std::vector<Sourced>& found) {
  // (item, place) as one number: sorting integers is several times faster than sorting finds.
  std::vector<std::uint64_t> keys(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) keys[i] = static_cast<std::uint64_t>(found[i].find.index) << 32 | i;
  std::sort(keys.begin(), keys.end());
  std::vector<Sourced> merged;
  merged.reserve(found.size());
  for (const std::uint64_t key : keys) {
    const Sourced& next = found[key & 0xffff'ffff]; // places ascend in the order of sources
    if (merged.empty() || merged.back().find.index != next.find.index) merged.push_back(next);
    else if (next.find.score > merged.back().find.score) merged.back() = next;
  }
  return merged;
}

/// Keeps the best limits::candidates_max, then puts them in the order of item ids.
void bound(std::vector<Sourced>& merged, const Catalogue& catalogue) {
  const auto has_place = [](const Sourced& one) { return one.source == Source::launch || one.source == Source::pinned; };
  const auto better = [&](const Sourced& a, const Sourced& b) {
    if (has_place(a) != has_place(b)) return has_place(a);
    if (a.find.score != b.find.score) return a.find.score > b.find.score;
    if (a.source != b.source) return a.source < b.source;
    return catalogue.rank(a.find.index) < catalogue.rank(b.find.index);
  };
  if (merged.size() > limits::candidates_max) {
    std::nth_element(merged.begin(), merged.begin() + limits::candidates_max, merged.end(), better);
    merged.resize(limits::candidates_max);
  }
  std::vector<std::uint64_t> order(merged.size()); // (rank, place) as one number, as in merge
  for (std::size_t i = 0; i < merged.size(); ++i) order[i] = static_cast<std::uint64_t>(catalogue.rank(merged[i].find.index)) << 32 | i;
  std::sort(order.begin(), order.end());
  std::vector<Sourced> ordered;
  ordered.reserve(merged.size());
  for (const std::uint64_t one : order) ordered.push_back(merged[one & 0xffff'ffff]);
  merged = std::move(ordered);
}

Candidate candidate_of(const Sourced& sourced, const Catalogue& catalogue, const Opening& opening) {
  Candidate candidate;
  candidate.index = sourced.find.index;
  candidate.labels = labels_at(catalogue.front(sourced.find.index), opening.rules);
  candidate.source = sourced.source;
  candidate.retrieval_score = sourced.find.score;
  candidate.because = sourced.find.because;
  candidate.because_item = sourced.find.because_item;
  return candidate;
}

} // namespace

Candidates retrieve_items(Call& call, const Opening& opening, const CustomerFeatures& features, std::span<const ItemIndex> without, bool popular_only) {
  const Catalogue& catalogue = *call.world.catalogue;
  Search search{call, opening, features, without, known_anchors(call, opening)};
  if (opening.request.candidates) {
    if (popular_only) return {};
    Candidates offered = take_caller_candidates(search);
    place_pins(pins_now(call, opening), offered);
    return offered;
  }
  search.finds_max = popular_only ? limits::candidates_max : finds_per_source(search);

  std::vector<Sourced> found;
  for (const SourceEntry& entry : sources) {
    if (!applies(entry, search, popular_only)) continue;
    if (entry.source == Source::popular && !popular_only) search.finds_max = finds_of_popular(search, found.size());
    Finds finds(search);
    entry.find(search, finds);
    for (const Find& find : finds.all()) found.push_back({find, entry.source});
  }
  std::vector<Sourced> merged = merge(found);
  bound(merged, catalogue);
  // Two hundred items from all over the memory: asked for together they arrive together, one by one they cost ~100 ns each.
  for (const Sourced& sourced : merged) catalogue.prefetch(sourced.find.index);
  Candidates candidates;
  candidates.alive.reserve(merged.size());
  for (const Sourced& sourced : merged) candidates.alive.push_back(candidate_of(sourced, catalogue, opening));
  if (std::any_of(merged.begin(), merged.end(), [](const Sourced& sourced) { return sourced.source == Source::pinned; }))
    place_pins(pins_now(call, opening), candidates);
  return candidates;
}

} // namespace takt
