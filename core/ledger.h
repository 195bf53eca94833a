#pragma once
/// The exposure ledger: what this customer was, or may still be, shown. Every cap, gap, fatigue discount and explanation is
/// a pure function of it (semantics.md §1). States are derived here and never stored; no timer writes.
#include "core/id.h"
#include "core/symbol.h"
#include "core/time.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

namespace takt {

/// How a channel shows things. web and app are screens (a view confirms); email, push, sms are messages (delivery
/// confirms); phone, branch … are people (the contact itself). A name we do not know is a screen.
enum class Medium : std::uint8_t { screen = 0, message = 1, human = 2 };
Medium medium_of(std::string_view channel);

/// The labels of an item at one place, as they were when the entry was written. Interned per ledger: entries share them.
struct LabelSet {
  Symbol item = Symbol::none;
  Symbol kind = Symbol::none;
  Symbol group = Symbol::none;      ///< the item itself where it has no group, so never none
  Symbol brand = Symbol::none;
  Symbol campaign = Symbol::none;
  Symbol purpose = Symbol::none;
  Symbol channel = Symbol::none;
  Symbol placement = Symbol::none;
  Medium medium = Medium::screen;
  SymbolList category;              ///< one symbol per prefix, root first; empty = no category
  SymbolList tags;                  ///< ascending, distinct
  bool operator==(const LabelSet&) const = default;
};

/// One message, or one placement of one decision: what `counts: contact` counts once.
struct ContactId {
  Bytes16 origin{};
  std::uint16_t placement = 0;
  auto operator<=>(const ContactId&) const = default;
};

/// (decision, placement, slot), or hash128(source, messageId) with a running number: union by id is what a merge does.
struct ExposureId {
  Bytes16 origin{};
  std::uint16_t placement = 0;      ///< ordinal of the placement in the call
  std::uint16_t slot = 0;           ///< from 1
  ContactId contact() const { return {origin, placement}; }
  auto operator<=>(const ExposureId&) const = default;
};

enum class MarkKind : std::uint8_t { viewed = 0, clicked = 1, delivered = 2, dismissed = 3, released = 4, contact = 5, event = 6 };
struct Mark {
  MarkKind kind = MarkKind::viewed;
  Symbol event = Symbol::none;      ///< the name, where kind == event
  UtcTime at{};                     ///< clamped and final
  std::uint32_t session = 0;        ///< ordinal of the session the mark was stamped with
  bool arrived_late = false;        ///< when it arrived, its entry had expired or been released unseen
  auto operator<=>(const Mark&) const = default;
};

/// Most entries that have a mark have one view.
using MarkList = InlineList<Mark, 1>;

enum class EntryOrigin : std::uint8_t {
  granted = 0,     ///< reserved by a decision of ours
  elsewhere = 1,   ///< seen without a decision of ours, counted all the same
  unverified = 2,  ///< elsewhere by a publishable key: counts only if the policy says so
  ghost = 3,       ///< counterfactual contact of an experiment: invisible to real rules
};

struct Entry {
  ExposureId id;
  std::uint32_t labels = 0;         ///< index into Ledger::label_sets
  EntryOrigin origin = EntryOrigin::granted;
  UtcTime granted_at{};             ///< g; own time for elsewhere
  UtcTime show_by{};                ///< s
  UtcTime expires_at{};             ///< q
  std::uint32_t session = 0;        ///< of the grant
  MarkList marks;                   ///< ascending by (at, kind); a mark that is there twice is there once
  SymbolList identities;            ///< "u:…" / "a:…" named by the request: un-merge follows them
  bool is_elsewhere() const { return origin == EntryOrigin::elsewhere || origin == EntryOrigin::unverified; }
  bool operator==(const Entry&) const = default;
};

/// Entries older than the horizon, folded so that `lifetime` stays exact.
struct Tally {
  std::uint32_t labels = 0;
  MarkKind counted = MarkKind::viewed;  ///< viewed = impressions, event = grants ("decision"), clicked = clicks, contact = contacts
  std::uint32_t count = 0;
  UtcTime first{};
  UtcTime last{};
  Symbol event = Symbol::none;      ///< counted == event: the named event; none = grants
  bool unverified = false;          ///< folded from unverified entries: counts only if the policy says so
  bool operator==(const Tally&) const = default;
};

struct Ledger {
  std::vector<LabelSet> label_sets;  ///< only what some entry or tally refers to; order of first use
  std::vector<Entry> entries;        ///< in fold order; ids distinct
  std::vector<Tally> tallies;        ///< ascending by (labels, counted, event, unverified)
  UtcTime complete_since{};          ///< entries from here on are all kept
  bool saturated = false;            ///< the size bound dropped entries: windows reaching them count them in full
  const LabelSet& labels_of(const Entry& entry) const { return label_sets[entry.labels]; }
  bool operator==(const Ledger&) const = default;
};

enum class EntryState : std::uint8_t { reserved, shown, expired, released, elsewhere };

/// tau(x): earliest viewed|clicked|dismissed on screens, delivered|clicked on messages, own time elsewhere; else none.
/// For a person's contact: delivered|contact|clicked.
std::optional<UtcTime> shown_at(const Entry& entry, Medium medium);
bool is_live(const Entry& entry, Medium medium, UtcTime t);      ///< not shown, not released, t < q
EntryState state_of(const Entry& entry, Medium medium, UtcTime t);
/// Times of the re-shown entries x#2, x#3, …: views >= 30 m after the last counted one, greedily from tau. Screens only.
std::vector<UtcTime> reshown_at(const Entry& entry, Medium medium);

/// A ledger grows by a slate at a time, and a list that doubled would keep as much again unused in the cache of records.
constexpr std::size_t ledger_room = 16;
template <class T>
void make_room(std::vector<T>& list) {
  if (list.size() == list.capacity()) list.reserve(list.size() + std::max(ledger_room, list.size() / 8));
}

/// Index of an equal label set, appended where new. Cost: linear in distinct sets; use LabelIndex for bulk.
std::uint32_t intern_labels(Ledger& ledger, const LabelSet& labels);
Entry* find_entry(Ledger& ledger, const ExposureId& id);
const Entry* find_entry(const Ledger& ledger, const ExposureId& id);

} // namespace takt
