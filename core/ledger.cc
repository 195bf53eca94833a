#include "core/ledger.h"

#include "core/limits.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace takt {
namespace {

bool shows(MarkKind kind, Medium medium) {
  switch (kind) {
    case MarkKind::viewed:
    case MarkKind::dismissed: return medium == Medium::screen;
    case MarkKind::delivered: return medium != Medium::screen;
    case MarkKind::contact: return medium == Medium::human;
    case MarkKind::clicked: return true;
    case MarkKind::released:
    case MarkKind::event: return false;
  }
  return false;
}

/// The half of an origin that tells two apart: random in a decision's id, any half of a hash. Compared first, and inline: a whole
/// comparison per entry was a sixth of reading a record (each exposure that is folded in looks for itself).
std::uint64_t telling_half(const Bytes16& origin) {
  std::uint64_t half = 0;
  std::memcpy(&half, origin.data() + sizeof half, sizeof half);
  return half;
}

bool has_release(const Entry& entry) {
  return std::any_of(entry.marks.begin(), entry.marks.end(), [](const Mark& mark) { return mark.kind == MarkKind::released; });
}

} // namespace

Medium medium_of(std::string_view channel) {
  static constexpr std::array<std::string_view, 3> messages{"email", "push", "sms"};
  static constexpr std::array<std::string_view, 5> people{"phone", "branch", "call", "store", "visit"};
  if (std::find(messages.begin(), messages.end(), channel) != messages.end()) return Medium::message;
  if (std::find(people.begin(), people.end(), channel) != people.end()) return Medium::human;
  return Medium::screen;
}

std::optional<UtcTime> shown_at(const Entry& entry, Medium medium) {
  if (entry.is_elsewhere()) return entry.granted_at;
  for (const Mark& mark : entry.marks)   // ascending, so the first that shows is the earliest
    if (shows(mark.kind, medium)) return mark.at;
  return std::nullopt;
}

bool is_live(const Entry& entry, Medium medium, UtcTime t) {
  return t < entry.expires_at && !shown_at(entry, medium) && !has_release(entry);
}

EntryState state_of(const Entry& entry, Medium medium, UtcTime t) {
  if (entry.is_elsewhere()) return EntryState::elsewhere;
  if (shown_at(entry, medium)) return EntryState::shown;
  if (has_release(entry)) return EntryState::released;
  return t < entry.expires_at ? EntryState::reserved : EntryState::expired;
}

std::vector<UtcTime> reshown_at(const Entry& entry, Medium medium) {
  std::vector<UtcTime> times;
  if (medium != Medium::screen || entry.is_elsewhere()) return times;
  std::optional<UtcTime> counted = shown_at(entry, medium);
  if (!counted) return times;
  for (const Mark& mark : entry.marks) {
    if (mark.kind != MarkKind::viewed || mark.at < *counted + limits::reshow_silence) continue;
    counted = mark.at;
    times.push_back(mark.at);
  }
  return times;
}

std::uint32_t intern_labels(Ledger& ledger, const LabelSet& labels) {
  // The newest sets are the likeliest: what is shown today is shown again today.
  for (std::size_t i = ledger.label_sets.size(); i-- > 0;)
    if (ledger.label_sets[i].item == labels.item && ledger.label_sets[i] == labels) return static_cast<std::uint32_t>(i);
  make_room(ledger.label_sets);
  ledger.label_sets.push_back(labels);
  return static_cast<std::uint32_t>(ledger.label_sets.size() - 1);
}

const Entry* find_entry(const Ledger& ledger, const ExposureId& id) {
  const std::uint64_t half = telling_half(id.origin);
  for (auto entry = ledger.entries.rbegin(); entry != ledger.entries.rend(); ++entry)   // confirmations follow soon
    if (telling_half(entry->id.origin) == half && entry->id == id) return &*entry;
  return nullptr;
}

Entry* find_entry(Ledger& ledger, const ExposureId& id) {
  return const_cast<Entry*>(find_entry(static_cast<const Ledger&>(ledger), id));   // the ledger itself is not const
}

} // namespace takt
