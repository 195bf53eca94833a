#include "api/front/refusal.h"

#include <array>

namespace takt {
namespace {

struct Row { int status; std::string_view title; std::string_view code; };

constexpr std::string_view bad_request = "Bad Request", unavailable = "Service Unavailable";

constexpr std::array<Row, front_reasons_count> rows{{
    {400, bad_request, "bad_request_line"},
    {400, bad_request, "bad_header"},
    {400, bad_request, "bad_host"},
    {400, bad_request, "bad_framing"},
    {400, bad_request, "bad_chunk"},
    {400, bad_request, "bad_body"},
    {400, bad_request, "unexpected_body"},
    {408, "Request Timeout", "too_slow"},
    {413, "Content Too Large", "too_large"},
    {414, "URI Too Long", "target_too_long"},
    {415, "Unsupported Media Type", "unsupported_encoding"},
    {417, "Expectation Failed", "bad_expectation"},
    {429, "Too Many Requests", "rate_limited"},
    {431, "Request Header Fields Too Large", "headers_too_large"},
    {501, "Not Implemented", "unknown_method"},
    {505, "HTTP Version Not Supported", "unsupported_version"},
    {503, unavailable, "queue_full"},
    {503, unavailable, "memory_full"},
    {503, unavailable, "connections_full"},
}};
static_assert(static_cast<std::size_t>(FrontReason::connections_full) + 1 == front_reasons_count);

const Row& row_of(FrontReason reason) { return rows[static_cast<std::size_t>(reason)]; }

} // namespace

int status_of(FrontReason reason) { return row_of(reason).status; }
std::string_view code_of(FrontReason reason) { return row_of(reason).code; }

std::string problem_document(const Refusal& refusal) {
  const Row& row = row_of(refusal.reason);
  std::string text = R"({"type":"about:blank","title":")";
  text.append(row.title).append(R"(","status":)").append(std::to_string(row.status)).append(R"(,"detail":")").append(refusal.detail);
  text.append(R"(","code":")").append(row.code).append(R"(","message":")").append(row.title).append("\"}");
  return text;
}

std::string refusal_answer(const Refusal& refusal, bool close, int retry_seconds) {
  const Row& row = row_of(refusal.reason);
  const std::string body = problem_document(refusal);
  std::string text = "HTTP/1.1 " + std::to_string(row.status) + " ";
  text.append(row.title).append("\r\nContent-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n");
  if (retry_seconds > 0) text.append("Retry-After: ").append(std::to_string(retry_seconds)).append("\r\n");
  if (close) text.append("Connection: close\r\n");
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return text;
}

} // namespace takt
