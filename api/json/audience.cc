#include "api/json/codecs.h"
#include "api/json/condition_reader.h"
#include "api/json/deep_document.h"
#include "api/json/writer.h"

#include <algorithm>

namespace takt {

namespace {

/// "u1" → "user:u1": one spelling, so that a list can be searched. "" = not a customer's name.
std::string spelled_out(const std::string& name) {
  constexpr std::string_view by_id = "id:";
  if (name.starts_with("user:") || name.starts_with("anon:")) return name.size() > 5 ? name : "";
  if (!name.starts_with(by_id)) return "user:" + name;
  return parse_customer_id(name.substr(by_id.size())) ? name : "";
}

void read_customers(Fields& fields, Audience& audience) {
  const auto names = fields.texts("customers", limits::audience_members_max, limits::id_bytes_max);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name = spelled_out(names[i]);
    if (name.empty()) fields.complaints().add(pointer_to(fields.pointer("customers"), i), "must be a user id, user:…, anon:… or id:c-…");
    else audience.customers.push_back(std::move(name));
  }
  std::sort(audience.customers.begin(), audience.customers.end());
  audience.customers.erase(std::unique(audience.customers.begin(), audience.customers.end()), audience.customers.end());
}

} // namespace

Result<Audience> parse_audience(std::string_view json) {
  JsonDocument document;
  TAKT_TRY_VOID(parse_own_document(document, json));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  Audience audience;
  if (const auto type = fields.text("type"); type && *type != "audience") fields.complain("type", "must be audience");
  audience.id = fields.text("id", limits::id_bytes_max).value_or("");
  if (fields.has("id") && audience.id.empty()) fields.complain("id", "must not be empty");
  fields.need("id", !audience.id.empty());
  audience.title = fields.text("title", limits::item_title_bytes_max).value_or("");
  const bool is_list = fields.has("customers");
  if (const auto condition = fields.take("condition")) {
    audience.condition = read_condition(*condition, fields.pointer("condition"), complaints, ConditionUse::audience);
    if (is_list) fields.complain("customers", "an audience is a condition or a list, not both");
  } else if (!is_list) {
    fields.complain("condition", "is missing: give a condition, or a list of customers");
  }
  read_customers(fields, audience);
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return audience;
}

std::string write_audience(const Audience& audience) {
  JsonWriter json;
  json.begin_object().field("type", "audience").field("id", audience.id);
  if (!audience.title.empty()) json.field("title", audience.title);
  if (audience.condition) {
    json.key("condition");
    write_condition(json, *audience.condition);
  } else {
    json.key("customers").begin_array();
    for (const std::string& name : audience.customers) json.text(name);
    json.end_array();
  }
  json.end_object();
  return json.take();
}

} // namespace takt
