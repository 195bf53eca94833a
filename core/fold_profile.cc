#include "core/fold_steps.h"
#include "core/limits.h"

#include <algorithm>
#include <tuple>

namespace takt::fold_steps {

namespace {

/// Removes the one with the smallest key; equal keys: the one that came first.
template <class T, class Key>
void drop_least(std::vector<T>& all, std::size_t size_max, Key key) {
  while (all.size() > size_max)
    all.erase(std::min_element(all.begin(), all.end(), [&](const T& a, const T& b) { return key(a) < key(b); }));
}

/// A refund can arrive before its order; it waits in an order of this time, which the order then replaces.
constexpr UtcTime unseen{};

UtcTime version_of(const Order& order) { return order.refunded_at.empty() ? order.at : std::max(order.at, order.refunded_at.back()); }

Order* find_order(CustomerRecord& record, Symbol order_id) {
  const auto found = std::find_if(record.orders.rbegin(), record.orders.rend(), [&](const Order& order) { return order.order_id == order_id; });
  return found == record.orders.rend() ? nullptr : &*found;
}

/// Takes quantities back. In an order not seen yet they wait as negative lines; a line without item stands for everything.
void take_back(Order& order, const std::vector<OrderLine>& returned, bool keep_unknown) {
  for (const OrderLine& back : returned) {
    const auto line = std::find_if(order.lines.begin(), order.lines.end(), [&](const OrderLine& known) { return known.item == back.item; });
    if (line != order.lines.end()) {
      line->quantity -= back.quantity;
    } else if (keep_unknown) {
      order.lines.push_back(back);
      order.lines.back().quantity = -back.quantity;
    }
  }
}

void return_everything(Order& order) {
  for (OrderLine& line : order.lines) line.quantity = 0;
}

} // namespace

void link(CustomerRecord& record, const LinkedIdentity& linked) {
  auto& all = record.identities;
  const auto known = std::find_if(all.begin(), all.end(), [&](const LinkedIdentity& other) { return other.identity == linked.identity; });
  if (known != all.end()) {
    known->since = std::min(known->since, linked.since);
    return;
  }
  all.push_back(linked);
  // Devices come and go; logins stay as long as they can.
  drop_least(all, limits::identities_max, [](const LinkedIdentity& other) { return std::tuple(other.identity.kind == IdentityKind::user, other.since); });
}

void unlink(CustomerRecord& record, const Identity& identity) {
  std::erase_if(record.identities, [&](const LinkedIdentity& linked) { return linked.identity == identity; });
}

void set_trait(CustomerRecord& record, const Trait& trait) {
  auto& all = record.traits;
  const auto place = std::lower_bound(all.begin(), all.end(), trait, [](const Trait& a, const Trait& b) { return a.name < b.name; });
  if (place != all.end() && place->name == trait.name) {
    if (trait.at >= place->at) *place = trait;
    return;
  }
  all.insert(place, trait);
  drop_least(all, limits::traits_max, [](const Trait& other) { return other.at; });
}

void set_consent(CustomerRecord& record, const Consent& consent) {
  auto& all = record.consents;
  const auto key = [](const Consent& one) { return std::tuple(one.purpose, one.channel); };
  const auto place = std::lower_bound(all.begin(), all.end(), consent, [&](const Consent& a, const Consent& b) { return key(a) < key(b); });
  if (place == all.end() || key(*place) != key(consent)) {
    all.insert(place, consent);
  } else if (consent.at > place->at) {
    *place = consent;
  } else if (consent.at == place->at) {
    place->granted = place->granted && consent.granted; // ties deny
  }
}

void set_zone(CustomerRecord& record, ZoneSpan zone) {
  auto& all = record.zones;
  auto after = std::upper_bound(all.begin(), all.end(), zone.from, [](UtcTime t, const ZoneSpan& span) { return t < span.from; });
  if (after != all.begin() && std::prev(after)->zone == zone.zone) return;
  if (after != all.begin() && std::prev(after)->from == zone.from) {
    all.erase(std::prev(after)); // two answers for one instant: the later observation stands
    set_zone(record, zone);
    return;
  }
  if (after != all.end() && after->zone == zone.zone) {
    after->from = zone.from; // an old report says that it was held earlier already
    return;
  }
  all.insert(after, zone);
  if (all.size() > limits::zones_max) all.erase(all.begin());
}

void put_order(CustomerRecord& record, const Order& order) {
  if (Order* known = find_order(record, order.order_id)) {
    // By its own time, not by arrival: a message that comes again after the dedupe window must not undo a refund.
    const bool waiting = known->at == unseen;
    if (!waiting && order.at <= version_of(*known)) return;
    Order next = order;
    next.refunded_at = known->refunded_at;
    if (waiting) {
      for (const OrderLine& line : known->lines) {
        if (line.item == Symbol::none) return_everything(next);
        OrderLine back = line;
        back.quantity = -line.quantity;
        take_back(next, {back}, false);
      }
    }
    *known = std::move(next);
    return;
  }
  record.orders.push_back(order);
  drop_least(record.orders, limits::orders_max, [](const Order& other) { return other.at; });
}

void refund(CustomerRecord& record, const op::Refund& refund) {
  Order* order = find_order(record, refund.order_id);
  if (order == nullptr) {
    Order waiting;
    waiting.order_id = refund.order_id;
    waiting.at = unseen;
    if (record.orders.size() >= limits::orders_max) return;
    record.orders.push_back(std::move(waiting));
    order = &record.orders.back();
  }
  auto& taken = order->refunded_at;
  const auto place = std::lower_bound(taken.begin(), taken.end(), refund.at);
  if (place != taken.end() && *place == refund.at) return; // the same refund again
  if (taken.size() >= limits::order_refunds_max) return;
  taken.insert(place, refund.at);
  const bool waiting = order->at == unseen;
  if (!refund.lines.empty()) {
    take_back(*order, refund.lines, waiting);
  } else if (waiting) {
    OrderLine everything;
    everything.quantity = -1;
    order->lines.push_back(everything);
  } else {
    return_everything(*order);
  }
}

void switch_fact(CustomerRecord& record, const op::SwitchFact& change) {
  auto& all = record.facts;
  auto fact = std::find_if(all.begin(), all.end(), [&](const Fact& known) { return known.name == change.name && known.key == change.key; });
  if (fact == all.end()) {
    all.push_back({change.name, change.key, change.source, {}});
    fact = std::prev(all.end());
  }
  auto& switches = fact->switches;
  const auto order = [](const Fact::Switch& one) { return std::tuple(one.at, one.on); };
  const auto place = std::lower_bound(switches.begin(), switches.end(), change.change,
                                      [&](const Fact::Switch& a, const Fact::Switch& b) { return order(a) < order(b); });
  if (place != switches.end() && order(*place) == order(change.change)) {
    place->expires_at = change.change.expires_at; // the same switch told again
  } else {
    const bool newest = place == switches.end();
    switches.insert(place, change.change);
    if (newest) fact->source = change.source;
    if (switches.size() > limits::fact_switches_max) switches.erase(switches.begin());
  }
  // Facts that are off leave first.
  drop_least(all, limits::facts_max, [](const Fact& known) { return std::tuple(known.switches.back().on, known.switches.back().at); });
}

void dismiss(CustomerRecord& record, const Dismissal& dismissal) {
  auto& all = record.dismissals;
  if (std::any_of(all.begin(), all.end(), [&](const Dismissal& known) { return known.id == dismissal.id; })) return;
  all.push_back(dismissal);
  if (all.size() <= limits::dismissals_max) return;
  std::erase_if(all, [&](const Dismissal& known) { return known.until && *known.until <= record.clock; });
  drop_least(all, limits::dismissals_max, [](const Dismissal& known) { return known.at; });
}

void mark_request(CustomerRecord& record, const RequestMark& mark) {
  auto& all = record.requests;
  std::erase_if(all, [&](const RequestMark& known) { return known.until <= record.clock || known.request == mark.request; });
  all.push_back(mark);
  drop_least(all, limits::requests_max, [](const RequestMark& known) { return known.until; });
}

} // namespace takt::fold_steps
