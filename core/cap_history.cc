#include "core/cap_history.h"

#include "core/check.h"
#include "core/limits.h"

#include <algorithm>

namespace takt::detail {

UtcTime window_begin(const Window& window, const SessionState& session, UtcTime t) {
  switch (window.kind) {
    case WindowKind::rolling: return t - window.length + Duration{1};   // p > t - W, in whole milliseconds
    case WindowKind::lifetime: return UtcTime::min();
    case WindowKind::session: return session.start_for(t);
    case WindowKind::calendar:
    case WindowKind::anchored_first:
    case WindowKind::anchored_last: break;
  }
  TAKT_CHECK(false, "the policy parser refuses windows that are not built");
  return t;
}

void KeyHistory::settle() {
  const auto by_time = [](const Shown& a, const Shown& b) { return a.at < b.at; };
  if (rule_->counts == Counts::contact) {
    // One element per contact: shown beats live, the earliest wins.
    std::sort(shown_.begin(), shown_.end(), [](const Shown& a, const Shown& b) {
      return a.contact != b.contact ? a.contact < b.contact : a.at < b.at;
    });
    const auto same = [](const Shown& a, const Shown& b) { return a.contact == b.contact; };
    shown_.erase(std::unique(shown_.begin(), shown_.end(), same), shown_.end());
    std::erase_if(live_, [&](const Live& live) {
      const auto found = std::lower_bound(shown_.begin(), shown_.end(), live.contact,
                                          [](const Shown& shown, const ContactId& contact) { return shown.contact < contact; });
      return found != shown_.end() && found->contact == live.contact;
    });
    std::sort(live_.begin(), live_.end(), [](const Live& a, const Live& b) { return a.contact < b.contact; });
  }
  std::sort(shown_.begin(), shown_.end(), by_time);
}

bool KeyHistory::knows(const ContactId& contact, UtcTime t) const {
  return std::any_of(shown_.begin(), shown_.end(), [&](const Shown& shown) { return shown.contact == contact; }) ||
         std::any_of(live_.begin(), live_.end(), [&](const Live& live) { return live.contact == contact && t < live.expires_at; });
}

std::uint32_t KeyHistory::count(UtcTime t, std::span<const ContactId> slots) const {
  const UtcTime begin = window_begin(rule_->window, *session_, t);
  const auto first = std::partition_point(shown_.begin(), shown_.end(), [&](const Shown& shown) { return shown.at < begin; });
  std::size_t n = static_cast<std::size_t>(shown_.end() - first) + slots.size();
  for (const Tallied& tally : tallies_)
    if (tally.last >= begin) n += tally.count;
  const bool per_contact = rule_->counts == Counts::contact;
  const ContactId* counted = nullptr;
  for (const Live& live : live_) {
    if (t >= live.expires_at || (per_contact && counted != nullptr && *counted == live.contact)) continue;
    counted = &live.contact;
    ++n;
  }
  return static_cast<std::uint32_t>(n);
}

std::optional<UtcTime> KeyHistory::gap_end(const ContactId& candidate) const {
  std::optional<UtcTime> last;
  const auto other = std::find_if(shown_.rbegin(), shown_.rend(), [&](const Shown& shown) { return shown.contact != candidate; });
  if (other != shown_.rend()) last = other->at;
  for (const Tallied& tally : tallies_) last = last ? std::max(*last, tally.last) : tally.last;
  return last ? std::optional(*last + *rule_->min_gap) : std::nullopt;
}

bool KeyHistory::gap_blocks(const ContactId& candidate, UtcTime t, std::span<const ContactId> slots) const {
  if (!rule_->min_gap) return false;
  const auto end = gap_end(candidate);
  return (end && t < *end) ||
         std::any_of(live_.begin(), live_.end(), [&](const Live& live) { return t < live.expires_at && live.contact != candidate; }) ||
         std::any_of(slots.begin(), slots.end(), [&](const ContactId& slot) { return slot != candidate; });
}

KeyVerdict KeyHistory::judge(const ContactId& candidate, UtcTime t, std::span<const ContactId> slots) const {
  KeyVerdict verdict;
  verdict.observed = count(t, slots);
  if (!rule_->schedule.holds(t)) return verdict;
  if (rule_->limit) {
    const bool is_in = rule_->counts == Counts::contact &&
                       (knows(candidate, t) || std::find(slots.begin(), slots.end(), candidate) != slots.end());
    verdict.limit = verdict.observed + (is_in ? 0U : 1U) > *rule_->limit;
  }
  verdict.gap = gap_blocks(candidate, t, slots);
  return verdict;
}

std::vector<UtcTime> KeyHistory::edges(const ContactId& candidate) const {
  std::vector<UtcTime> found;
  const Window& window = rule_->window;
  if (rule_->limit && window.kind == WindowKind::rolling) {
    for (const Shown& shown : shown_) found.push_back(shown.at + window.length);
    for (const Tallied& tally : tallies_) found.push_back(tally.last + window.length);
  }
  if (rule_->limit && window.kind == WindowKind::session && session_->last_activity)
    found.push_back(*session_->last_activity + limits::session_silence);
  for (const Live& live : live_) found.push_back(live.expires_at);
  if (rule_->min_gap)
    if (const auto end = gap_end(candidate)) found.push_back(*end);
  if (rule_->schedule.from) found.push_back(*rule_->schedule.from);
  if (rule_->schedule.to) found.push_back(*rule_->schedule.to);
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<UtcTime> KeyHistory::next_free(const ContactId& candidate, UtcTime from) const {
  for (const UtcTime edge : edges(candidate))
    if (edge > from && !judge(candidate, edge).blocks()) return edge;
  return std::nullopt;
}

void KeyHistory::live_entries(std::vector<std::uint32_t>& out) const {
  for (const Live& live : live_) out.push_back(live.entry);
}

std::optional<KeyHistory> KeyHistory::with_shown(std::uint32_t entry, UtcTime t) const {
  const auto found = std::find_if(live_.begin(), live_.end(), [&](const Live& live) { return live.entry == entry; });
  if (found == live_.end()) return std::nullopt;
  KeyHistory changed = *this;
  changed.add_shown(t, found->contact);
  std::erase_if(changed.live_, [&](const Live& live) { return live.entry == entry; });
  changed.settle();
  return changed;
}

} // namespace takt::detail
