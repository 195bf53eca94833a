#pragma once
/// What the front itself answers: a request that it does not let in, as a problem document of the shape of api/http_errors.h.
/// Threads: any. Cost: a few hundred bytes of text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace takt {

/// Why. Append-only: the codes are labels of /metrics and documented.
enum class FrontReason : std::uint8_t {
  bad_request_line,
  bad_header,
  bad_host,
  bad_framing,          ///< the length of the body is ambiguous
  bad_chunk,
  bad_body,             ///< not the gzip that it says it is
  unexpected_body,
  too_slow,
  too_large,
  target_too_long,
  unsupported_encoding,
  bad_expectation,
  rate_limited,
  headers_too_large,
  unknown_method,
  unsupported_version,
  queue_full,
  memory_full,
  connections_full,
};
constexpr std::size_t front_reasons_count = 19;

/// `detail` is a literal: nothing of the request is ever echoed.
struct Refusal {
  FrontReason reason = FrontReason::bad_framing;
  std::string_view detail;
  bool operator==(const Refusal&) const = default;
};

int status_of(FrontReason reason);
/// Stable and documented: "bad_framing".
std::string_view code_of(FrontReason reason);

/// The JSON document alone.
std::string problem_document(const Refusal& refusal);
/// Status line, header fields and document. `retry_seconds` 0 = no Retry-After.
std::string refusal_answer(const Refusal& refusal, bool close, int retry_seconds = 0);

} // namespace takt
