#pragma once
/// One rule and one key through time: the exact P and V, for questions about instants other than the decision's, or about
/// a contact that the ledger already knows. Private to core/cap*.
#include "core/cap.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace takt::detail {

/// First instant inside the window at t: a time p is in it iff p >= window_begin.
/// anchored_*: everything, because their beginning hangs on the points themselves.
UtcTime window_begin(const Window& window, const PersonTime& time, UtcTime t);

struct KeyVerdict {
  std::uint32_t observed = 0;   ///< n(t)
  bool limit = false;           ///< n+(t) > limit
  bool gap = false;
  bool share = false;
  bool blocks() const { return limit || gap || share; }
};

/// Cost: building O(entries log entries); a verdict O(log shown + live); next_free O(edges) verdicts at worst.
class KeyHistory {
public:
  KeyHistory(const CapRule& rule, const PersonTime& time, UtcTime asked_at) : rule_(&rule), time_(&time), asked_at_(asked_at) {}

  const CapRule& rule() const { return *rule_; }
  void add_shown(UtcTime at, const ContactId& contact) { shown_.push_back({at, contact}); }
  void add_live(const Entry& entry, std::uint32_t position) { live_.push_back({entry.expires_at, entry.id.contact(), position, entry.granted_at}); }
  void add_tally(std::uint32_t count, UtcTime last) { tallies_.push_back({count, last}); }
  /// A share is of what all keys have: their elements too, those of this key among them.
  void add_shown_of_any(UtcTime at, const ContactId& contact) { any_shown_.push_back({at, contact}); }
  void add_live_of_any(const Entry& entry, std::uint32_t position) { any_live_.push_back({entry.expires_at, entry.id.contact(), position, entry.granted_at}); }
  void add_tally_of_any(std::uint32_t count, UtcTime last) { any_tallies_.push_back({count, last}); }
  /// Call once after the last add: sorts, and reduces to one element per contact where the rule counts contacts.
  void settle();

  /// Schedule included. `slots`: what this call's earlier slots add to V, by contact; nothing that settle would have reduced.
  KeyVerdict judge(const ContactId& candidate, UtcTime t, std::span<const ContactId> slots = {}) const;
  bool knows(const ContactId& contact, UtcTime t) const;
  /// The first instant after `from` at which the key does not block, slots left out; none: never, as far as is known.
  std::optional<UtcTime> next_free(const ContactId& candidate, UtcTime from) const;

  /// Live entries that the key takes, by position in the ledger.
  void live_entries(std::vector<std::uint32_t>& out) const;
  /// The same history if that entry were shown at t; none where it does not have the entry.
  std::optional<KeyHistory> with_shown(std::uint32_t entry, UtcTime t) const;

private:
  struct Shown { UtcTime at; ContactId contact; };
  struct Live { UtcTime expires_at; ContactId contact; std::uint32_t entry; UtcTime granted_at; };
  struct Tallied { std::uint32_t count; UtcTime last; };

  std::vector<UtcTime> live_grants(UtcTime t) const;            ///< V of the ledger at t: when each was granted
  std::uint32_t shown_in_window(std::span<const Shown> shown, std::span<const Tallied> tallies, UtcTime t) const;
  std::uint32_t count(UtcTime t, std::size_t slots) const;      ///< `slots` elements more in V, granted at t
  std::uint32_t count_anchored_first(UtcTime t, std::size_t slots) const;
  std::uint32_t count_anchored_last(UtcTime t, std::size_t slots) const;
  bool share_blocks(std::uint32_t observed, UtcTime t, std::size_t slots) const;
  bool gap_blocks(const ContactId& candidate, UtcTime t, std::span<const ContactId> slots) const;
  std::optional<UtcTime> gap_end(const ContactId& candidate) const;
  std::vector<UtcTime> edges(const ContactId& candidate, UtcTime t) const;

  const CapRule* rule_;
  const PersonTime* time_;
  UtcTime asked_at_;              ///< t of the decision: periods are looked for from there
  std::vector<Shown> shown_;      ///< P, ascending by time
  std::vector<Live> live_;        ///< V while t < expires_at; counts = contact: ascending by contact
  std::vector<Tallied> tallies_;  ///< P beyond the horizon: `count` times, the latest at `last`
  std::vector<Shown> any_shown_;  ///< share only: P of all keys together
  std::vector<Live> any_live_;
  std::vector<Tallied> any_tallies_;
};

} // namespace takt::detail
