#include "engine/train/interactions.h"

#include "core/evidence.h"
#include "core/hash.h"
#include "core/limits.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace takt {
namespace {

/// Less is an accident (features/intent.h).
constexpr double evidence_min = 0.1;

constexpr double evidence_of_purchase = evidence_of(JourneyKind::purchase);

struct Look {
  UtcTime at{};
  Symbol item = Symbol::none;
  double evidence = 0;
  double intent = 0;                                   ///< P(intended)
};

/// One customer's part of the journal.
struct Journeys {
  bool is_bot = false;
  std::vector<Look> looks;
  std::map<Symbol, Order> orders;
};

void take_back(Journeys& journeys, const op::Refund& refund) {
  const auto order = journeys.orders.find(refund.order_id);
  if (order == journeys.orders.end()) return;
  if (refund.lines.empty()) order->second.lines.clear();
  for (const OrderLine& back : refund.lines)
    for (OrderLine& line : order->second.lines)
      if (line.item == back.item) line.quantity -= back.quantity;
}

/// A dwell time is judged by what is known of them now; the rest was weighed when it came.
double weight_of(const JourneyEvent& event, const IntentModel& intent) {
  return may_be_accidental(event.kind) && event.dwell_ms ? intent.of(event.dwell_ms, event.device) : static_cast<double>(event.weight);
}

void read_entry(const JournalEntry& entry, const IntentModel& intent, Journeys& journeys) {
  for (const Operation& operation : entry.delta.operations) {
    if (const auto* found = std::get_if<op::Found>(&operation)) {
      journeys.is_bot = journeys.is_bot || found->is_bot;
    } else if (const auto* journey = std::get_if<op::Journey>(&operation)) {
      const JourneyEvent& event = journey->event;
      // Purchases come from the orders, where refunds are known.
      const double weight = event.kind == JourneyKind::purchase ? 0 : weight_of(event, intent), evidence = evidence_of(event.kind) * weight;
      if (event.item != Symbol::none && evidence > 0) journeys.looks.push_back({event.at, event.item, evidence, weight});
    } else if (const auto* put = std::get_if<op::PutOrder>(&operation)) {
      journeys.orders[put->order.order_id] = put->order;
    } else if (const auto* refund = std::get_if<op::Refund>(&operation)) {
      take_back(journeys, *refund);
    }
    // Absorb is left out: the sealed record has a journal of its own, and that is read too.
  }
}

class Collector {
public:
  Collector(UtcTime now, std::size_t kept_max) : now_(now), kept_max_(kept_max) {}

  void add(CustomerId customer, Journeys& journeys) {
    if (journeys.is_bot) {
      ++all_.bots;
      return;
    }
    ++all_.customers;
    const std::uint64_t hash = mix64(customer.value, 0);
    const bool kept = hash <= kept_hash_max_;
    add_looks(journeys.looks, kept);
    add_orders(journeys.orders, kept);
    if (kept) {
      kept_.push_back({hash, all_.views.size(), all_.purchases.size(), all_.acts.size()});
      ++all_.customers_kept;
    }
    while (all_.views.size() + all_.purchases.size() + all_.acts.size() > kept_max_ && kept_hash_max_ > 0) halve();
  }
  Interactions take() { return std::move(all_); }

private:
  /// A customer whose occurrences are kept, and where they end.
  struct Kept {
    std::uint64_t hash = 0;
    std::size_t views_end = 0, purchases_end = 0, acts_end = 0;
  };

  std::uint32_t count(Symbol item, UtcTime at, double evidence) {
    const auto symbol = static_cast<std::size_t>(item);
    if (symbol >= local_.size()) local_.resize(symbol + symbol / 4 + 1, 0);
    if (local_[symbol] == 0) {
      all_.items.push_back(item);
      all_.slow.push_back(0);
      all_.fast.push_back(0);
      local_[symbol] = static_cast<std::uint32_t>(all_.items.size());
    }
    const std::uint32_t index = local_[symbol] - 1;
    const double age = static_cast<double>(std::max((now_ - at).count(), std::int64_t{0}));
    all_.slow[index] += evidence * std::exp2(-age / static_cast<double>(popular_half_life.count()));
    all_.fast[index] += evidence * std::exp2(-age / static_cast<double>(trending_half_life.count()));
    all_.first = all_.last == UtcTime{} ? at : std::min(all_.first, at);
    all_.last = std::max(all_.last, at);
    return index;
  }

  static std::uint32_t seconds_of(UtcTime at) { return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms_of(at) / 1000, 0, UINT32_MAX)); }

  Interaction act_of(std::uint32_t item, double evidence, UtcTime at) const {
    return {static_cast<std::uint32_t>(all_.customers_kept), item, static_cast<float>(evidence / evidence_of_purchase), ms_of(at) / 1000};
  }

  /// Sessions are cut anew, by time: what the fold stamped follows the order of arrival.
  void add_looks(std::vector<Look>& looks, bool kept) {
    std::stable_sort(looks.begin(), looks.end(), [](const Look& a, const Look& b) { return a.at < b.at; });
    std::vector<std::uint32_t> in_session;
    UtcTime before{};
    for (const Look& look : looks) {
      ++all_.events;
      const std::uint32_t item = count(look.item, look.at, look.evidence);
      if (!kept || look.intent <= evidence_min) continue;
      all_.acts.push_back(act_of(item, look.evidence, look.at));
      if (in_session.empty() || look.at - before >= limits::session_silence) {
        in_session.clear();
        ++sessions_;
      }
      before = look.at;
      const auto weight = static_cast<float>(look.intent);
      if (const auto again = std::find(in_session.begin(), in_session.end(), item); again != in_session.end()) {
        BasketItem& same = *(all_.views.end() - (in_session.end() - again));
        same.weight = std::max(same.weight, weight);
        continue;
      }
      if (in_session.size() >= views_per_session_max) continue;
      in_session.push_back(item);
      all_.views.push_back({item, sessions_, sessions_, seconds_of(look.at), weight});
    }
  }

  void add_orders(const std::map<Symbol, Order>& orders, bool kept) {
    std::vector<BasketItem> lines;
    for (const auto& [id, order] : orders) {
      ++baskets_;
      const std::size_t begin = lines.size();
      for (const OrderLine& line : order.lines) {
        if (line.item == Symbol::none || line.quantity <= 0) continue; // returned
        ++all_.lines;
        const std::uint32_t item = count(line.item, order.at, evidence_of_purchase);
        if (kept) all_.acts.push_back(act_of(item, evidence_of_purchase, order.at));
        const auto same = [&](const BasketItem& o) { return o.item == item; };
        if (std::none_of(lines.begin() + static_cast<std::ptrdiff_t>(begin), lines.end(), same))
          lines.push_back({item, 0, baskets_, seconds_of(order.at), 1});
      }
    }
    if (!kept || lines.empty()) return;
    ++buyers_;
    for (BasketItem& line : lines) line.owner = buyers_;
    std::stable_sort(lines.begin(), lines.end(), [](const BasketItem& a, const BasketItem& b) { return a.at_seconds < b.at_seconds; });
    const std::size_t newest = std::min(lines.size(), lines_per_customer_max);
    all_.purchases.insert(all_.purchases.end(), lines.end() - static_cast<std::ptrdiff_t>(newest), lines.end());
  }

  void halve() {
    kept_hash_max_ /= 2;
    std::vector<Kept> kept;
    std::size_t views = 0, purchases = 0, acts = 0, views_begin = 0, purchases_begin = 0, acts_begin = 0;
    const auto move_down = [](auto& all, std::size_t begin, std::size_t end, std::size_t to) {
      std::copy(all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end), all.begin() + static_cast<std::ptrdiff_t>(to));
      return to + (end - begin);
    };
    for (const Kept& one : kept_) {
      if (one.hash <= kept_hash_max_) {
        views = move_down(all_.views, views_begin, one.views_end, views);
        purchases = move_down(all_.purchases, purchases_begin, one.purchases_end, purchases);
        acts = move_down(all_.acts, acts_begin, one.acts_end, acts);
        kept.push_back({one.hash, views, purchases, acts});
      }
      views_begin = one.views_end;
      purchases_begin = one.purchases_end;
      acts_begin = one.acts_end;
    }
    all_.views.resize(views);
    all_.purchases.resize(purchases);
    all_.acts.resize(acts);
    kept_ = std::move(kept);
  }

  UtcTime now_;
  std::size_t kept_max_;
  Interactions all_;
  std::vector<std::uint32_t> local_;                   ///< symbol → index + 1
  std::vector<Kept> kept_;
  std::uint64_t kept_hash_max_ = UINT64_MAX;
  std::uint32_t sessions_ = 0, baskets_ = 0, buyers_ = 0;
};

} // namespace

Result<Interactions> read_interactions(Store& store, const IntentModel& intent, UtcTime now, const std::function<void(double)>& progress, std::size_t kept_max) {
  std::vector<CustomerId> customers;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    customers.push_back(customer);
    return true;
  }));
  Collector collector(now, kept_max);
  constexpr std::size_t report_every = 1024;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    Journeys journeys;
    Version first = 0;
    TAKT_TRY_VOID(store.journal().scan(customers[i], 0, [&](const JournalEntry& entry) {
      if (first == 0) first = entry.version;
      if (entry.delta.clock > now) return true;
      read_entry(entry, intent, journeys);
      return !journeys.is_bot;
    }));
    if (first > 1) { // the entry that says so is past its retention
      TAKT_TRY(record, store.records().read(customers[i], Deadline{}));
      journeys.is_bot = journeys.is_bot || record->is_bot;
    }
    collector.add(customers[i], journeys);
    if (i % report_every == 0) progress(static_cast<double>(i) / static_cast<double>(customers.size()));
  }
  return collector.take();
}

} // namespace takt
