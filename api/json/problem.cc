#include "api/json/codecs.h"
#include "api/json/writer.h"

#include <array>

namespace takt {

namespace {

struct Row {
  ErrorCode code;
  int status;
  std::string_view name, title;
};

/// Every code once, in the order of the enum.
constexpr std::array<Row, 12> table{{
    {ErrorCode::invalid, 422, "invalid", "Not acceptable as it is"},
    {ErrorCode::malformed, 400, "malformed", "Cannot be parsed"},
    {ErrorCode::not_found, 404, "not_found", "Not found"},
    {ErrorCode::conflict, 409, "conflict", "Not possible as things are"},
    {ErrorCode::mismatch, 422, "mismatch", "Same request id, different request"},
    {ErrorCode::too_large, 413, "too_large", "Too large"},
    {ErrorCode::not_built, 501, "not_built", "Not in this release"},
    {ErrorCode::unavailable, 503, "unavailable", "Not available now"},
    {ErrorCode::deadline_exceeded, 504, "deadline_exceeded", "Took too long"},
    {ErrorCode::corrupt, 500, "corrupt", "Stored data are damaged"},
    {ErrorCode::forbidden, 403, "forbidden", "Not allowed"},
    {ErrorCode::internal, 500, "internal", "Internal error"},
}};

const Row& row_of(ErrorCode code) {
  for (const Row& row : table)
    if (row.code == code) return row;
  return table.back();
}

} // namespace

int status_of(ErrorCode code) { return row_of(code).status; }

std::string_view name_of(ErrorCode code) { return row_of(code).name; }

Problem problem_of(const Error& error) {
  const Row& row = row_of(error.code);
  JsonWriter json;
  json.begin_object();
  json.field("type", "urn:takt:problem:" + std::string(row.name)).field("title", row.title);
  json.field("status", static_cast<std::int64_t>(row.status)).field("detail", error.message);
  // `message` beside `detail`: Segment's Python client fails on a JSON error body without code and message.
  json.field("code", row.name).field("message", row.title).key("errors").begin_array();
  for (const FieldError& field : error.fields) json.begin_object().field("pointer", field.pointer).field("detail", field.detail).end_object();
  json.end_array().end_object();
  return {row.status, json.take()};
}

} // namespace takt
