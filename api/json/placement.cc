#include "api/json/codecs.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "core/ledger.h"
#include "core/money.h"

namespace takt {

namespace {

constexpr std::size_t list_values_max = 50;

/// Nobody asks for a mail the way a page asks for its content: messages and people may stay silent unless told otherwise.
bool hold_by_default(std::string_view channel) { return medium_of(channel) != Medium::screen; }

/// A mail waits in a queue, a push for a network; a page shows at once (contract.md §5).
Duration reservation_by_default(std::string_view channel) {
  if (channel == "email") return hours(48);
  if (channel == "push") return hours(2);
  return minutes(10);
}

std::vector<Source> read_sources(Fields& fields) {
  std::vector<Source> sources;
  for (const auto& [value, pointer] : fields.list("sources", list_values_max)) {
    const auto source = value.is(JsonKind::string) ? parse_source(value.text()) : std::nullopt;
    if (source) sources.push_back(*source);
    else fields.complaints().add(pointer, "is not a source of candidates");
  }
  return sources;
}

} // namespace

Result<Placement> parse_placement(std::string_view json) {
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(json));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  Placement placement;
  if (const auto type = fields.text("type"); type && *type != "placement") fields.complain("type", "must be placement");
  const auto id = fields.id<struct PlacementTag>("id");
  fields.need("id", id.has_value());
  if (id) placement.id = *id;
  placement.channel = fields.text("channel", limits::id_bytes_max).value_or("web");
  if (placement.channel.empty()) fields.complain("channel", "must not be empty");
  placement.slots = static_cast<std::uint32_t>(fields.natural("slots", 1, limits::slots_max).value_or(1));
  placement.mode = fields.choice<PlacementMode>("mode", {{"promote", PlacementMode::promote}, {"organic", PlacementMode::organic}}).value_or(PlacementMode::promote);
  placement.kinds = fields.texts("kinds", list_values_max);
  placement.sources = read_sources(fields);
  if (fields.has("fields")) placement.fields = fields.texts("fields", list_values_max);
  else fields.take("fields");
  placement.contact_cost_micros = fields.micros("contact_cost").value_or(0);
  placement.hold = fields.flag("hold").value_or(hold_by_default(placement.channel));
  placement.reservation_ttl = fields.duration("reservation_ttl", seconds(1), days(30)).value_or(reservation_by_default(placement.channel));
  placement.deadline = fields.duration("deadline", Duration{1}, seconds(30)).value_or(Duration{50});
  placement.fallback = fields.ids<struct ItemTag>("fallback", limits::slots_max);
  placement.variants = fields.flag("variants").value_or(false);
  if (const auto response = fields.text("response"); response && *response != "click") {
    if (*response == "order") fields.complaints().add_not_built(fields.pointer("response"), "an order as the response is not built yet");
    else fields.complain("response", "must be click or order");
  }
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return placement;
}

std::string write_placement(const Placement& placement) {
  JsonWriter json;
  json.begin_object().field("type", "placement").field("id", placement.id.text()).field("channel", placement.channel);
  json.field("slots", placement.slots).field("mode", placement.mode == PlacementMode::promote ? "promote" : "organic");
  json.key("kinds").begin_array();
  for (const std::string& kind : placement.kinds) json.text(kind);
  json.end_array().key("sources").begin_array();
  for (const Source source : placement.sources) json.text(to_text(source));
  json.end_array().key("fields").begin_array();
  for (const std::string& field : placement.fields) json.text(field);
  json.end_array().field("contact_cost", format_micros(placement.contact_cost_micros)).field("hold", placement.hold);
  json.field("reservation_ttl", format_duration(placement.reservation_ttl)).field("deadline", format_duration(placement.deadline));
  json.key("fallback").begin_array();
  for (const ItemId& item : placement.fallback) json.text(item.text());
  json.end_array().field("variants", placement.variants).end_object();
  return json.take();
}

} // namespace takt
