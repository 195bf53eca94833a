// Parting two people that were taken for one: whom a stored event names, read as the border reads it.
#include "api/app.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "engine/unmerge.h"

namespace takt {
namespace {

/// Events that share a journal entry name the same identities (engine/ingest_batch.cc), so the first line speaks for all.
std::vector<Identity> identities_of(std::string_view raw) {
  std::vector<Identity> named;
  JsonDocument document;
  if (!document.parse(raw.substr(0, raw.find('\n'))) && !document.parse(raw)) return named;
  if (!document.root().is(JsonKind::object)) return named;
  const auto add = [&](std::string_view field, IdentityKind kind) {
    const auto value = document.root().find(field);
    if (value && value->is(JsonKind::string) && !value->text().empty()) named.push_back({kind, std::string(value->text())});
  };
  add("userId", IdentityKind::user);
  add("anonymousId", IdentityKind::anonymous);
  return named;
}

} // namespace

Result<std::string> App::unmerge(std::string_view customer, std::string_view body) {
  TAKT_TRY(survivor, find_customer(customer));
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(body));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  const std::string text = fields.text("customer_id", limits::id_bytes_max).value_or("");
  const auto absorbed = parse_customer_id(text);
  if (!absorbed) fields.complain("customer_id", "must be the id of a merged customer, \"c-…\", as GET /api/v1/customers/{id} lists them under merged");
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  TAKT_TRY(parted, unmerge_customers(*store_, survivor, *absorbed, clock_.utc_now(), identities_of));
  JsonWriter json;
  json.begin_object().field("customer_id", to_text(parted.survivor)).field("restored", to_text(parted.restored)).end_object();
  return json.take();
}

} // namespace takt
