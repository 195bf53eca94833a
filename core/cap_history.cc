#include "core/cap_history.h"

#include "core/check.h"
#include "core/limits.h"

#include <algorithm>

namespace takt::detail {

UtcTime window_begin(const Window& window, const PersonTime& time, UtcTime t) {
  switch (window.kind) {
    case WindowKind::rolling: return t - window.length + Duration{1};   // p > t - W, in whole milliseconds
    case WindowKind::session: return time.session.start_for(t);
    case WindowKind::calendar: return period_start(window.calendar, time.zones, t);
    case WindowKind::lifetime:
    case WindowKind::anchored_first:
    case WindowKind::anchored_last: break;
  }
  return UtcTime::min();
}

namespace {

/// One element per contact: shown beats live, the earliest wins. Leaves the live ones ascending by contact and grant: which of a contact
/// counts at t depends on who has expired by then.
template <class Shown, class Live>
void reduce_to_contacts(std::vector<Shown>& shown, std::vector<Live>& live) {
  std::sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) { return a.contact != b.contact ? a.contact < b.contact : a.at < b.at; });
  const auto same = [](const Shown& a, const Shown& b) { return a.contact == b.contact; };
  shown.erase(std::unique(shown.begin(), shown.end(), same), shown.end());
  std::erase_if(live, [&](const Live& one) {
    const auto found = std::lower_bound(shown.begin(), shown.end(), one.contact, [](const Shown& other, const ContactId& contact) { return other.contact < contact; });
    return found != shown.end() && found->contact == one.contact;
  });
  std::sort(live.begin(), live.end(), [](const Live& a, const Live& b) { return a.contact != b.contact ? a.contact < b.contact : a.granted_at < b.granted_at; });
}

} // namespace

void KeyHistory::settle() {
  if (rule_->counts == Counts::contact) {
    reduce_to_contacts(shown_, live_);
    reduce_to_contacts(any_shown_, any_live_);
  }
  const auto by_time = [](const Shown& a, const Shown& b) { return a.at < b.at; };
  std::sort(shown_.begin(), shown_.end(), by_time);
  std::sort(any_shown_.begin(), any_shown_.end(), by_time);
}

bool KeyHistory::knows(const ContactId& contact, UtcTime t) const {
  return std::any_of(shown_.begin(), shown_.end(), [&](const Shown& shown) { return shown.contact == contact; }) ||
         std::any_of(live_.begin(), live_.end(), [&](const Live& live) { return live.contact == contact && t < live.expires_at; });
}

std::vector<UtcTime> KeyHistory::live_grants(UtcTime t) const {
  const bool per_contact = rule_->counts == Counts::contact;
  std::vector<UtcTime> grants;
  const ContactId* counted = nullptr;
  for (const Live& live : live_) {
    if (t >= live.expires_at || (per_contact && counted != nullptr && *counted == live.contact)) continue;
    counted = &live.contact;
    grants.push_back(live.granted_at);
  }
  return grants;
}

std::uint32_t KeyHistory::shown_in_window(std::span<const Shown> shown, std::span<const Tallied> tallies, UtcTime t) const {
  const UtcTime begin = window_begin(rule_->window, *time_, t);
  const auto first = std::partition_point(shown.begin(), shown.end(), [&](const Shown& one) { return one.at < begin; });
  auto n = static_cast<std::uint32_t>(shown.end() - first);
  for (const Tallied& tally : tallies)
    if (tally.last >= begin) n += tally.count;
  return n;
}

std::uint32_t KeyHistory::count(UtcTime t, std::size_t slots) const {
  if (rule_->window.kind == WindowKind::anchored_first) return count_anchored_first(t, slots);
  if (rule_->window.kind == WindowKind::anchored_last) return count_anchored_last(t, slots);
  return shown_in_window(shown_, tallies_, t) + static_cast<std::uint32_t>(live_grants(t).size() + slots);
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
  verdict.observed = count(t, slots.size());
  if (!rule_->schedule.holds(t)) return verdict;
  if (rule_->share) verdict.share = share_blocks(verdict.observed, t, slots.size());
  if (rule_->limit) {
    const bool is_in = rule_->counts == Counts::contact &&
                       (knows(candidate, t) || std::find(slots.begin(), slots.end(), candidate) != slots.end());
    verdict.limit = (is_in ? verdict.observed : count(t, slots.size() + 1)) > *rule_->limit;
  }
  verdict.gap = gap_blocks(candidate, t, slots);
  return verdict;
}

/// A live one of this key will have been shown or will not; others may still expire, so only this key's enter what all have.
bool KeyHistory::share_blocks(std::uint32_t observed, UtcTime t, std::size_t slots) const {
  const std::uint64_t live = live_grants(t).size() + slots;
  const std::uint64_t all = shown_in_window(any_shown_, any_tallies_, t);
  const std::uint64_t base = std::max<std::uint64_t>(all + live + 1, rule_->share->base_min);
  return (std::uint64_t{observed} + 1) * Share::denominator > rule_->share->numerator * base;
}

std::vector<UtcTime> KeyHistory::edges(const ContactId& candidate, UtcTime t) const {
  std::vector<UtcTime> found;
  const Window& window = rule_->window;
  const bool has_length = window.kind == WindowKind::rolling || window.kind == WindowKind::anchored_first || window.kind == WindowKind::anchored_last;
  if ((rule_->limit || rule_->share) && has_length) {
    for (const std::vector<Shown>* list : {&shown_, &any_shown_})
      for (const Shown& shown : *list) found.push_back(shown.at + window.length);
    for (const std::vector<Tallied>* list : {&tallies_, &any_tallies_})
      for (const Tallied& tally : *list) found.push_back(tally.last + window.length);
  }
  if (window.kind == WindowKind::session && time_->session.last_activity) found.push_back(*time_->session.last_activity + limits::session_silence);
  if (window.kind == WindowKind::calendar) period_edges(window.calendar, time_->zones, t, found);
  for (const Live& live : live_) found.push_back(live.expires_at);
  if (rule_->min_gap)
    if (const auto end = gap_end(candidate)) found.push_back(*end);
  if (rule_->schedule.from) found.push_back(*rule_->schedule.from);
  if (rule_->schedule.to) found.push_back(*rule_->schedule.to);
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<UtcTime> KeyHistory::next_free(const ContactId& candidate, UtcTime from) const {
  for (const UtcTime edge : edges(candidate, asked_at_))
    if (edge > from && !judge(candidate, edge).blocks()) return edge;
  return std::nullopt;
}

void KeyHistory::live_entries(std::vector<std::uint32_t>& out) const {
  for (const Live& live : live_) out.push_back(live.entry);
  for (const Live& live : any_live_) out.push_back(live.entry);
}

std::optional<KeyHistory> KeyHistory::with_shown(std::uint32_t entry, UtcTime t) const {
  const auto is_it = [&](const Live& live) { return live.entry == entry; };
  const auto here = std::find_if(live_.begin(), live_.end(), is_it);
  const auto anywhere = std::find_if(any_live_.begin(), any_live_.end(), is_it);
  if (here == live_.end() && anywhere == any_live_.end()) return std::nullopt;
  KeyHistory changed = *this;
  if (here != live_.end()) changed.add_shown(t, here->contact);
  if (anywhere != any_live_.end()) changed.add_shown_of_any(t, anywhere->contact);
  std::erase_if(changed.live_, is_it);
  std::erase_if(changed.any_live_, is_it);
  changed.settle();
  return changed;
}

} // namespace takt::detail
