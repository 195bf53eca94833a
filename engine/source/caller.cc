#include "engine/source/source.h"

#include <algorithm>

namespace takt {
namespace {

struct Offered {
  ItemIndex index = 0;
  std::optional<double> score;
};

Dropped drop(ItemIndex index, ReasonCode code) {
  Dropped dropped;
  dropped.index = index;
  Reason reason;
  reason.stage = Stage::retrieve;
  reason.code = code;
  dropped.reasons.push_back(std::move(reason));
  return dropped;
}

/// Known ones, each once (the first mention counts), best first: by score, where there are scores, else as they came.
std::vector<Offered> read_offer(const Search& search, std::vector<std::string>& unknown) {
  std::vector<Offered> offered;
  for (const CallerCandidate& candidate : *search.opening.request.candidates) {
    const auto index = search.catalogue().find(search.call.world.symbols->find(candidate.item.text()));
    if (index) offered.push_back({*index, candidate.score});
    else unknown.push_back(candidate.item.text());
  }
  std::vector<ItemIndex> seen;
  std::erase_if(offered, [&](const Offered& one) {
    const auto place = std::lower_bound(seen.begin(), seen.end(), one.index);
    if (place != seen.end() && *place == one.index) return true;
    seen.insert(place, one.index);
    return false;
  });
  std::stable_sort(offered.begin(), offered.end(), [](const Offered& a, const Offered& b) { return a.score && (!b.score || *a.score > *b.score); });
  return offered;
}

} // namespace

Candidates take_caller_candidates(const Search& search) {
  Candidates candidates;
  const std::vector<Offered> offered = read_offer(search, candidates.unknown);
  for (std::size_t place = 0; place < offered.size(); ++place) {
    const ItemIndex index = offered[place].index;
    if (std::binary_search(search.without.begin(), search.without.end(), index)) continue;
    if (!search.may_stand(index)) {
      candidates.dropped.push_back(drop(index, ReasonCode::placement_mismatch));
      continue;
    }
    if (candidates.alive.size() >= limits::candidates_max) {
      candidates.dropped.push_back(drop(index, ReasonCode::not_retrieved));
      continue;
    }
    Candidate candidate;
    candidate.index = index;
    candidate.labels = labels_at(search.catalogue().at(index), search.opening.rules);
    candidate.source = Source::caller;
    candidate.caller_score = offered[place].score;
    candidate.retrieval_score = 1 - static_cast<float>(place) / static_cast<float>(offered.size());
    candidate.because = Because::picked;
    candidates.alive.push_back(std::move(candidate));
  }
  const auto by_id = [&](const auto& a, const auto& b) { return search.catalogue().rank(a.index) < search.catalogue().rank(b.index); };
  std::sort(candidates.alive.begin(), candidates.alive.end(), by_id);
  std::sort(candidates.dropped.begin(), candidates.dropped.end(), by_id);
  return candidates;
}

} // namespace takt
