#include "tests/support/framing_cases.h"

#include "api/front/limits.h"

#include <algorithm>

namespace takt::test {

namespace {

using enum FrontReason;

std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n"; }
std::string post(const std::string& fields, const std::string& body) { return "POST / HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n" + body; }
std::string chunked(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }
std::string many_fields(int count) {
  std::string fields;
  for (int i = 0; i < count; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  return fields;
}

/// The length is said twice, or not so that all readers agree.
std::vector<FramingCase> refused_lengths() {
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: t\r\n\r\n";
  return {
    {"two lengths", post("Content-Length: 3\r\nContent-Length: 5\r\n", "abcde"), bad_framing},
    {"two equal lengths", post("Content-Length: 3\r\ncontent-length: 3\r\n", "abc"), bad_framing},
    {"a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), bad_framing},
    {"a signed length", post("Content-Length: +3\r\n", "abc"), bad_framing},
    {"a negative length", post("Content-Length: -1\r\n", ""), bad_framing},
    {"a length in hexadecimal", post("Content-Length: 0x3\r\n", "abc"), bad_framing},
    {"a length of words", post("Content-Length: abc\r\n", ""), bad_framing},
    {"a length with a space in it", post("Content-Length: 1 0\r\n", "0123456789"), bad_framing},
    {"an empty length", post("Content-Length:\r\n", ""), bad_framing},
    {"a length that overflows", post("Content-Length: 18446744073709551617\r\n", "a"), bad_framing},
    {"CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), bad_framing},
    {"TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "8\r\nSMUGGLED\r\n0\r\n\r\n"), bad_framing},
    {"TE.TE", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), bad_framing},
    {"chunked is not the last", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), bad_framing},
    {"another coding before it", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), bad_framing},
    {"an unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), bad_framing},
    {"chunked in quotes", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), bad_framing},
    {"chunked and a vertical tab", post("Transfer-Encoding: chunked\x0b\r\n", "0\r\n\r\n"), bad_header},
    {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", bad_framing},
    {"a body where none belongs", "GET / HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n\r\n" + hidden, unexpected_body},
    {"chunks where none belong", "GET / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", unexpected_body},
  };
}

/// Fields that one reader sees and another does not.
std::vector<FramingCase> refused_fields() {
  return {
    {"a space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), bad_header},
    {"a tab before the colon", post("Content-Length\t: 3\r\n", "abc"), bad_header},
    {"a folded field", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), bad_framing},
    {"a folded value", get("X: a\r\n b\r\n"), bad_header},
    {"a first field that is folded", "GET / HTTP/1.1\r\n Host: t\r\n\r\n", bad_header},
    {"no colon", get("Transfer-Encoding chunked\r\n"), bad_header},
    {"no name", get(": chunked\r\n"), bad_header},
    {"a control byte in a name", post("\x01Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), bad_header},
    {"a byte above ASCII in a name", post("Transfer\xc2\xad-Encoding: chunked\r\n", "0\r\n\r\n"), bad_header},
    {"NUL in a value", get(std::string("X: a\0b\r\n", 8)), bad_header},
    {"NUL in a name", get(std::string("X\0Y: a\r\n", 8)), bad_header},
    {"CR alone in a value", get("X: a\rTransfer-Encoding: chunked\r\n"), bad_header},
    {"CR CR LF", get("X: a\r\r\n"), bad_header},
    {"LF alone ends a field", "GET / HTTP/1.1\r\nHost: t\nX: y\r\n\r\n", bad_header},
    {"LF alone ends the request line", "GET / HTTP/1.1\nHost: t\r\n\r\n", bad_request_line},
    {"LF alone ends the head", "GET / HTTP/1.1\r\nHost: t\r\n\n", bad_header},
    {"101 fields", get(many_fields(101)), headers_too_large},
    {"100,000 fields", get(many_fields(100'000)), headers_too_large},
    {"a field of 9 KB", get("X: " + std::string(9000, 'x') + "\r\n"), headers_too_large},
    {"a field that never ends", "GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(100'000, 'x'), headers_too_large},
    {"17 KB of fields", get("X: " + std::string(8000, 'x') + "\r\nY: " + std::string(8000, 'y') + "\r\nZ: " + std::string(1000, 'z') + "\r\n"), headers_too_large},
    {"a field that is too long when it is escaped", get("X: " + std::string(4000, '%') + "\r\n"), headers_too_large},
  };
}

/// Host: once, and a host.
std::vector<FramingCase> refused_hosts() {
  return {
    {"no Host", "GET / HTTP/1.1\r\n\r\n", bad_host},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", bad_host},
    {"a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", bad_host},
    {"a Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", bad_host},
    {"a Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", bad_host},
  };
}

/// The first line.
std::vector<FramingCase> refused_request_lines() {
  return {
    {"no version", "GET /\r\n\r\n", bad_request_line},
    {"two spaces", "GET  / HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"a tab between", "GET\t/\tHTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"a space at its end", "GET / HTTP/1.1 \r\nHost: t\r\n\r\n", bad_request_line},
    {"a space in the target", "GET /a b HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"a target without a slash", "GET a HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"a target above ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"an absolute target without a host", "GET http:///a HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"an asterisk for GET", "GET * HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"a lower-case version", "GET / http/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"a version of three digits", "GET / HTTP/1.10\r\nHost: t\r\n\r\n", bad_request_line},
    {"HTTP/2 as text", "GET / HTTP/2.0\r\nHost: t\r\n\r\n", unsupported_version},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: t\r\n\r\n", unsupported_version},
    {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", unsupported_version},
    {"a method in lower case", "get / HTTP/1.1\r\nHost: t\r\n\r\n", unknown_method},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", unknown_method},
    {"a method that is no word", "G@T / HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\n", bad_request_line},
    {"the beginning of TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), bad_request_line},
    {"a target of 9 KB", "GET /?" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: t\r\n\r\n", target_too_long},
    {"a path of 3 KB", "GET /" + std::string(3000, 'a') + " HTTP/1.1\r\nHost: t\r\n\r\n", target_too_long},
  };
}

/// Sizes and ends of chunks.
std::vector<FramingCase> refused_chunks() {
  return {
    {"a negative chunk", chunked("-2\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"0x in front of the size", chunked("0x2\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"no size", chunked("\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"17 digits", chunked("00000000000000002\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"a size that wraps", chunked("10000000000000002\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"a space before the size", chunked(" 2\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"a space after the size", chunked("2 \r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"a size ended by LF", chunked("2\nab\r\n0\r\n\r\n"), bad_chunk},
    {"LF alone within an extension", chunked("2;\nxx\r\n4c\r\n0\r\n\r\n"), bad_chunk},
    {"CR alone within an extension", chunked("2;a\rb\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"more data than the size", chunked("2\r\nabc\r\n0\r\n\r\n"), bad_chunk},
    {"data ended by LF", chunked("2\r\nab\n0\r\n\r\n"), bad_chunk},
    {"NUL in the size", chunked(std::string("2\0\r\nab\r\n", 8)), bad_chunk},
    {"a trailer that is no field", chunked("0\r\nGET / HTTP\r\n\r\n"), bad_chunk},
    {"an extension of 5 KB", chunked("2;" + std::string(5000, 'a') + "\r\nab\r\n0\r\n\r\n"), bad_chunk},
    {"5 KB of trailers", chunked("0\r\nX: " + std::string(5000, 'a') + "\r\n\r\n"), headers_too_large},
    {"chunks above the limit", chunked("3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n"), too_large},
    {"the second chunk is above the limit", chunked("3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n"), too_large},
  };
}

/// Bodies that are not taken.
std::vector<FramingCase> refused_bodies() {
  return {
    {"a body above the limit", post("Content-Length: 1001\r\n", ""), too_large},
    {"deflate", post("Content-Encoding: deflate\r\nContent-Length: 2\r\n", "ab"), unsupported_encoding},
    {"gzip twice", post("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n", "ab"), unsupported_encoding},
    {"gzip and more", post("Content-Encoding: gzip, br\r\nContent-Length: 2\r\n", "ab"), unsupported_encoding},
    {"another expectation", post("Expect: tea\r\nContent-Length: 2\r\n", "ab"), bad_expectation},
  };
}

} // namespace

std::vector<FramingCase> refused_requests() {
  std::vector<FramingCase> all;
  for (const auto& group : {refused_lengths(), refused_fields(), refused_hosts(), refused_request_lines(), refused_chunks(), refused_bodies()}) all.insert(all.end(), group.begin(), group.end());
  return all;
}

Framed frame(std::string_view bytes, const std::vector<std::size_t>& sizes, std::size_t body_bytes_max) {
  RequestFraming framing;
  Framed framed;
  using State = RequestFraming::State;
  const auto is_open = [&] { return framing.state() == State::head || framing.state() == State::body; };
  for (std::size_t turn = 0; framed.taken < bytes.size() && is_open(); ++turn) {
    const std::size_t wanted = sizes.empty() ? bytes.size() : std::max<std::size_t>(1, sizes[turn % sizes.size()]);
    std::string_view piece = bytes.substr(framed.taken, wanted);
    while (!piece.empty() && is_open()) {
      const std::size_t taken = framing.take(piece);
      framed.taken += taken;
      piece.remove_prefix(taken);
      framing.begin_body(body_bytes_max);
    }
  }
  framed.state = framing.state();
  if (framed.state == State::refused) framed.refusal = framing.refusal();
  if (framed.state == State::complete) {
    framed.head = framing.head(framing.body().size());
    framed.body = framing.body();
    framed.keep_alive = framing.keep_alive();
  }
  return framed;
}

} // namespace takt::test
