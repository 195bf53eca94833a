#include "api/routes/answers.h"

#include "api/json/writer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace takt {

HttpResponse json_answer(std::string body, int status) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse json_result(Result<std::string> result) { return result ? json_answer(std::move(*result)) : refuse(result.error()); }

std::string etag_of(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }

namespace {

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

} // namespace

Result<std::optional<std::uint64_t>> expected_version(const HttpRequest& request) {
  if (request.header("if-none-match") == "*") return std::optional<std::uint64_t>(0);
  std::string_view tag = request.header("if-match");
  if (tag.empty() || tag == "*") return std::optional<std::uint64_t>();
  if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"')
    if (const auto version = whole(tag.substr(1, tag.size() - 2))) return version;
  return fail(ErrorCode::invalid, "If-Match is not an ETag of this API, such as \"12\"");
}

HttpResponse stale_answer(std::uint64_t current) {
  HttpResponse response = refuse(412, "stale", "somebody changed this since you read it; read it again, and apply your change to what is there now");
  response.headers.emplace_back("ETag", etag_of(current));
  return response;
}

HttpResponse document_answer(const HttpRequest& request, const Document& document) {
  HttpResponse response;
  const std::string tag = etag_of(document.version);
  response.headers.emplace_back("ETag", tag);
  if (request.header("if-none-match") == tag) {
    response.status = 304;
    response.content_type.clear();
    return response;
  }
  response.body = document.json;
  return response;
}

Result<Page> page_of(const HttpRequest& request) {
  Page page;
  if (const auto limit = request.query_value("limit")) {
    const auto value = whole(*limit);
    if (!value || *value < 1 || *value > 1000) return fail_at("/limit", "must be 1 to 1000");
    page.limit = static_cast<std::size_t>(*value);
  }
  page.after = request.query_value("cursor").value_or("");
  return page;
}

HttpResponse page_answer(const std::vector<std::string>& rows, const Page& page, const std::string& last_id) {
  std::string body = "{\"data\":[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) body += ',';
    body += rows[i];
  }
  body += "],\"next_cursor\":";
  if (rows.size() < page.limit) body += "null";
  else append_json_text(body, last_id);
  return json_answer(body + "}");
}

std::string address_of(const HttpRequest& request) {
  const std::string& host = request.header("host");
  const bool is_plain = std::all_of(host.begin(), host.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']'; });
  if (host.empty() || !is_plain) return {};
  return (request.header("x-forwarded-proto") == "https" ? "https://" : "http://") + host;
}

Status only_parameters(const HttpRequest& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.query)
    if (std::find(known.begin(), known.end(), name) == known.end()) return fail_at("/" + name, "is not a parameter of this endpoint");
  return {};
}

} // namespace takt
