/// ELIGIBLE_AGAIN of semantics.md §1: the first instant after t at which nothing blocks. Every rule, key and obstacle is a
/// function of time that is constant between its own edges; we move to the first free edge of whatever blocks, until
/// nothing does. No instant passed over is free, since something blocked it. Halving would be wrong: a candidate may
/// be free, blocked and free again.
#include "core/cap.h"
#include "core/cap_state.h"
#include "core/limits.h"

#include <algorithm>

namespace takt {
namespace {

using detail::KeyHistory;
using detail::KeyId;
using detail::RuleSet;

/// What stands in the way of one candidate, each a function of time.
struct InTheWay {
  std::span<const KeyHistory> histories;
  std::span<const Obstacle* const> obstacles;
  const RuleAudience* audiences;
  bool binds(const CapRule& rule, UtcTime t) const { return !audiences || !rule.audience || audiences->holds(rule, t); }
};

/// The first instant after `from` at which the rule is not for the person.
std::optional<UtcTime> next_outside(const RuleAudience& audiences, const CapRule& rule, UtcTime from) {
  std::vector<UtcTime> edges;
  audiences.edges(rule, from, edges);
  std::sort(edges.begin(), edges.end());
  const auto outside = std::find_if(edges.begin(), edges.end(), [&](UtcTime edge) { return edge > from && !audiences.holds(rule, edge); });
  return outside == edges.end() ? std::nullopt : std::optional(*outside);
}

/// Of a key that blocks at `from`: either its count falls, or its rule is for somebody else.
std::optional<UtcTime> next_free(const InTheWay& way, const KeyHistory& history, const ContactId& contact, UtcTime from) {
  const std::optional<UtcTime> counted = history.next_free(contact, from);
  if (!way.audiences || !history.rule().audience) return counted;
  const std::optional<UtcTime> outside = next_outside(*way.audiences, history.rule(), from);
  return counted && outside ? std::min(counted, outside) : counted ? counted : outside;
}

std::optional<UtcTime> first_free(const InTheWay& way, const CapCandidate& candidate, UtcTime t) {
  const UtcTime last = t + limits::eligible_again_horizon;
  std::optional<UtcTime> at = t + Duration{1};   // this call's slots end there
  for (bool moved = true; moved;) {
    moved = false;
    for (const KeyHistory& history : way.histories) {
      if (!way.binds(history.rule(), *at) || !history.judge(candidate.contact, *at).blocks()) continue;
      at = next_free(way, history, candidate.contact, *at);
      if (!at || *at > last) return std::nullopt;
      moved = true;
    }
    for (const Obstacle* obstacle : way.obstacles) {
      if (!obstacle->blocks(candidate, *at)) continue;
      at = obstacle->next_free(candidate, *at);
      if (!at || *at > last) return std::nullopt;
      moved = true;
    }
  }
  return at;
}

/// Would a mark of one live entry at t change the answer? A rule without the entry keeps its history.
bool is_provisional(const InTheWay& way, const CapCandidate& candidate, UtcTime t, std::optional<UtcTime> answer) {
  std::vector<std::uint32_t> live;
  for (const KeyHistory& history : way.histories) history.live_entries(live);
  std::sort(live.begin(), live.end());
  live.erase(std::unique(live.begin(), live.end()), live.end());
  return std::any_of(live.begin(), live.end(), [&](std::uint32_t entry) {
    std::vector<KeyHistory> changed;
    for (const KeyHistory& history : way.histories) changed.push_back(history.with_shown(entry, t).value_or(history));
    return first_free({changed, way.obstacles, way.audiences}, candidate, t) != answer;
  });
}

} // namespace

std::optional<UtcTime> Obstacle::next_free(const CapCandidate& candidate, UtcTime from) const {
  std::vector<UtcTime> found;
  edges(candidate, from, found);
  std::sort(found.begin(), found.end());
  const auto is_free = [&](UtcTime edge) { return edge > from && !blocks(candidate, edge); };
  const auto free = std::find_if(found.begin(), found.end(), is_free);
  return free == found.end() ? std::nullopt : std::optional(*free);
}

EligibleAgain CapView::eligible_again(const CapCandidate& candidate, std::span<const Obstacle* const> obstacles, const RuleAudience* audiences) const {
  const State& state = state_for(*candidate.labels);
  const UtcTime t = state.t;
  const auto is_in_the_way = [&](const Obstacle* obstacle) { return obstacle->blocks(candidate, t); };
  if (!blocks(candidate) && std::none_of(obstacles.begin(), obstacles.end(), is_in_the_way)) return {};

  // While nothing happens, n and the gap of every window only fall, and a live entry shown at t counts no more than before: what
  // does not block now, schedule aside, never will. A share is the exception, since what all have falls too; but its suspects are
  // those whose own count could be too much for the smallest base, and that count only falls. So the suspects at t are enough.
  std::vector<KeyHistory> histories;
  state.for_each_suspect(*candidate.labels, ~RuleSet{0}, [&](std::size_t rule, KeyId key, std::span<const Symbol>) {
    histories.push_back(state.history(rule, key));
    return false;
  });
  EligibleAgain answer;
  const InTheWay way{histories, obstacles, audiences};
  answer.at = first_free(way, candidate, t);
  answer.provisional = is_provisional(way, candidate, t, answer.at);
  return answer;
}

EligibleAgain eligible_again(const Ledger& ledger, std::span<const CapRule> rules, const PersonTime& time,
                             std::span<const Obstacle* const> obstacles, const CapCandidate& candidate,
                             std::span<const CapCandidate> earlier_slots, UtcTime t) {
  CapView view(ledger, rules, time, t);
  for (const CapCandidate& slot : earlier_slots) view.add_slot(slot);
  return view.eligible_again(candidate, obstacles);
}

} // namespace takt
