// Any bytes: no crash, the same verdict however they are cut, and what is handed on is understood the same when it is read again.
// The first byte says how to cut.
#include "api/front/inflate.h"
#include "core/check.h"
#include "tests/support/framing_cases.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace takt;
  if (size == 0) return 0;
  constexpr std::size_t body_bytes_max = 4096;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const test::Framed whole = test::frame(bytes, {}, body_bytes_max);
  TAKT_CHECK(test::frame(bytes, {data[0] % 13 + 1U, data[0] / 13 + 1U}, body_bytes_max) == whole, "the cut decides");
  if (whole.state != RequestFraming::State::complete) return 0;
  TAKT_CHECK(whole.body.size() <= body_bytes_max, "more body than allowed");
  const test::Framed again = test::frame(whole.head + whole.body, {}, body_bytes_max);
  if (again.state != RequestFraming::State::complete) { // escaping may make it too long, and HTTP/1.0 needs no Host
    const bool expected = again.refusal && (again.refusal->reason == FrontReason::headers_too_large || again.refusal->reason == FrontReason::bad_host);
    TAKT_CHECK(expected, "what is handed on is not a request");
    return 0;
  }
  TAKT_CHECK(again.body == whole.body && again.taken == whole.head.size() + whole.body.size(), "what is handed on is another request");
  std::string plain;
  if (inflate_gzip(whole.body, body_bytes_max, plain) == InflateEnd::complete) TAKT_CHECK(plain.size() <= body_bytes_max, "inflated too far");
  return 0;
}
