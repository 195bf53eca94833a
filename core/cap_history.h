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
UtcTime window_begin(const Window& window, const SessionState& session, UtcTime t);

struct KeyVerdict {
  std::uint32_t observed = 0;   ///< n(t)
  bool limit = false;           ///< n+(t) > limit
  bool gap = false;
  bool blocks() const { return limit || gap; }
};

/// Cost: building O(entries log entries); a verdict O(log shown + live); next_free O(edges) verdicts at worst.
class KeyHistory {
public:
  KeyHistory(const CapRule& rule, const SessionState& session) : rule_(&rule), session_(&session) {}

  void add_shown(UtcTime at, const ContactId& contact) { shown_.push_back({at, contact}); }
  void add_live(UtcTime expires_at, const ContactId& contact, std::uint32_t entry) { live_.push_back({expires_at, contact, entry}); }
  void add_tally(std::uint32_t count, UtcTime last) { tallies_.push_back({count, last}); }
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
  struct Live { UtcTime expires_at; ContactId contact; std::uint32_t entry; };
  struct Tallied { std::uint32_t count; UtcTime last; };

  std::uint32_t count(UtcTime t, std::span<const ContactId> slots) const;
  bool gap_blocks(const ContactId& candidate, UtcTime t, std::span<const ContactId> slots) const;
  std::optional<UtcTime> gap_end(const ContactId& candidate) const;
  std::vector<UtcTime> edges(const ContactId& candidate) const;

  const CapRule* rule_;
  const SessionState* session_;
  std::vector<Shown> shown_;      ///< P, ascending by time
  std::vector<Live> live_;        ///< V while t < expires_at; counts = contact: ascending by contact
  std::vector<Tallied> tallies_;  ///< P beyond the horizon: `count` times, the latest at `last`
};

} // namespace takt::detail
