#pragma once
/// Result<T>: a value, or an Error that an operator can read. For what can happen (bad input, absence,
/// contention, a full disk). Our own bugs use TAKT_CHECK (check.h). No exception crosses a folder.
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace takt {

/// Append-only: api/http_errors.cc maps every code to a status in one table.
enum class ErrorCode : unsigned char {
  invalid,           ///< well-formed, but not acceptable (422)
  malformed,         ///< cannot be parsed at all (400)
  not_found,         ///< 404
  conflict,          ///< version moved underneath (409 / 412)
  mismatch,          ///< same request_id, other body (422)
  too_large,         ///< over a limit of core/limits.h (413)
  not_built,         ///< in the contract, not in this release (501)
  unavailable,       ///< store closed, disk full (503); retrying may help
  deadline_exceeded, ///< 504
  corrupt,           ///< bytes that fail their checksum or schema; never retried
  forbidden,         ///< 403
  internal,          ///< 500
};

/// Where in a document something is wrong: an RFC 6901 JSON pointer and one sentence.
struct FieldError {
  std::string pointer;
  std::string detail;
  bool operator==(const FieldError&) const = default;
};

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;                 ///< one sentence for an operator; no secrets, no internals
  std::vector<FieldError> fields = {}; ///< empty unless a document was refused
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message), {}});
}
inline tl::unexpected<Error> fail_at(std::string pointer, std::string detail) {
  return tl::unexpected<Error>(Error{ErrorCode::invalid, detail, {{std::move(pointer), detail}}});
}

#define TAKT_CONCAT_INNER(a, b) a##b
#define TAKT_CONCAT(a, b) TAKT_CONCAT_INNER(a, b)
/// TAKT_TRY(x, expression): declares x with the value, or returns the error to the caller.
#define TAKT_TRY(name, ...)                                                                      \
  auto TAKT_CONCAT(takt_result_, __LINE__) = (__VA_ARGS__);                                      \
  if (!TAKT_CONCAT(takt_result_, __LINE__))                                                      \
    return tl::unexpected<::takt::Error>(std::move(TAKT_CONCAT(takt_result_, __LINE__)).error()); \
  auto name = std::move(*TAKT_CONCAT(takt_result_, __LINE__))
/// TAKT_TRY_VOID(expression): for a Status.
#define TAKT_TRY_VOID(...)                                                                       \
  do {                                                                                           \
    if (auto takt_status = (__VA_ARGS__); !takt_status)                                          \
      return tl::unexpected<::takt::Error>(std::move(takt_status).error());                      \
  } while (false)

} // namespace takt
