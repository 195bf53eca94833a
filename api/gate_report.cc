#include "api/gate_report.h"

#include "api/json/writer.h"
#include "engine/stage/timed_rules.h"

#include <algorithm>
#include <fmt/format.h>

namespace takt {
namespace {

struct Held {
  CustomerId customer;
  UtcTime since{}, until{};
  std::vector<std::string> keys;             ///< of the instances that are on
  bool operator<(const Held& other) const { return since != other.since ? since < other.since : customer < other.customer; }
};

std::vector<std::string> keys_on(const GatePolicy& gate, const CustomerRecord& record, const SymbolTable& symbols, UtcTime t) {
  std::vector<std::string> keys;
  for (const Fact& fact : record.facts) {
    if (fact.name != gate.fact || fact.key == Symbol::none) continue;
    CustomerRecord alone; // the one rule for what is on, asked of one instance
    alone.facts = {fact};
    GatePolicy without_cool_off = gate;
    without_cool_off.cool_off = Duration{};
    if (gate_holds(without_cool_off, alone, t)) keys.emplace_back(symbols.name(fact.key));
  }
  return keys;
}

struct Report {
  std::uint64_t scanned = 0, held = 0, held_longer = 0;
  std::vector<Held> longest;                 ///< ascending by since, at most named_max
  std::string next;

  void add(Held one, std::size_t named_max) {
    longest.insert(std::upper_bound(longest.begin(), longest.end(), one), std::move(one));
    if (longest.size() > named_max) longest.pop_back();
  }
};

std::string text_of(const Report& report, const GatePolicy& gate, const GateScan& scan, const SymbolTable& symbols, UtcTime now) {
  JsonWriter json;
  json.begin_object().field("gate", gate.id).field("fact", symbols.name(gate.fact)).field("at", now).field("longer_than", format_duration(scan.longer_than));
  json.field("scanned", report.scanned).field("held", report.held).field("held_longer", report.held_longer).key("data").begin_array();
  for (const Held& one : report.longest) {
    json.begin_object().field("customer_id", to_text(one.customer)).field("since", one.since).field("until", one.until).key("keys").begin_array();
    for (const std::string& key : one.keys) json.text(key);
    json.end_array().end_object();
  }
  json.end_array().field_or_null("next_cursor", report.next).end_object();
  return json.take();
}

} // namespace

std::optional<UtcTime> gate_since(const GatePolicy& gate, const CustomerRecord& record, UtcTime t) {
  if (!gate_holds(gate, record, t)) return std::nullopt;
  Edges edges;
  gate_edges(gate, record, edges);
  std::sort(edges.begin(), edges.end());
  // Between edges nothing changes, so the run begins at the latest edge before which the gate did not hold.
  for (auto edge = edges.rbegin(); edge != edges.rend(); ++edge)
    if (*edge <= t && !gate_holds(gate, record, *edge - Duration{1})) return *edge;
  return t; // not reached: before the first edge nothing is on
}

Result<std::string> gated_customers(App& app, std::string_view gate_id, const GateScan& scan) {
  const WorldPtr world = app.world();
  const auto& gates = world->policy().gates;
  const auto gate = std::find_if(gates.begin(), gates.end(), [&](const GatePolicy& one) { return one.id == gate_id; });
  if (gate == gates.end()) return fail(ErrorCode::not_found, fmt::format("the policy has no gate \"{}\"", gate_id));
  CustomerId after;
  if (!scan.after.empty()) {
    auto parsed = parse_customer_id(scan.after);
    if (!parsed) return fail_at("/cursor", "is not one that an earlier page gave");
    after = *parsed;
  }
  const UtcTime now = app.clock().utc_now();
  Report report;
  Status status;
  TAKT_TRY_VOID(app.store().records().for_each_customer([&](CustomerId customer) {
    if (customer <= after) return true;
    if (report.scanned == scan.customers_max) { // there is one more
      report.next = to_text(after);
      return false;
    }
    after = customer;
    ++report.scanned;
    auto record = app.store().records().read(customer, Deadline{});
    if (!record) status = tl::unexpected(record.error());
    if (!status || (*record)->version == 0 || (*record)->sealed_into) return status.has_value();
    const UtcTime t = std::max(now, (*record)->clock);
    const auto since = gate_since(*gate, **record, t);
    if (!since) return true;
    ++report.held;
    if (t - *since < scan.longer_than) return true;
    ++report.held_longer;
    report.add({customer, *since, gate_end(*gate, **record, t), keys_on(*gate, **record, *world->symbols, t)}, scan.named_max);
    return true;
  }));
  TAKT_TRY_VOID(std::move(status));
  return text_of(report, *gate, scan, *world->symbols, now);
}

} // namespace takt
