#include "store/budgets.h"

#include "core/check.h"
#include "core/limits.h"

#include <algorithm>

namespace takt {
namespace {

/// Clocks of one machine step back by seconds; what was over a day ago will not be asked for.
constexpr Duration remembered = days(1), forget_every = hours(1);

std::uint64_t not_negative(std::int64_t value) { return value > 0 ? static_cast<std::uint64_t>(value) : 0; }

void add_to(std::map<UtcTime, std::int64_t>& counts, UtcTime at, std::int64_t amount) {
  const auto place = counts.try_emplace(at, 0).first;
  place->second += amount;
  if (place->second == 0) counts.erase(place);
}

} // namespace

std::size_t BudgetCounter::KeyHash::operator()(const TotalKey& key) const noexcept {
  std::uint64_t hash = key.size();
  for (const Symbol part : key) hash = (hash ^ static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

BudgetCounter::BudgetCounter(CapRule counted) : counted_(std::move(counted)) {
  const Window& window = counted_.window;
  TAKT_CHECK(window.kind == WindowKind::lifetime || (window.kind == WindowKind::calendar && window.calendar.zone), "the policy parser refuses other windows");
}

UtcTime BudgetCounter::period_of(UtcTime t) const {
  if (counted_.window.kind == WindowKind::lifetime) return UtcTime::min();
  if (t >= period_begin_ && t < period_end_) return period_begin_;
  const CalendarPeriod& period = counted_.window.calendar;
  period_begin_ = period_start(period, {}, t);
  std::vector<UtcTime> starts;
  period_edges(period, {}, t, starts);
  period_end_ = UtcTime::max();
  for (const UtcTime start : starts)
    if (start > t) period_end_ = std::min(period_end_, start);
  return period_begin_;
}

void BudgetCounter::add(const TotalElement& element, int sign) {
  Cell& cell = cells_[element.key];
  const std::int64_t amount = sign * std::int64_t{element.times};
  if (element.live) {
    if (element.at <= cell.forgotten_until) return;
    add_to(cell.live, element.at, amount);
    if (element.at > cell.summed_at) cell.live_after += amount;
    return;
  }
  if (counted_.window.kind == WindowKind::lifetime) {
    cell.used_ever += amount;
    return;
  }
  const UtcTime period = period_of(element.at);
  if (period >= cell.forgotten_before) add_to(cell.used, period, amount);
}

void BudgetCounter::forget(Cell& cell, UtcTime until) const {
  if (until < cell.forgotten_until + forget_every) return;
  if (cell.summed_at < until) live_at(cell, until); // what leaves is in no sum any more
  cell.forgotten_until = until;
  cell.live.erase(cell.live.begin(), cell.live.upper_bound(until));
  if (counted_.window.kind == WindowKind::lifetime) return;
  cell.forgotten_before = period_of(until);
  cell.used.erase(cell.used.begin(), cell.used.lower_bound(cell.forgotten_before));
}

/// Walks from the instant of the last question to this one: near each other, where time goes on.
std::int64_t BudgetCounter::live_at(Cell& cell, UtcTime t) const {
  if (t > cell.summed_at)
    for (auto over = cell.live.upper_bound(cell.summed_at); over != cell.live.end() && over->first <= t; ++over) cell.live_after -= over->second;
  else
    for (auto over = cell.live.upper_bound(t); over != cell.live.end() && over->first <= cell.summed_at; ++over) cell.live_after += over->second;
  cell.summed_at = t;
  return cell.live_after;
}

BudgetState BudgetCounter::state_of(Cell& cell, UtcTime t) const {
  std::int64_t used = cell.used_ever;
  if (counted_.window.kind == WindowKind::calendar)
    for (auto period = cell.used.lower_bound(period_of(t)); period != cell.used.end(); ++period) used += period->second; // no upper end
  return {not_negative(used), not_negative(live_at(cell, t)), not_negative(cell.held)};
}

/// What is held stays: nobody knows yet until when.
void BudgetCounter::find_end(Cell& cell, std::uint64_t limit, UtcTime t, TotalCount& found) const {
  const bool is_calendar = counted_.window.kind == WindowKind::calendar;
  UtcTime turn = UtcTime::max();
  if (is_calendar) {
    period_of(t);
    turn = period_end_;
  }
  std::int64_t count = static_cast<std::int64_t>(found.count);
  const auto below = [&] { return count < static_cast<std::int64_t>(limit); };
  auto over = cell.live.upper_bound(t);
  for (; over != cell.live.end() && over->first < turn && !below(); ++over) {
    count -= over->second;
    found.free_at = over->first;
  }
  found.provisional = below();
  if (below()) return;
  found.free_at.reset();
  if (!is_calendar) return;
  // From the turn on nothing of this period counts; what is live then does.
  count = static_cast<std::int64_t>(cell.held);
  for (auto later = cell.used.lower_bound(turn); later != cell.used.end(); ++later) count += later->second;
  for (auto live = cell.live.upper_bound(turn); live != cell.live.end(); ++live) count += live->second;
  if (below()) found.free_at = turn;
  for (over = cell.live.upper_bound(turn); over != cell.live.end() && !below(); ++over) {
    count -= over->second;
    if (below()) found.free_at = over->first, found.provisional = true;
  }
}

TotalCount BudgetCounter::count(const TotalKey& key, std::uint32_t limit, UtcTime t) const {
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  const std::lock_guard lock(mutex_);
  TotalCount found;
  if (has_given_up_) {
    found.count = std::max(limit, 1U);
    return found;
  }
  const auto place = cells_.find(key);
  if (place != cells_.end()) found.count = static_cast<std::uint32_t>(std::min(most, state_of(place->second, t).count()));
  if (place != cells_.end() && found.count >= limit && limit > 0) find_end(place->second, limit, t, found);
  return found;
}

BudgetState BudgetCounter::state(const TotalKey& key, UtcTime t) const {
  const std::lock_guard lock(mutex_);
  const auto place = cells_.find(key);
  return place == cells_.end() ? BudgetState{} : state_of(place->second, t);
}

std::vector<std::pair<TotalKey, BudgetState>> BudgetCounter::states(UtcTime t) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<TotalKey, BudgetState>> all;
  for (auto& [key, cell] : cells_)
    if (const BudgetState state = state_of(cell, t); state.count() > 0) all.emplace_back(key, state);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return all;
}

void BudgetCounter::give_up() {
  const std::lock_guard lock(mutex_);
  has_given_up_ = true;
}

bool BudgetCounter::has_given_up() const {
  const std::lock_guard lock(mutex_);
  return has_given_up_;
}

bool Budgets::take(const CommitId& commit, std::vector<TokenAsk> asks, UtcTime t, UtcTime until) {
  if (asks.empty()) return true;
  std::sort(asks.begin(), asks.end(), [](const TokenAsk& a, const TokenAsk& b) { return a.counter != b.counter ? std::less<>()(a.counter.get(), b.counter.get()) : a.key < b.key; });
  std::vector<std::unique_lock<std::mutex>> locks;     // in one order everywhere: nobody waits in a circle
  for (std::size_t i = 0; i < asks.size(); ++i)
    if (i == 0 || asks[i].counter != asks[i - 1].counter) locks.emplace_back(asks[i].counter->mutex_);
  for (const TokenAsk& ask : asks) {
    if (ask.count_most == TokenAsk::always) continue;
    BudgetCounter& counter = *ask.counter;
    if (counter.has_given_up_ || counter.state_of(counter.cells_[ask.key], t).count() > ask.count_most) return false;
  }
  for (const TokenAsk& ask : asks) {
    BudgetCounter::Cell& cell = ask.counter->cells_[ask.key];
    cell.held += ask.amount;
    ask.counter->forget(cell, t - remembered);
  }
  const std::lock_guard lock(mutex_);
  held_.emplace(commit, Held{std::move(asks), until});
  return true;
}

std::optional<Budgets::Held> Budgets::take_out(const CommitId& commit) {
  const std::lock_guard lock(mutex_);
  const auto place = held_.find(commit);
  if (place == held_.end()) return std::nullopt;
  Held held = std::move(place->second);
  held_.erase(place);
  return held;
}

void Budgets::give_back(const CommitId& commit) {
  const auto held = take_out(commit);
  if (!held) return;
  for (const TokenAsk& ask : held->asks) {
    const std::lock_guard lock(ask.counter->mutex_);
    ask.counter->cells_[ask.key].held -= ask.amount;
  }
}

void Budgets::keep_until_over(const CommitId& commit) {
  const auto held = take_out(commit);
  if (!held) return;
  for (const TokenAsk& ask : held->asks) {
    const std::lock_guard lock(ask.counter->mutex_);
    ask.counter->cells_[ask.key].held -= ask.amount;
    ask.counter->add({0, true, ask.amount, held->until, ask.key}, 1);
  }
}

void Budgets::settle(const CommitId& commit, const Counters& counters, std::span<const TotalElement> before, std::span<const TotalElement> after) {
  const auto held = take_out(commit);
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const std::lock_guard lock(counters[i]->mutex_);
    for (const TotalElement& element : after)
      if (element.rule == i) counters[i]->add(element, 1);
    for (const TotalElement& element : before)
      if (element.rule == i) counters[i]->add(element, -1);
    if (!held) continue;
    for (const TokenAsk& ask : held->asks)
      if (ask.counter == counters[i]) counters[i]->cells_[ask.key].held -= ask.amount;
  }
}

void Budgets::add(const Counters& counters, std::span<const TotalElement> elements, int sign) {
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const std::lock_guard lock(counters[i]->mutex_);
    for (const TotalElement& element : elements)
      if (element.rule == i) counters[i]->add(element, sign);
  }
}

std::size_t Budgets::held_count() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

} // namespace takt
