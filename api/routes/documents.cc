// Items, placements, audiences and configured features: put, patch, read, delete, list; and a whole catalogue at once.
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

constexpr std::size_t import_bytes_max = std::size_t{64} << 20; // some 100,000 items; larger catalogues: takt import
constexpr std::size_t rejects_listed_max = 1000;

struct Kind { const char* name; const char* path; };
constexpr Kind kinds[]{{"item", "/api/v1/items"}, {"placement", "/api/v1/placements"}, {"feature", "/api/v1/features"}, {"audience", "/api/v1/audiences"}};

Result<std::uint64_t> put_document(App& app, std::string_view kind, std::string_view json, std::string_view id, std::optional<std::uint64_t> expected) {
  if (kind == "item") return app.put_item(json, id, expected);
  if (kind == "audience") return app.put_audience(json, id, expected);
  return kind == "feature" ? app.put_feature(json, id, expected) : app.put_placement(json, id, expected);
}

/// A write that expected another version: 412 with the present one.
HttpResponse written(App& app, std::string_view kind, const std::string& id, Result<std::uint64_t> version) {
  if (!version && version.error().code == ErrorCode::conflict) {
    auto now = app.store().documents().get(kind, id);
    return stale_answer(now && *now ? (*now)->version : 0);
  }
  if (!version) return refuse(version.error());
  auto document = app.document(kind, id);
  HttpResponse response = json_answer(document ? document->json : "{}");
  response.headers.emplace_back("ETag", etag_of(*version));
  return response;
}

HttpResponse put(App& app, std::string_view kind, const HttpRequest& http) {
  auto expected = expected_version(http);
  if (!expected) return refuse(expected.error());
  const std::string& id = http.parameter("id");
  return written(app, kind, id, put_document(app, kind, http.body, id, *expected));
}

/// JSON Merge Patch (RFC 7396) of what is there.
Result<std::string> patched(const Document& document, const std::string& patch) {
  JsonDocument checked; // bounds the depth: the library below recurses
  TAKT_TRY_VOID(checked.parse(patch));
  if (!checked.root().is(JsonKind::object)) return fail_at("", "a merge patch is an object");
  nlohmann::ordered_json merged = nlohmann::ordered_json::parse(document.json, nullptr, false);
  const nlohmann::ordered_json change = nlohmann::ordered_json::parse(patch, nullptr, false);
  if (merged.is_discarded() || change.is_discarded()) return fail(ErrorCode::malformed, "the patch is not JSON");
  merged.merge_patch(change);
  return merged.dump();
}

HttpResponse patch(App& app, std::string_view kind, const HttpRequest& http) {
  auto expected = expected_version(http);
  if (!expected) return refuse(expected.error());
  const std::string& id = http.parameter("id");
  auto before = app.document(kind, id);
  if (!before) return refuse(before.error());
  if (*expected && **expected != before->version) return stale_answer(before->version);
  auto json = patched(*before, http.body);
  if (!json) return refuse(json.error());
  return written(app, kind, id, put_document(app, kind, *json, id, before->version));
}

HttpResponse remove(App& app, std::string_view kind, const HttpRequest& http) {
  auto expected = expected_version(http);
  if (!expected) return refuse(expected.error());
  const std::string& id = http.parameter("id");
  auto version = app.delete_document(kind, id, *expected);
  if (!version && !version.error().fields.empty()) return refuse(version.error()); // somebody needs it: 409 names who
  if (!version) return written(app, kind, id, std::move(version));
  HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  return response;
}

/// Whoever sees no people sees how many an imported list names.
void hide_people(std::string_view kind, const Caller& caller, Document& document) {
  if (kind != "audience" || may(caller.role, Need::people)) return;
  auto json = nlohmann::ordered_json::parse(document.json, nullptr, false);
  const auto customers = json.find("customers");
  if (customers == json.end()) return;
  json["customers_hidden"] = customers->size();
  json.erase("customers");
  document.json = json.dump();
}

HttpResponse list(App& app, std::string_view kind, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"limit", "cursor"}); !known) return refuse(known.error());
  auto page = page_of(http);
  if (!page) return refuse(page.error());
  auto found = app.documents(kind, page->after, page->limit);
  if (!found) return refuse(found.error());
  std::vector<std::string> rows;
  for (Document& document : *found) {
    hide_people(kind, http.caller, document);
    rows.push_back(std::move(document.json));
  }
  return page_answer(rows, *page, found->empty() ? "" : found->back().id);
}

// ---- a catalogue at once

Result<ImportLine> item_line(std::string_view line, const ItemContext& context) {
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(line));
  if (document.root().is(JsonKind::object) && document.root().find("type")) {
    TAKT_TRY(parsed, parse_import_line(line, {}, context));
    if (parsed.kind != ImportLine::Kind::item) return fail_at("/type", "this endpoint takes items only");
    return parsed;
  }
  ImportLine item;
  item.kind = ImportLine::Kind::item;
  item.json = line;
  TAKT_TRY(parsed, parse_item(line, context));
  item.id = parsed.id.text();
  return item;
}

struct Rejects {
  std::vector<std::pair<std::size_t, Error>> listed;
  std::size_t count = 0;
  void add(std::size_t line, const Error& error) {
    ++count;
    if (listed.size() < rejects_listed_max) listed.emplace_back(line, error);
  }
};

std::string import_answer(std::size_t accepted, const Rejects& rejects) {
  JsonWriter json;
  json.begin_object().field("accepted", static_cast<std::uint64_t>(accepted)).field("rejected_count", static_cast<std::uint64_t>(rejects.count));
  json.key("rejected").begin_array();
  for (const auto& [line, error] : rejects.listed) {
    json.begin_object().field("line", static_cast<std::uint64_t>(line)).field("code", name_of(error.code)).field("message", error.message);
    json.key("errors").begin_array();
    for (const FieldError& field : error.fields) json.begin_object().field("pointer", field.pointer).field("detail", field.detail).end_object();
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

HttpResponse import_items(App& app, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"mode"}); !known) return refuse(known.error());
  const std::string mode = http.query_value("mode").value_or("merge");
  if (mode != "merge" && mode != "replace") return refuse(422, "invalid", "mode is merge or replace");
  const ItemContext context = app.item_context();
  std::vector<ImportLine> lines;
  std::vector<std::size_t> numbers;
  Rejects rejects;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < http.body.size();) {
    const std::size_t end = std::min(http.body.find('\n', begin), http.body.size());
    const std::string_view line = std::string_view(http.body).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto item = item_line(line, context);
    if (!item) {
      rejects.add(number, item.error());
      continue;
    }
    lines.push_back(std::move(*item));
    numbers.push_back(number);
  }
  if (mode == "replace" && lines.empty() && rejects.count == 0) return refuse(422, "invalid", "no item is named: replacing would delete all of them");
  // Replacing deletes what is not named: a line that cannot be read must not delete its item.
  if (mode == "replace" && rejects.count > 0) return json_answer(import_answer(0, rejects), 422);
  auto accepted = app.put_documents(lines, mode == "replace", [&](std::size_t position, const Error& error) { rejects.add(numbers[position - 1], error); });
  return accepted ? json_answer(import_answer(*accepted, rejects)) : refuse(accepted.error());
}

} // namespace

void add_document_routes(Router& router, const Service& service) {
  App& app = service.app;
  for (const Kind& kind : kinds) {
    const std::string all = kind.path, one = all + "/{id}";
    const char* name = kind.name;
    // All columns, Takt's own and the configured ones, are one list (routes/health.cc).
    if (std::string_view(name) != "feature") router.add({"GET", all, [&app, name](const HttpRequest& http) { return list(app, name, http); }, false});
    router.add({"GET", one, [&app, name](const HttpRequest& http) {
      auto found = app.document(name, http.parameter("id"));
      if (found) hide_people(name, http.caller, *found);
      return found ? document_answer(http, *found) : refuse(found.error());
    }, false});
    router.add({"PUT", one, [&app, name](const HttpRequest& http) { return put(app, name, http); }, false});
    router.add({"PATCH", one, [&app, name](const HttpRequest& http) { return patch(app, name, http); }, false});
    router.add({"DELETE", one, [&app, name](const HttpRequest& http) { return remove(app, name, http); }, false});
  }
  router.add({"POST", "/api/v1/items:import", [&app](const HttpRequest& http) { return import_items(app, http); }, false, import_bytes_max});
}

} // namespace takt
