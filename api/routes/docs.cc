// The API's own description, for programs (OpenAPI 3.1) and for people.
#include "api/embedded_files.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "core/check.h"
#include "core/hash.h"

#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

namespace takt {
namespace {

/// What stands between <name> and </name>. The page is ours and has each once.
std::string_view inside(std::string_view page, std::string_view name) {
  const std::string opening = fmt::format("<{}>", name), closing = fmt::format("</{}>", name);
  const std::size_t begin = page.find(opening), end = page.find(closing);
  TAKT_CHECK(begin != std::string_view::npos && end != std::string_view::npos && begin < end, "api/docs.html lost its script or style");
  return page.substr(begin + opening.size(), end - begin - opening.size());
}

std::string source_hash(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  std::array<unsigned char, 4 * (SHA256_DIGEST_LENGTH / 3 + 1) + 1> base64{};
  const int size = EVP_EncodeBlock(base64.data(), hash.data(), static_cast<int>(hash.size()));
  return fmt::format("'sha256-{}'", std::string_view(reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size)));
}

/// Exactly the page's own script and style run, and they may ask nobody but this server.
std::string content_policy() {
  return fmt::format("default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                     source_hash(inside(docs_html(), "script")), source_hash(inside(docs_html(), "style")));
}

/// Changes with the program only: asked again each time, sent again when it is another.
HttpResponse embedded_answer(const HttpRequest& http, std::string_view body, const std::string& tag, std::string_view content_type) {
  HttpResponse response;
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.content_type.clear();
  response.status = 304;
  if (http.header("if-none-match") == tag) return response;
  response.status = 200;
  response.body = body;
  response.content_type = content_type;
  return response;
}

std::string tag_of(std::string_view body) { return fmt::format("\"{:016x}\"", hash64(body)); }

} // namespace

void add_docs_routes(Router& router) {
  router.add({"GET", "/api/v1/openapi.json", [tag = tag_of(openapi_json())](const HttpRequest& http) { return embedded_answer(http, openapi_json(), tag, "application/json"); }, false});
  router.add({"GET", "/api/docs", [tag = tag_of(docs_html()), policy = content_policy()](const HttpRequest& http) {
    HttpResponse response = embedded_answer(http, docs_html(), tag, "text/html; charset=utf-8");
    response.headers.emplace_back("Content-Security-Policy", policy);
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    return response;
  }, false});
}

} // namespace takt
