#pragma once
/// Frequency caps as pure functions of the ledger: semantics.md §1 COUNTED, COUNT, BLOCK, ELIGIBLE_AGAIN.
/// Exact by definition, retroactive, explainable. Nothing here reads a clock, a store or a catalogue.
#include "core/calendar.h"
#include "core/condition.h"
#include "core/ledger.h"
#include "core/selector.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace takt {

enum class Counts : std::uint8_t { impression, decision, contact, click, delivered, event };
enum class Per : std::uint8_t { item, group, category, brand, campaign, kind, tag, channel, placement, all };
enum class WindowKind : std::uint8_t { rolling, lifetime, session, calendar, anchored_first, anchored_last };
enum class OnExceed : std::uint8_t { next_best, fallback, nothing, defer };
/// Whose exposures are counted together. What is not the customer's own is counted by core/total_cap.h, not by a CapView.
enum class Scope : std::uint8_t { customer, everyone, group };

struct Window {
  WindowKind kind = WindowKind::lifetime;
  Duration length{};                     ///< rolling, anchored_*
  CalendarPeriod calendar = {};          ///< calendar
  bool operator==(const Window&) const = default;
};

/// "At most two fifths of what is shown": an exact decimal of what the keys of the rule have together.
struct Share {
  static constexpr std::uint64_t denominator = 1'000'000;
  std::uint64_t numerator = 0;           ///< of 1,000,000
  std::uint32_t base_min = 10;           ///< as many are assumed while fewer were shown
  bool operator==(const Share&) const = default;
};

struct Schedule {                        ///< holds at t iff from <= t < to
  std::optional<UtcTime> from, to;
  bool holds(UtcTime t) const { return (!from || t >= *from) && (!to || t < *to); }
  bool operator==(const Schedule&) const = default;
};

struct CapRule {
  std::string id;
  std::string title;
  std::string part_of;                   ///< id of the rule whose `keep` this is the other half of; empty: a rule of its own
  Counts counts = Counts::impression;
  Symbol event = Symbol::none;           ///< counts == event
  std::vector<Per> per{Per::all};        ///< a tuple, in order
  std::uint32_t depth = 0;               ///< category: path cut at depth; 0 = full path
  Window window;
  std::optional<std::uint32_t> limit;
  std::optional<Share> share;            ///< instead of a limit
  std::optional<Duration> min_gap;
  Selector applies_to;                   ///< candidates, judged now
  Selector counts_of;                    ///< entries, by stamped labels
  std::optional<Selector> exempt;
  bool exempt_counts = true;
  Schedule schedule;
  std::optional<Condition> audience;     ///< whom it binds; none: everybody. What it counts does not hang on it
  OnExceed on_exceed = OnExceed::next_best;
  bool count_unverified = false;
  bool blocks_uncounted = false;         ///< without_identity: block. Whom nobody may remember is not offered what the rule is about
  Scope scope = Scope::customer;
  bool operator==(const CapRule&) const = default;
};

/// Sessions as the fold left them (semantics.md "session cut").
struct SessionState {
  std::uint32_t ordinal = 0;             ///< of the latest session; 0 = none yet
  UtcTime start{};                       ///< of that session
  std::optional<UtcTime> last_activity;
  /// Start of the session that a decision at t belongs to: the running one, or t itself after 30 m of silence.
  UtcTime start_for(UtcTime t) const;
  bool operator==(const SessionState&) const = default;
};

/// What windows know of a person's time besides the ledger.
struct PersonTime {
  SessionState session;
  std::vector<HeldZone> zones;           ///< ascending by from
  PersonTime(SessionState known = {}, std::vector<HeldZone> held = {}) : session(known), zones(std::move(held)) {}   // a session alone is the usual case in tests
  bool operator==(const PersonTime&) const = default;
};

struct CapCandidate {
  const LabelSet* labels = nullptr;      ///< as they are now, with this call's channel and placement
  ContactId contact;                     ///< the one it would have
  std::uint64_t spared = 0;              ///< rules, a bit for each by its place, whose audience the person is not in at t: these do not block
  std::uint64_t spared_totals = 0;       ///< the same of caps over more than one customer, by their place in Policy::total_caps
};

/// Whom rules are for, as time passes: the part of BLOCK that core cannot ask itself, because it is the person and the call.
class RuleAudience {
public:
  virtual ~RuleAudience() = default;
  /// Of a rule that has an audience; `rule` is one of those that the view was made with.
  virtual bool holds(const CapRule& rule, UtcTime t) const = 0;
  /// Every instant after t at which `holds` may change (more is harmless).
  virtual void edges(const CapRule& rule, UtcTime t, std::vector<UtcTime>& out) const = 0;
};

enum class BlockKind : std::uint8_t { limit, gap, share };
struct CapBlock {
  const CapRule* rule = nullptr;
  BlockKind kind = BlockKind::limit;
  std::vector<Symbol> key;               ///< parts in the order of `per`; Per::all has none (Symbol::none)
  std::uint32_t observed = 0;            ///< n(t), before the candidate
  std::optional<std::uint32_t> limit;
};

/// Anything else that can block a candidate in time: quiet hours, pauses, dismissals, gates, schedules.
/// `edges` must name every instant after t at which `blocks` may change for this candidate (more is harmless).
class Obstacle {
public:
  virtual ~Obstacle() = default;
  virtual bool blocks(const CapCandidate& candidate, UtcTime t) const = 0;
  virtual void edges(const CapCandidate& candidate, UtcTime t, std::vector<UtcTime>& out) const = 0;
  /// The first instant after `from` at which it does not block, by 400 d from there; none: no end is known. Whoever has edges without
  /// end (every night is quiet) answers here instead.
  virtual std::optional<UtcTime> next_free(const CapCandidate& candidate, UtcTime from) const;
};

struct EligibleAgain {
  std::optional<UtcTime> at;             ///< none: not within 400 d, or an end is unknown; also none where nothing blocks
  bool provisional = false;              ///< a live entry, if shown at t, would give another answer
};

/// The rules bound to one ledger at one instant. Make once per decision, ask per candidate.
/// Holds references: ledger and rules must outlive it. Threads: one at a time (it caches, and counts when it is first asked).
/// Cost: counting O(entries × rules) over label sets, not strings; `check` O(rules) hash look-ups.
class CapView {
public:
  CapView(const Ledger& ledger, std::span<const CapRule> rules, const PersonTime& time, UtcTime t);
  ~CapView();
  CapView(CapView&&) noexcept;
  CapView(const CapView&) = delete;
  CapView& operator=(const CapView&) = delete;

  /// These will be asked: what cannot matter to any of them is not counted. Whoever was not expected gets the same answers, and the first one
  /// costs counting anew, everything. Cost: some ns.
  void expect(const LabelSet& candidate) const;
  /// Does it pay to say who will be asked? Not where so many are that most of the ledger matters to one of them.
  bool gains_from_expecting(std::size_t candidates) const;
  /// This call's earlier slots: granted at t, in V from now on.
  void add_slot(const CapCandidate& chosen);
  /// Every blocking rule, key and kind; empty = free. `blocks` is the same without the report.
  std::vector<CapBlock> check(const CapCandidate& candidate) const;
  bool blocks(const CapCandidate& candidate) const;
  /// As `blocks`, for a candidate that was free before the latest add_slot: looks only at what that slot filled.
  bool newly_blocked(const CapCandidate& candidate) const;
  /// When it is free again, this call's earlier slots left out from t + 1 ms on. Cost: one walk over the entries per key
  /// that blocks, then a logarithm per edge; once more per live entry of those keys for `provisional`.
  /// `audiences`: asked of rules that have one, at instants after t; null: such a rule is for everybody then.
  EligibleAgain eligible_again(const CapCandidate& candidate, std::span<const Obstacle* const> obstacles, const RuleAudience* audiences = nullptr) const;

  struct State;                          ///< private to core/cap*: core/cap_state.h

private:
  struct Asked;
  State& state() const;
  State& state_for(const LabelSet& candidate) const;
  std::unique_ptr<Asked> asked_;
};

/// Earlier slots of the call block at t only (t+1 is an edge); the rest follows the ledger as known at t.
EligibleAgain eligible_again(const Ledger& ledger, std::span<const CapRule> rules, const PersonTime& time,
                             std::span<const Obstacle* const> obstacles, const CapCandidate& candidate,
                             std::span<const CapCandidate> earlier_slots, UtcTime t);

} // namespace takt
