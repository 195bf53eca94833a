// What each field is, and where it is read: one table per owner.
#include "core/zone.h"
#include "engine/condition_program.h"
#include "engine/person.h"

#include <algorithm>
#include <span>

namespace takt {
namespace {

using Value = ScalarValue; // monostate = missing

Value number_or_missing(const std::optional<std::int64_t>& value, double unit) {
  return value ? Value(static_cast<double>(*value) / unit) : Value();
}
Value text_or_missing(std::string_view text) { return text.empty() ? Value() : Value(std::string(text)); }
Value amount_of(const std::optional<Money>& money) { return money ? Value(money->amount()) : Value(); }
Value currency_of(const std::optional<Money>& money) { return money ? text_or_missing(money->currency) : Value(); }

std::span<const Symbol> one(const Symbol& symbol) { return {&symbol, symbol == Symbol::none ? std::size_t{0} : std::size_t{1}}; }

struct ItemField {
  std::string_view name;
  FieldKind kind;
  Value (*read)(const Item& item);
  std::span<const Symbol> (*labels)(const CatalogueItem& item);
};
constexpr std::string_view attributes_prefix = "attributes.";
constexpr std::uint8_t attribute_row = 255;

const std::array<ItemField, 18>& item_fields() {
  using Row = const CatalogueItem&;
  static const std::array<ItemField, 18> table{{
      {"id", FieldKind::text, [](const Item& item) { return Value(item.id.text()); }, [](Row row) { return one(row.labels.item); }},
      {"kind", FieldKind::text, [](const Item& item) { return Value(item.kind); }, [](Row row) { return one(row.labels.kind); }},
      {"group", FieldKind::text, [](const Item& item) { return Value(item.group.empty() ? item.id.text() : item.group); }, [](Row row) { return one(row.labels.group); }},
      {"title", FieldKind::text, [](const Item& item) { return text_or_missing(item.title); }, nullptr},
      {"brand", FieldKind::text, [](const Item& item) { return text_or_missing(item.brand); }, [](Row row) { return one(row.labels.brand); }},
      {"category", FieldKind::path, [](const Item& item) { return item.category.empty() ? Value() : Value(item.category); }, [](Row row) { return std::span<const Symbol>(row.labels.category); }},
      {"tags", FieldKind::list, [](const Item& item) { return Value(item.tags); }, [](Row row) { return std::span<const Symbol>(row.labels.tags); }},
      {"campaign", FieldKind::text, [](const Item& item) { return text_or_missing(item.campaign); }, [](Row row) { return one(row.labels.campaign); }},
      {"purpose", FieldKind::text, [](const Item& item) { return text_or_missing(item.purpose); }, [](Row row) { return one(row.labels.purpose); }},
      {"price.amount", FieldKind::number, [](const Item& item) { return amount_of(item.price); }, nullptr},
      {"price.currency", FieldKind::text, [](const Item& item) { return currency_of(item.price); }, nullptr},
      {"list_price.amount", FieldKind::number, [](const Item& item) { return amount_of(item.list_price); }, nullptr},
      {"list_price.currency", FieldKind::text, [](const Item& item) { return currency_of(item.list_price); }, nullptr},
      {"value", FieldKind::number, [](const Item& item) { return number_or_missing(item.value_micros, 1e6); }, nullptr},
      {"stock", FieldKind::number, [](const Item& item) { return number_or_missing(item.stock, 1.0); }, nullptr},
      {"active", FieldKind::flag, [](const Item& item) { return Value(item.active); }, nullptr},
      {"channels", FieldKind::list, [](const Item& item) { return Value(item.channels); }, [](Row row) { return std::span<const Symbol>(row.channels); }},
      {"regions", FieldKind::list, [](const Item& item) { return Value(item.regions); }, nullptr},
  }};
  return table;
}

enum class Customer : std::uint8_t { trait, consent, locale, zone, account_group, known, sessions, days_since_last_activity, days_since_first_seen };
enum class Context : std::uint8_t { channel, placement, device, page_path, locale, timezone, hour, weekday };
struct Plain { std::string_view name; FieldKind kind; std::uint8_t row; };

constexpr std::uint8_t row_of(Customer row) { return static_cast<std::uint8_t>(row); }
constexpr std::uint8_t row_of(Context row) { return static_cast<std::uint8_t>(row); }
constexpr std::array<Plain, 7> customer_fields{{
    {"locale", FieldKind::text, row_of(Customer::locale)},
    {"zone", FieldKind::text, row_of(Customer::zone)},
    {"account_group", FieldKind::text, row_of(Customer::account_group)},
    {"known", FieldKind::flag, row_of(Customer::known)},
    {"sessions", FieldKind::number, row_of(Customer::sessions)},
    {"days_since_last_activity", FieldKind::number, row_of(Customer::days_since_last_activity)},
    {"days_since_first_seen", FieldKind::number, row_of(Customer::days_since_first_seen)},
}};
constexpr std::array<Plain, 8> context_fields{{
    {"channel", FieldKind::text, row_of(Context::channel)},
    {"placement", FieldKind::text, row_of(Context::placement)},
    {"device", FieldKind::text, row_of(Context::device)},
    {"page.path", FieldKind::text, row_of(Context::page_path)},
    {"locale", FieldKind::text, row_of(Context::locale)},
    {"timezone", FieldKind::text, row_of(Context::timezone)},
    {"hour", FieldKind::number, row_of(Context::hour)},
    {"weekday", FieldKind::text, row_of(Context::weekday)},
}};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::pair<std::string_view, Purpose>, 5> purposes{{
    {"marketing", Purpose::marketing}, {"profile", Purpose::profile}, {"frequency", Purpose::frequency}, {"analytics", Purpose::analytics}, {"service", Purpose::service}}};

struct Found { FieldKey key; FieldKind kind = FieldKind::text; std::string_view symbol_text; };

template <std::size_t n>
std::optional<Found> find_plain(FieldKey::Root root, std::string_view name, const std::array<Plain, n>& table) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Plain& field) { return field.name == name; });
  if (found == table.end()) return std::nullopt;
  return Found{{root, found->row, {}, {}, {}}, found->kind, {}};
}

std::optional<Found> find_item_field(FieldKey::Root root, std::string_view name) {
  if (name.starts_with(attributes_prefix)) {
    if (name.size() == attributes_prefix.size()) return std::nullopt;
    return Found{{root, attribute_row, std::string(name.substr(attributes_prefix.size())), {}, {}}, FieldKind::any, {}};
  }
  for (std::size_t row = 0; row < item_fields().size(); ++row)
    if (item_fields()[row].name == name) return Found{{root, static_cast<std::uint8_t>(row), {}, {}, {}}, item_fields()[row].kind, {}};
  return std::nullopt;
}

std::optional<Found> find_customer_field(std::string_view name) {
  constexpr std::string_view traits = "traits.", consent = "consent.";
  if (name.starts_with(traits) && name.size() > traits.size())
    return Found{{FieldKey::Root::customer, row_of(Customer::trait), std::string(name.substr(traits.size())), {}, {}}, FieldKind::any, {}};
  if (!name.starts_with(consent)) return find_plain(FieldKey::Root::customer, name, customer_fields);
  name.remove_prefix(consent.size());
  const std::string_view purpose_name = name.substr(0, name.find('.'));
  const std::string_view channel = purpose_name.size() < name.size() ? name.substr(purpose_name.size() + 1) : std::string_view{};
  const auto purpose = std::find_if(purposes.begin(), purposes.end(), [&](const auto& known) { return known.first == purpose_name; });
  if (purpose == purposes.end() || (purpose_name.size() < name.size() && channel.empty())) return std::nullopt;
  return Found{{FieldKey::Root::customer, row_of(Customer::consent), std::string(channel), {}, purpose->second}, FieldKind::flag, channel};
}

std::optional<Found> find_path(std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view owner = path.substr(0, dot), name = path.substr(dot + 1);
  if (owner == "item") return find_item_field(FieldKey::Root::item, name);
  if (owner == "anchor") return find_item_field(FieldKey::Root::anchor, name);
  if (owner == "customer") return find_customer_field(name);
  if (owner == "context") return find_plain(FieldKey::Root::context, name, context_fields);
  if (owner == "fact" && !name.empty()) return Found{{FieldKey::Root::fact, 0, std::string(name), {}, {}}, FieldKind::flag, name};
  return std::nullopt;
}

/// The zone that this call names, else the one that the journey had named last by t.
std::optional<Duration> local_offset(const ConditionInputs& inputs, UtcTime t) {
  if (inputs.context)
    if (const auto named = utc_offset_at(inputs.context->timezone, t)) return named;
  const auto& zones = inputs.record->zones;
  const auto last = std::find_if(zones.rbegin(), zones.rend(), [&](const ZoneSpan& span) { return span.from <= t; });
  return last == zones.rend() ? std::nullopt : utc_offset_at(inputs.symbols->name(last->zone), t);
}

Value days_since(std::optional<UtcTime> then, UtcTime t) {
  if (!then || *then > t) return {};
  return static_cast<double>(std::chrono::floor<std::chrono::days>(t - *then).count());
}

Value read_consent(const FieldKey& field, const ConditionInputs& inputs) {
  static const ConsentPolicy no_policy;
  static const RequestContext no_context;
  return consent_allows(*inputs.record, inputs.consent ? *inputs.consent : no_policy, inputs.context ? *inputs.context : no_context, field.purpose, field.symbol);
}

Value read_customer(const FieldKey& field, const ConditionInputs& inputs, UtcTime t) {
  const CustomerRecord& record = *inputs.record;
  switch (static_cast<Customer>(field.row)) { // what consent to `profile` is not needed for
  case Customer::consent: return read_consent(field, inputs);
  case Customer::locale: return text_or_missing(inputs.symbols->name(record.locale));
  case Customer::zone: {
    const auto last = std::find_if(record.zones.rbegin(), record.zones.rend(), [&](const ZoneSpan& span) { return span.from <= t; });
    return last == record.zones.rend() ? Value() : text_or_missing(inputs.symbols->name(last->zone));
  }
  case Customer::known:
    return std::any_of(record.identities.begin(), record.identities.end(), [](const LinkedIdentity& linked) { return linked.identity.kind == IdentityKind::user; });
  default: break;
  }
  if (!inputs.profile_allowed) return {};
  switch (static_cast<Customer>(field.row)) {
  case Customer::trait: {
    const auto trait = std::find_if(record.traits.begin(), record.traits.end(), [&](const Trait& one_of) { return one_of.name == field.name; });
    return trait == record.traits.end() ? Value() : parse_json_scalar(trait->value_json);
  }
  case Customer::account_group: return text_or_missing(inputs.symbols->name(record.account_group));
  case Customer::sessions: return static_cast<double>(session_at(record, t));
  case Customer::days_since_last_activity: return days_since(record.last_activity, t);
  case Customer::days_since_first_seen: return record.version == 0 ? Value() : days_since(record.founded_at, t);
  default: return {};
  }
}

Value read_context(const FieldKey& field, const ConditionInputs& inputs, UtcTime t) {
  const RequestContext* context = inputs.context;
  if (!context) return {};
  switch (static_cast<Context>(field.row)) {
  case Context::channel: return text_or_missing(inputs.channel != Symbol::none ? inputs.symbols->name(inputs.channel) : std::string_view(context->channel));
  case Context::placement: return text_or_missing(inputs.symbols->name(inputs.placement));
  case Context::device: return text_or_missing(context->device);
  case Context::page_path: return text_or_missing(context->page_path);
  case Context::locale: return text_or_missing(context->locale);
  case Context::timezone: return text_or_missing(context->timezone);
  case Context::hour:
  case Context::weekday: break;
  }
  const auto offset = local_offset(inputs, t);
  if (!offset) return {};
  const UtcTime wall = t + *offset; // a clock on the wall, in the clothes of an instant
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  if (static_cast<Context>(field.row) == Context::weekday) return std::string(weekday_names[std::chrono::weekday(day).c_encoding()]);
  return static_cast<double>(std::chrono::floor<std::chrono::hours>(wall - day).count());
}

/// When what was switched on ends by itself; none: never.
std::optional<UtcTime> lapse_of(const Fact& fact, const Fact::Switch& on, const ConditionInputs& inputs) {
  std::optional<UtcTime> lapse;
  for (const GatePolicy& gate : inputs.gates)
    if (gate.fact == fact.name) lapse = std::max(lapse.value_or(on.at + gate.ttl), on.at + gate.ttl);
  if (on.expires_at) lapse = std::min(lapse.value_or(*on.expires_at), *on.expires_at);
  return lapse;
}

/// The latest mark at or before t says; at the same instant "on" wins (semantics.md "Facts").
Value read_fact(const FieldKey& field, const ConditionInputs& inputs, UtcTime t) {
  for (const Fact& fact : inputs.record->facts) {
    if (fact.name != field.symbol || field.symbol == Symbol::none) continue;
    const Fact::Switch* latest = nullptr;
    for (const Fact::Switch& change : fact.switches)
      if (change.at <= t && (!latest || change.at > latest->at || (change.at == latest->at && change.on && !latest->on))) latest = &change;
    if (!latest || !latest->on) continue;
    const auto lapse = lapse_of(fact, *latest, inputs);
    if (!lapse || t < *lapse) return true;
  }
  return false;
}

const CatalogueItem* owner_of(const FieldKey& field, const ConditionInputs& inputs) {
  return field.root == FieldKey::Root::item ? inputs.item : inputs.anchor;
}

Value read_item(const FieldKey& field, const CatalogueItem* owner) {
  if (!owner) return {};
  if (field.row != attribute_row) return item_fields()[field.row].read(owner->item);
  const auto found = owner->item.attributes_json.find(field.name);
  return found == owner->item.attributes_json.end() ? Value() : parse_json_scalar(found->second);
}

/// The beginnings of those local hours (bit 0: midnight) in (t, last]. A day in which clocks change has the change as an edge too, found
/// to the millisecond.
void wall_clock_edges(const ConditionInputs& inputs, std::uint32_t hours_that_matter, UtcTime t, UtcTime last, std::vector<UtcTime>& out) {
  for (const ZoneSpan& span : inputs.record->zones)
    if (span.from > t && span.from <= last) out.push_back(span.from);
  const auto offset_at = [&](UtcTime at) { return local_offset(inputs, at).value_or(Duration{}); };
  UtcTime from = t;
  Duration offset = offset_at(from);
  while (from < last) {
    UtcTime to = std::min(from + days(1), last);
    const Duration offset_then = offset_at(to);
    if (offset_then != offset) { // between lies a change: halve until it is the next millisecond
      UtcTime before = from;
      while (to - before > Duration{1}) {
        const UtcTime middle = before + (to - before) / 2;
        (offset_at(middle) == offset ? before : to) = middle;
      }
      out.push_back(to);
    }
    auto wall_hour = std::chrono::floor<std::chrono::hours>(from + offset) + std::chrono::hours(1);
    for (; wall_hour - offset <= to; wall_hour += std::chrono::hours(1)) {
      const auto hour = (wall_hour - std::chrono::floor<std::chrono::days>(wall_hour)).count();
      if ((hours_that_matter >> hour & 1U) != 0) out.push_back(wall_hour - offset);
    }
    from = to;
    offset = offset_at(from);
  }
}

void fact_edges(const FieldKey& field, const ConditionInputs& inputs, std::vector<UtcTime>& out) {
  for (const Fact& fact : inputs.record->facts) {
    if (fact.name != field.symbol) continue;
    for (const Fact::Switch& change : fact.switches) {
      out.push_back(change.at);
      if (const auto lapse = lapse_of(fact, change, inputs)) out.push_back(*lapse);
    }
  }
}

void day_edges(std::optional<UtcTime> since, UtcTime t, UtcTime last, std::vector<UtcTime>& out) {
  if (!since) return;
  const auto passed = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::days>(t - *since).count());
  for (UtcTime edge = *since + days(passed); edge <= last; edge += days(1)) out.push_back(edge);
}

} // namespace

std::optional<FieldKind> condition_field_kind(std::string_view path) {
  const auto found = find_path(path);
  return found ? std::optional(found->kind) : std::nullopt;
}

std::optional<FieldKey> find_field(std::string_view path, SymbolTable& symbols, NewLabels new_labels) {
  auto found = find_path(path);
  if (!found) return std::nullopt;
  if (!found->symbol_text.empty()) found->key.symbol = new_labels == NewLabels::intern ? symbols.intern(found->symbol_text) : symbols.find(found->symbol_text);
  return std::move(found->key);
}

ScalarValue read_field(const FieldKey& field, const ConditionInputs& inputs, UtcTime t) {
  switch (field.root) {
  case FieldKey::Root::none: return {};
  case FieldKey::Root::item:
  case FieldKey::Root::anchor: return read_item(field, owner_of(field, inputs));
  case FieldKey::Root::customer: return read_customer(field, inputs, t);
  case FieldKey::Root::context: return read_context(field, inputs, t);
  case FieldKey::Root::fact: return read_fact(field, inputs, t);
  }
  return {};
}

std::optional<std::span<const Symbol>> field_labels(const FieldKey& field, const CatalogueItem& item) {
  if (!field.is_of_item() || field.row == attribute_row || !item_fields()[field.row].labels) return std::nullopt;
  return item_fields()[field.row].labels(item);
}

void field_edges(const FieldKey& field, const ConditionInputs& inputs, std::uint32_t hours_that_matter, UtcTime t, UtcTime last, std::vector<UtcTime>& out) {
  const CustomerRecord& record = *inputs.record;
  if (field.root == FieldKey::Root::fact) return fact_edges(field, inputs, out);
  if (field.root == FieldKey::Root::context) {
    if (field.row == row_of(Context::hour)) wall_clock_edges(inputs, hours_that_matter, t, last, out);
    if (field.row == row_of(Context::weekday)) wall_clock_edges(inputs, 1U, t, last, out);
  }
  if (field.root != FieldKey::Root::customer) return;
  if (field.row == row_of(Customer::days_since_last_activity)) day_edges(record.last_activity, t, last, out);
  if (field.row == row_of(Customer::days_since_first_seen)) day_edges(record.founded_at, t, last, out);
  if (field.row == row_of(Customer::zone))
    for (const ZoneSpan& span : record.zones) out.push_back(span.from);
  if (field.row == row_of(Customer::sessions))
    for (const SessionSpan& session : record.sessions) out.push_back(session.start);
}

} // namespace takt
