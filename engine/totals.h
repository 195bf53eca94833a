#pragma once
/// Caps over more than one customer as one call meets them (semantics.md "Total caps"): each count is asked for once and then stands still, so
/// that the call decides about one state of things; what it asked and took goes into the log, and a replay is told the same.
/// Threads: one decision. Cost: nothing where the policy has no such cap; else a look-up under a short lock per rule and key.
#include "core/cap_key.h"
#include "core/total_cap.h"
#include "engine/person.h"
#include "engine/world.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace takt {

/// The tokens that the call's `replaces` gives back in the same write: live elements that were other decisions'.
std::vector<TotalElement> released_tokens(const Policy& policy, const Person& person, const DecisionRequest& request);

class TotalsView {
public:
  TotalsView(const World& world, const Person& person, const DecisionRequest& request);
  bool blocks(const CapCandidate& candidate) const;
  /// One block per rule and key that is full for it.
  void check(const CapCandidate& candidate, std::vector<CapBlock>& out) const;
  /// A slot of this call: it takes its tokens.
  void add_slot(const CapCandidate& chosen);
  /// When the rule lets the candidate through again, its schedule and audience left aside; none: it does now.
  std::optional<EligibleAgain> end_of(std::size_t rule, const CapCandidate& candidate) const;
  /// What was asked and could have blocked here, and what was taken; by rule, then key.
  std::vector<TotalSeen> seen() const;

private:
  struct Key {
    TotalKey key;
    TotalCount counted;
    std::uint32_t taken = 0, needed = 0;
    std::vector<ContactId> contacts;         ///< of the slots that took a token, where contacts are counted
  };
  struct Rule {
    detail::KeyShape shape;
    std::map<TotalKey, std::size_t> places;
    std::deque<Key> keys;                    ///< never move
  };
  bool binds(std::size_t rule, const CapCandidate& candidate) const;
  template <class Visit>
  void for_each_key(std::size_t rule, const LabelSet& labels, bool as_entry, Visit&& visit) const;
  Key& ask(std::size_t rule, const TotalKey& key) const;
  std::uint32_t extra(std::size_t rule, const Key& key, ContactId contact) const;   ///< what the candidate would add

  const std::vector<CapRule>& caps_;
  const TotalCounts* counts_;                ///< null: nothing is counted
  Symbol group_;
  UtcTime now_, clock_;                      ///< the person's, and of whoever asks
  std::uint32_t slots_most_ = 0;
  std::vector<TotalElement> released_;
  mutable std::vector<Rule> rules_;          ///< by place in caps_
};

/// What a logged decision was told. A key that the log does not have was far from its limit, or never asked for: it counts nothing.
class LoggedTotals final : public TotalCounts {
public:
  LoggedTotals(const Policy& policy, const std::vector<TotalSeen>& seen);
  TotalCount count(std::size_t rule, const TotalKey& key, UtcTime t) const override;
  bool is_without_released() const override { return true; }

private:
  std::map<std::pair<std::size_t, TotalKey>, TotalCount> counts_;
};

/// For somebody whose exposures could not be counted, because nothing is kept of them: nothing that is limited in total is left.
class NothingLeft final : public TotalCounts {
public:
  explicit NothingLeft(const Policy& policy) : policy_(policy) {}
  TotalCount count(std::size_t rule, const TotalKey&, UtcTime) const override { return {policy_.total_caps[rule].limit.value_or(0), std::nullopt, false}; }
  bool is_without_released() const override { return true; }

private:
  const Policy& policy_;
};

/// The tokens of one answer, from before its commit until the store has followed it. Gives them back where the commit was not written.
class TokenLease {
public:
  TokenLease(const World& world, const Person& person, const DecisionRequest& request, const Decision& decision, const Commit& commit);
  ~TokenLease();
  TokenLease(const TokenLease&) = delete;
  TokenLease& operator=(const TokenLease&) = delete;
  /// False: others have taken them since the call asked. Decide again.
  bool is_granted() const { return is_granted_; }
  /// Nobody knows what became of the commit.
  void keep_until_over();

private:
  std::shared_ptr<const BudgetTotals> totals_;   ///< null: there is nothing to take
  CommitId commit_;
  bool is_granted_ = true;
};

} // namespace takt
