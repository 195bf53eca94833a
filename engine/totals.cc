#include "engine/totals.h"

#include <algorithm>
#include <variant>

namespace takt {
namespace {

std::uint32_t slots_most(const World& world, const DecisionRequest& request) {
  std::uint32_t slots = 0;
  for (const PlacementRequest& asked : request.placements)
    if (const PlacementRules* rules = world.rulebook->find(asked.placement.text())) slots += asked.limit.value_or(rules->placement.slots);
  return slots;
}

std::uint32_t times_of(std::span<const TotalElement> elements, std::size_t rule, const TotalKey& key) {
  std::uint32_t times = 0;
  for (const TotalElement& element : elements)
    if (element.rule == rule && element.key == key) times += element.times;
  return times;
}

/// The ask of one line of the answer. What the call itself released still counts until its commit.
TokenAsk ask_of(const TotalSeen& seen, const BudgetTotals::Rule& rule, std::uint32_t released) {
  TokenAsk ask{rule.counter, seen.key, seen.taken, TokenAsk::always};
  if (seen.needed > 0) ask.count_most = std::uint64_t{rule.limit} + released - std::min(rule.limit + released, seen.needed);
  return ask;
}

/// Two rules that count the same thing take one token for it, and both must have room.
void add_ask(std::vector<TokenAsk>& asks, TokenAsk ask) {
  const auto same = std::find_if(asks.begin(), asks.end(), [&](const TokenAsk& other) { return other.counter == ask.counter && other.key == ask.key; });
  if (same == asks.end()) return asks.push_back(std::move(ask));
  same->amount = std::max(same->amount, ask.amount);
  same->count_most = std::min(same->count_most, ask.count_most);
}

UtcTime last_end(const Delta& delta) {
  UtcTime last = delta.clock;
  for (const Operation& operation : delta.operations)
    if (const auto* grant = std::get_if<op::Grant>(&operation)) last = std::max(last, grant->entry.expires_at);
  return last;
}

} // namespace

std::vector<TotalElement> released_tokens(const Policy& policy, const Person& person, const DecisionRequest& request) {
  if (policy.total_caps.empty() || request.replaces.empty()) return {};
  const auto is_replaced = [&](const Entry& entry) {
    return std::any_of(request.replaces.begin(), request.replaces.end(), [&](DecisionId id) { return id && id.bytes == entry.id.origin; });
  };
  Ledger part;
  part.label_sets = person->ledger.label_sets;
  std::copy_if(person->ledger.entries.begin(), person->ledger.entries.end(), std::back_inserter(part.entries), is_replaced);
  std::vector<TotalElement> elements = total_elements(part, person->account_group, policy.total_caps);
  std::erase_if(elements, [&](const TotalElement& element) { return !element.live || element.at <= person.now; });
  return elements;
}

TotalsView::TotalsView(const World& world, const Person& person, const DecisionRequest& request)
    : caps_(world.policy().total_caps), counts_(person.totals), group_(person->account_group), now_(person.now), clock_(request.now), rules_(caps_.size()) {
  if (caps_.empty()) return;
  for (std::size_t i = 0; i < caps_.size(); ++i) rules_[i].shape = detail::shape_of(caps_[i]);
  slots_most_ = slots_most(world, request);
  if (counts_ && !counts_->is_without_released()) released_ = released_tokens(world.policy(), person, request);
}

bool TotalsView::binds(std::size_t rule, const CapCandidate& candidate) const {
  return (candidate.spared_totals & (std::uint64_t{1} << rule)) == 0 && may_block(caps_[rule], *candidate.labels, now_);
}

template <class Visit>
void TotalsView::for_each_key(std::size_t rule, const LabelSet& labels, bool as_entry, Visit&& visit) const {
  const bool of_group = caps_[rule].scope == Scope::group;
  if (of_group && group_ == Symbol::none) return;
  detail::for_each_key(rules_[rule].shape, labels, as_entry ? detail::KeySide::entry : detail::KeySide::candidate, [&](std::span<const Symbol> parts) {
    TotalKey key;
    if (of_group) key.push_back(group_);
    for (const Symbol part : parts) key.push_back(part);
    visit(ask(rule, key), parts);
  });
}

TotalsView::Key& TotalsView::ask(std::size_t rule, const TotalKey& key) const {
  Rule& known = rules_[rule];
  const auto [place, is_new] = known.places.try_emplace(key, known.keys.size());
  if (!is_new) return known.keys[place->second];
  Key& asked = known.keys.emplace_back();
  asked.key = key;
  if (counts_) asked.counted = counts_->count(rule, key, clock_);
  const std::uint32_t released = times_of(released_, rule, key);
  asked.counted.count -= std::min(asked.counted.count, released);
  return asked;
}

std::uint32_t TotalsView::extra(std::size_t rule, const Key& key, ContactId contact) const {
  const bool is_in = caps_[rule].counts == Counts::contact && std::find(key.contacts.begin(), key.contacts.end(), contact) != key.contacts.end();
  return is_in ? 0 : 1;
}

bool TotalsView::blocks(const CapCandidate& candidate) const {
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    if (!binds(i, candidate)) continue;
    bool is_full = false;
    for_each_key(i, *candidate.labels, false, [&](const Key& key, std::span<const Symbol>) {
      is_full = is_full || std::uint64_t{key.counted.count} + key.taken + extra(i, key, candidate.contact) > *caps_[i].limit;
    });
    if (is_full) return true;
  }
  return false;
}

void TotalsView::check(const CapCandidate& candidate, std::vector<CapBlock>& out) const {
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    if (!binds(i, candidate)) continue;
    for_each_key(i, *candidate.labels, false, [&](const Key& key, std::span<const Symbol> parts) {
      if (std::uint64_t{key.counted.count} + key.taken + extra(i, key, candidate.contact) > *caps_[i].limit)
        out.push_back({&caps_[i], BlockKind::limit, {parts.begin(), parts.end()}, key.counted.count + key.taken, caps_[i].limit});
    });
  }
}

void TotalsView::add_slot(const CapCandidate& chosen) {
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    if (binds(i, chosen))
      for_each_key(i, *chosen.labels, false, [&](Key& key, std::span<const Symbol>) { key.needed = std::max(key.needed, key.taken + extra(i, key, chosen.contact)); });
    if (!counts_grant(caps_[i], *chosen.labels)) continue;
    for_each_key(i, *chosen.labels, true, [&](Key& key, std::span<const Symbol>) {
      if (extra(i, key, chosen.contact) == 0) return;
      ++key.taken;
      if (caps_[i].counts == Counts::contact) key.contacts.push_back(chosen.contact);
    });
  }
}

std::optional<EligibleAgain> TotalsView::end_of(std::size_t rule, const CapCandidate& candidate) const {
  if (!caps_[rule].limit) return std::nullopt;
  std::optional<EligibleAgain> end;
  bool is_endless = false;
  for_each_key(rule, *candidate.labels, false, [&](const Key& key, std::span<const Symbol>) {
    const std::uint64_t own = extra(rule, key, candidate.contact), limit = *caps_[rule].limit;
    if (std::uint64_t{key.counted.count} + key.taken + own <= limit) return;
    EligibleAgain again{now_ + Duration{1}, false};     // this call's slots end there
    if (std::uint64_t{key.counted.count} + 1 > limit) again = {key.counted.free_at, key.counted.provisional};
    is_endless = is_endless || !again.at;
    if (!end || !end->at || (again.at && *again.at > *end->at)) end = again;
  });
  if (end && is_endless) end = EligibleAgain{};
  return end;
}

std::vector<TotalSeen> TotalsView::seen() const {
  std::vector<TotalSeen> all;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    for (const auto& [parts, place] : rules_[i].places) {
      const Key& key = rules_[i].keys[place];
      const bool could_block = caps_[i].limit && std::uint64_t{key.counted.count} + slots_most_ >= *caps_[i].limit;
      if (!could_block && key.taken == 0 && key.needed == 0) continue;
      all.push_back({caps_[i].id, key.key, key.counted.count, key.taken, key.needed, key.counted.free_at, key.counted.provisional});
    }
  return all;
}

LoggedTotals::LoggedTotals(const Policy& policy, const std::vector<TotalSeen>& seen) {
  for (const TotalSeen& one : seen)
    for (std::size_t i = 0; i < policy.total_caps.size(); ++i)
      if (policy.total_caps[i].id == one.rule) counts_[{i, one.key}] = {one.count, one.free_at, one.provisional};
}

TotalCount LoggedTotals::count(std::size_t rule, const TotalKey& key, UtcTime) const {
  const auto known = counts_.find({rule, key});
  return known == counts_.end() ? TotalCount{} : known->second;
}

TokenLease::TokenLease(const World& world, const Person& person, const DecisionRequest& request, const Decision& decision, const Commit& commit) : commit_(commit.id) {
  if (!world.rulebook->totals || decision.totals.empty()) return;
  const std::vector<TotalElement> released = released_tokens(world.policy(), person, request);
  const std::vector<BudgetTotals::Rule>& rules = world.rulebook->totals->rules();
  std::vector<TokenAsk> asks;
  for (const TotalSeen& seen : decision.totals) {
    if (seen.taken == 0 && seen.needed == 0) continue;
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (rules[i].id == seen.rule) add_ask(asks, ask_of(seen, rules[i], times_of(released, i, seen.key)));
  }
  if (asks.empty()) return;
  totals_ = world.rulebook->totals;
  is_granted_ = totals_->budgets().take(commit_, std::move(asks), request.now, last_end(commit.delta));
}

TokenLease::~TokenLease() {
  if (totals_ && is_granted_) totals_->budgets().give_back(commit_); // nothing where the store has settled them
}

void TokenLease::keep_until_over() {
  if (totals_ && is_granted_) totals_->budgets().keep_until_over(commit_);
}

} // namespace takt
