#pragma once
/// What caps over more than one customer have left (core/total_cap.h). The sum over all records stands here once more, in memory, so that a
/// decision asks for it without a scan; store/counting_store.h follows every commit with it and counts the records when it is made.
///
/// A grant takes its tokens before it is written (`take`, all or none), and holds them until the commit has either brought them into the count
/// (`settle`, in one step with the count) or failed (`give_back`, `keep_until_over`). So used + live + held <= limit at every grant, in any
/// order of things. Several nodes would lease a part of the limit from one of them, in the place of `limit` here: docs/decisions/0008.
///
/// The time of a counter is the clock of its node. It may be asked about any instant; what is over for more than a day is forgotten, so a clock
/// that is set back by more than that makes it count too little.
/// Threads: any. Cost: a hash look-up under a short lock per key; nothing here reads a store.
#include "core/id.h"
#include "core/total_cap.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace takt {

/// Used, reserved and held, of one key at one instant.
struct BudgetState {
  std::uint64_t used = 0;                  ///< P in the period
  std::uint64_t live = 0;                  ///< reservations
  std::uint64_t held = 0;                  ///< tokens of grants that are being written
  std::uint64_t count() const { return used + live + held; }
};

/// One count over many customers. Rules with the same counting_part share it.
class BudgetCounter {
public:
  explicit BudgetCounter(CapRule counted);
  const CapRule& counted() const { return counted_; }
  TotalCount count(const TotalKey& key, std::uint32_t limit, UtcTime t) const;
  BudgetState state(const TotalKey& key, UtcTime t) const;
  /// Every key that has something, ascending.
  std::vector<std::pair<TotalKey, BudgetState>> states(UtcTime t) const;
  /// Counts no more and lets nothing through: something was written that could not be read again. Until the process counts anew.
  void give_up();
  bool has_given_up() const;

private:
  friend class Budgets;
  struct KeyHash {
    std::size_t operator()(const TotalKey& key) const noexcept;
  };
  struct Cell {
    std::int64_t used_ever = 0;                      ///< lifetime
    std::map<UtcTime, std::int64_t> used;            ///< calendar: by the start of the period
    std::map<UtcTime, std::int64_t> live;            ///< by the instant at which it is over
    UtcTime summed_at = UtcTime::min();              ///< live_after is of this instant
    std::int64_t live_after = 0;                     ///< sum of `live` that is over later
    std::int64_t held = 0;
    UtcTime forgotten_until = UtcTime::min();        ///< reservations that were over by then are not followed any more
    UtcTime forgotten_before = UtcTime::min();       ///< nor are periods that began before this
  };
  // Of these the caller holds mutex_.
  void add(const TotalElement& element, int sign);
  void forget(Cell& cell, UtcTime until) const;      ///< but for what is younger than an hour
  std::int64_t live_at(Cell& cell, UtcTime t) const;
  BudgetState state_of(Cell& cell, UtcTime t) const;
  UtcTime period_of(UtcTime t) const;                ///< its start; a lifetime has one
  void find_end(Cell& cell, std::uint64_t limit, UtcTime t, TotalCount& found) const;

  CapRule counted_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<TotalKey, Cell, KeyHash> cells_;
  mutable UtcTime period_begin_ = UtcTime::max(), period_end_ = UtcTime::min();  ///< the last one asked for
  bool has_given_up_ = false;
};

/// So many tokens of one key. `count_most`: only while n(t) without them is no more than that.
struct TokenAsk {
  static constexpr std::uint64_t always = std::numeric_limits<std::uint64_t>::max();
  std::shared_ptr<BudgetCounter> counter;
  TotalKey key;
  std::uint32_t amount = 0;
  std::uint64_t count_most = always;
};

/// The counters of one data directory, and the tokens of grants on their way.
class Budgets {
public:
  using Counters = std::vector<std::shared_ptr<BudgetCounter>>;

  /// All or none, under the name of the commit that needs them; `until`: the last of its reservations is over then. False: somebody was faster.
  bool take(const CommitId& commit, std::vector<TokenAsk> asks, UtcTime t, UtcTime until);
  /// The commit was not written: its tokens are free. Nothing where it holds none.
  void give_back(const CommitId& commit);
  /// Nobody knows whether it was written: its tokens are free when its reservations are over.
  void keep_until_over(const CommitId& commit);
  /// The commit was written: what it changed enters the counts, and its tokens leave them, in one step per counter. `rule` of an element is its
  /// place in `counters`.
  void settle(const CommitId& commit, const Counters& counters, std::span<const TotalElement> before, std::span<const TotalElement> after);
  /// The same for what no commit holds tokens of: a count that is being made.
  static void add(const Counters& counters, std::span<const TotalElement> elements, int sign);
  /// Commits that hold tokens now.
  std::size_t held_count() const;

private:
  struct Held {
    std::vector<TokenAsk> asks;
    UtcTime until{};
  };
  std::optional<Held> take_out(const CommitId& commit);
  mutable std::mutex mutex_;
  std::multimap<CommitId, Held> held_;     ///< two of one name: the same question at once, of which one commit will be a duplicate
};

/// The counters as the rules of one policy ask for them.
class BudgetTotals final : public TotalCounts {
public:
  struct Rule {
    std::string id;
    std::uint32_t limit = 0;
    std::shared_ptr<BudgetCounter> counter;
  };
  BudgetTotals(std::shared_ptr<Budgets> budgets, std::vector<Rule> rules) : budgets_(std::move(budgets)), rules_(std::move(rules)) {}
  TotalCount count(std::size_t rule, const TotalKey& key, UtcTime t) const override { return rules_[rule].counter->count(key, rules_[rule].limit, t); }
  bool is_without_released() const override { return false; }
  const std::vector<Rule>& rules() const { return rules_; }
  Budgets& budgets() const { return *budgets_; }

private:
  std::shared_ptr<Budgets> budgets_;
  std::vector<Rule> rules_;
};

} // namespace takt
