#include "api/json/codecs.h"
#include "api/json/condition_reader.h"
#include "api/json/deep_document.h"
#include "api/json/fields.h"
#include "api/json/names.h"
#include "api/json/writer.h"

#include <algorithm>
#include <cctype>

namespace takt {

namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t category_depth_max = 10;
constexpr std::size_t list_values_max = 100;
constexpr std::size_t attributes_max = 100;

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::optional<Money> read_money(Fields& item, std::string_view key, const ItemContext& context) {
  const auto value = item.take(key);
  if (!value) return std::nullopt;
  Fields fields(*value, item.pointer(key), item.complaints());
  Money money;
  const auto micros = fields.micros("amount");
  fields.need("amount", micros.has_value());
  money.micros = micros.value_or(0);
  money.currency = fields.text("currency", 3).value_or(context.account_currency);
  if (!is_currency(money.currency)) fields.complain("currency", "must be three capital letters (ISO 4217)");
  else if (money.currency != context.account_currency && !context.rates.contains(money.currency))
    fields.complain("currency", "no_rate: takt.toml has no rate for " + money.currency);
  fields.finish();
  return money;
}

/// A link ends in the pages of a shop: no scheme that a browser would run.
std::string read_url(Fields& fields, std::string_view key) {
  const std::string url = fields.text(key, url_bytes_max).value_or("");
  std::string scheme;
  for (const char c : url.substr(0, url.find(':'))) scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const bool relative = url.starts_with('/') || url.find(':') == std::string::npos;
  const bool absolute = url.find("://") == scheme.size() && scheme != "javascript" && scheme != "data" && scheme != "vbscript";
  const bool blank = url.find_first_of(" \t\r\n") != std::string::npos;
  if (!url.empty() && ((!relative && !absolute) || blank)) fields.complain(key, "must be a link: https://… or /…");
  return url;
}

void read_languages(Fields& item, Item& result) {
  const auto value = item.take("i18n");
  if (!value) return;
  if (!value->is(JsonKind::object) || value->size() > list_values_max) {
    item.complain("i18n", "must be an object: language → {\"title\"}");
    return;
  }
  for (const JsonMember member : value->members()) {
    Fields fields(member.value, pointer_to(item.pointer("i18n"), member.key), item.complaints());
    const auto title = fields.text("title", limits::item_title_bytes_max);
    if (member.key.empty() || objection_to_text(member.key, 35)) item.complain("i18n", "a language is a short tag like de or de-AT"); // RFC 5646: 35
    else if (title) result.title_by_language[std::string(member.key)] = *title;
    fields.finish();
  }
}

void read_attributes(Fields& item, Item& result) {
  const auto value = item.take("attributes");
  if (!value) return;
  if (!value->is(JsonKind::object) || value->size() > attributes_max) {
    item.complain("attributes", "must be an object of at most " + std::to_string(attributes_max) + " names");
    return;
  }
  for (const JsonMember member : value->members()) {
    const std::string pointer = pointer_to(item.pointer("attributes"), member.key);
    if (member.key.empty() || objection_to_text(member.key, limits::id_bytes_max)) item.complaints().add(pointer, "is no name");
    else if (!member.value.is_scalar()) item.complaints().add(pointer, "must be text, a number, true, false or null");
    else if (member.value.source().size() > limits::text_bytes_max) item.complaints().add(pointer, "is too long");
    else result.attributes_json[std::string(member.key)] = member.value.source();
  }
}

void read_availability(Fields& fields, Item& item, const ItemContext& context) {
  if (const auto stock = fields.natural("stock", 0, 1'000'000'000'000)) item.stock = static_cast<std::int64_t>(*stock);
  item.active = fields.flag("active").value_or(true);
  item.starts_at = fields.time("starts_at");
  item.ends_at = fields.time("ends_at");
  if (item.starts_at && item.ends_at && *item.ends_at <= *item.starts_at) fields.complain("ends_at", "must be after starts_at");
  item.added_at = fields.time("added_at").value_or(context.now);
  item.channels = fields.texts("channels", list_values_max);
  item.regions = fields.texts("regions", list_values_max);
  item.audience = read_audience(fields, "audience");
}

} // namespace

Result<Item> parse_item(std::string_view json, const ItemContext& context) {
  JsonDocument document;
  TAKT_TRY_VOID(parse_own_document(document, json));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  Item item;
  if (const auto type = fields.text("type"); type && *type != "item") fields.complain("type", "must be item");
  const auto id = fields.id<struct ItemTag>("id");
  fields.need("id", id.has_value());
  if (id) item.id = *id;
  item.kind = fields.text("kind", limits::id_bytes_max).value_or("product");
  if (item.kind.empty()) fields.complain("kind", "must not be empty");
  item.group = fields.text("group", limits::id_bytes_max).value_or("");
  item.title = fields.text("title", limits::item_title_bytes_max).value_or("");
  item.url = read_url(fields, "url");
  item.image = read_url(fields, "image");
  item.category = fields.texts("category", category_depth_max);
  item.brand = fields.text("brand", limits::id_bytes_max).value_or("");
  item.tags = fields.texts("tags", list_values_max);
  item.campaign = fields.text("campaign", limits::id_bytes_max).value_or("");
  item.purpose = fields.text("purpose").value_or("marketing");
  if (!parse_purpose(item.purpose)) fields.complain("purpose", "must be one of " + std::string(purpose_names));
  item.price = read_money(fields, "price", context);
  item.list_price = read_money(fields, "list_price", context);
  item.value_micros = fields.micros("value");
  item.aliases = fields.texts("aliases", list_values_max);
  read_availability(fields, item, context);
  read_languages(fields, item);
  read_attributes(fields, item);
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return item;
}

namespace {

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

void write_money(JsonWriter& json, std::string_view key, const std::optional<Money>& money) {
  json.key(key);
  if (!money) json.null();
  else json.begin_object().field("amount", format_micros(money->micros)).field("currency", money->currency).end_object();
}

} // namespace

std::string write_item(const Item& item) {
  JsonWriter json;
  json.begin_object().field("type", "item").field("id", item.id.text()).field("kind", item.kind).field_or_null("group", item.group);
  json.field("title", item.title).field_or_null("url", item.url).field_or_null("image", item.image);
  write_texts(json, "category", item.category);
  json.field_or_null("brand", item.brand);
  write_texts(json, "tags", item.tags);
  json.field_or_null("campaign", item.campaign).field("purpose", item.purpose);
  write_money(json, "price", item.price);
  write_money(json, "list_price", item.list_price);
  json.key("value");
  if (item.value_micros) json.text(format_micros(*item.value_micros));
  else json.null();
  json.field("stock", item.stock).field("active", item.active).field("starts_at", item.starts_at).field("ends_at", item.ends_at);
  write_texts(json, "channels", item.channels);
  write_texts(json, "regions", item.regions);
  json.key("audience");
  if (item.audience) write_audience_of(json, *item.audience);
  else json.null();
  write_texts(json, "aliases", item.aliases);
  json.key("i18n").begin_object();
  for (const auto& [language, title] : item.title_by_language) json.key(language).begin_object().field("title", title).end_object();
  json.end_object().key("attributes").begin_object();
  for (const auto& [name, value] : item.attributes_json) json.key(name).raw(value);
  json.end_object().field("added_at", item.added_at).end_object();
  return json.take();
}

} // namespace takt
