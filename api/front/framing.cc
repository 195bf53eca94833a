#include "api/front/framing.h"

#include "api/front/limits.h"

#include <algorithm>
#include <array>

namespace takt {
namespace {

constexpr std::array methods{std::string_view("GET"), std::string_view("HEAD"),  std::string_view("POST"),   std::string_view("PUT"),
                             std::string_view("PATCH"), std::string_view("DELETE"), std::string_view("OPTIONS")};
/// Between two neighbours only, or for what the front itself has dealt with. Range may be ignored (RFC 9110 §14.2), and the library's
/// reading of it is a regular expression.
constexpr std::array not_handed_on{std::string_view("te"), std::string_view("trailer"), std::string_view("upgrade"), std::string_view("keep-alive"),
                                   std::string_view("proxy-connection"), std::string_view("http2-settings"), std::string_view("range"), std::string_view("if-range")};

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}
bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~:[]%!$&'()*+;=").find(c) != std::string_view::npos;
  });
}

bool takes_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE"; }

} // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

void RequestFraming::refuse(FrontReason reason, std::string_view detail) {
  if (state_ == State::refused) return;
  refusal_ = Refusal{reason, detail};
  state_ = State::refused;
}

std::size_t RequestFraming::take(std::string_view bytes) {
  std::size_t taken = 0;
  begun_ = begun_ || !bytes.empty();
  while (state_ == State::head && taken < bytes.size())
    if (!take_head_byte(bytes[taken++])) return taken;
  if (state_ != State::body || taken == bytes.size()) return taken;
  if (chunked_) {
    taken += chunks_.take(bytes.substr(taken), body_bytes_max_, body_);
    if (chunks_.refusal()) refuse(chunks_.refusal()->reason, chunks_.refusal()->detail);
    else if (chunks_.done()) state_ = State::complete;
    return taken;
  }
  const std::size_t count = std::min(*length_ - body_.size(), bytes.size() - taken);
  body_.append(bytes.substr(taken, count));
  if (body_.size() == *length_) state_ = State::complete;
  return taken + count;
}

/// Byte by byte, so that the first offending byte decides, wherever the reads were cut.
bool RequestFraming::take_head_byte(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  const FrontReason place = has_request_line_ ? FrontReason::bad_header : FrontReason::bad_request_line;
  if (++head_bytes_ > front_limits::head_bytes_max) refuse(FrontReason::headers_too_large, "the request line and all fields have at most 16 KiB");
  else if (last_was_return_ && byte != '\n') refuse(place, "CR without LF");
  else if (!last_was_return_ && byte == '\n') refuse(place, "LF without CR");
  else if (byte == '\r') last_was_return_ = true;
  else if (byte == '\n') {
    last_was_return_ = false;
    end_line();
  } else if ((code < 0x20 && byte != '\t') || code == 0x7f) refuse(place, "a control byte");
  else if (!has_request_line_ && (byte == '\t' || code >= 0x80)) refuse(place, "the request line has bytes that no method or target has");
  else if (line_.size() >= front_limits::line_bytes_max)
    refuse(has_request_line_ ? FrontReason::headers_too_large : FrontReason::target_too_long,
           has_request_line_ ? "a field has at most 8190 bytes" : "a request line has at most 8190 bytes");
  else line_.push_back(byte);
  return state_ != State::refused;
}

void RequestFraming::end_line() {
  if (!has_request_line_) {
    if (!line_.empty()) end_request_line();
    else if (skipped_empty_line_) refuse(FrontReason::bad_request_line, "empty lines before the request");
    else skipped_empty_line_ = true; // some clients end a body with one too many (RFC 9112 §2.2)
  } else if (line_.empty()) {
    end_head();
  } else {
    end_field();
  }
  line_.clear();
}

void RequestFraming::end_request_line() {
  const std::string_view line = line_;
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last)
    return refuse(FrontReason::bad_request_line, "a request line is a method, a target and a version with one space between them");
  const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
  if (!is_token(method)) return refuse(FrontReason::bad_request_line, "the method is not a word");
  const bool is_version = version.size() == 8 && version.starts_with("HTTP/") && version[5] >= '0' && version[5] <= '9' && version[6] == '.' &&
                          version[7] >= '0' && version[7] <= '9';
  if (!is_version) return refuse(FrontReason::bad_request_line, "the version is not HTTP/1.1");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(FrontReason::unsupported_version, "only the versions 1.1 and 1.0 are spoken here");
  if (std::find(methods.begin(), methods.end(), method) == methods.end()) return refuse(FrontReason::unknown_method, "no path knows this method");
  old_version_ = version == "HTTP/1.0";
  keep_alive_ = !old_version_; // one that asks for more than that in HTTP/1.0 is older than this protocol
  head_.append(method).push_back(' ');
  method_bytes_ = method.size();
  if (!read_target(line.substr(first + 1, last - first - 1))) return;
  head_.append(" HTTP/1.1\r\n");
  has_request_line_ = true;
}

/// The absolute form is what proxies get; a server must take it, too, and go by the host in it.
bool RequestFraming::read_target(std::string_view target) {
  if (target.starts_with("http://")) {
    const std::size_t slash = std::min(target.find_first_of("/?", 7), target.size());
    if (slash == 7 || !is_host(target.substr(7, slash - 7))) {
      refuse(FrontReason::bad_request_line, "the target has no host");
      return false;
    }
    target.remove_prefix(slash);
    if (!target.starts_with('/')) {
      head_.push_back('/');
      target_bytes_ = 1;
    }
  } else if (!target.starts_with('/') && !(target == "*" && method() == "OPTIONS")) {
    refuse(FrontReason::bad_request_line, "the target does not start with a slash");
    return false;
  }
  if (std::min(target.find('?'), target.size()) > front_limits::path_bytes_max) {
    refuse(FrontReason::target_too_long, "a path has at most 2048 bytes");
    return false;
  }
  head_.append(target);
  target_bytes_ += target.size();
  return true;
}

void RequestFraming::end_field() {
  const std::string_view line = line_;
  if (++fields_ > front_limits::fields_max) return refuse(FrontReason::headers_too_large, "at most 100 header fields");
  const std::size_t colon = line.find(':');
  if (line.front() == ' ' || line.front() == '\t') return refuse(FrontReason::bad_header, "a field that goes on in the next line");
  if (colon == std::string_view::npos) return refuse(FrontReason::bad_header, "a field without a colon");
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (!is_token(name)) return refuse(FrontReason::bad_header, "the name of a field is not a word, or a space stands before its colon");
  if (!read_framing_field(name, value)) keep_field(name, value);
}

bool RequestFraming::read_framing_field(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "host")) {
    ++hosts_;
    if (!is_host(value)) refuse(FrontReason::bad_host, "Host is not a host");
    return false;
  }
  if (equal_ignoring_case(name, "content-length")) {
    read_length(value);
  } else if (equal_ignoring_case(name, "transfer-encoding")) {
    ++transfer_encodings_;
    if (transfer_encodings_ > 1 || !equal_ignoring_case(value, "chunked")) refuse(FrontReason::bad_framing, "the only transfer coding accepted is chunked");
    chunked_ = true;
  } else if (equal_ignoring_case(name, "content-encoding")) {
    gzip_ = gzip_ || equal_ignoring_case(value, "gzip") || equal_ignoring_case(value, "x-gzip");
    encoded_ = encoded_ || ++content_encodings_ > 1 || (!gzip_ && !equal_ignoring_case(value, "identity"));
  } else if (equal_ignoring_case(name, "connection")) {
    read_connection(value);
  } else if (equal_ignoring_case(name, "expect")) {
    if (!equal_ignoring_case(value, "100-continue")) refuse(FrontReason::bad_expectation, "the only expectation is 100-continue");
    expects_continue_ = true;
  } else {
    return name.find('_') != std::string_view::npos ||
           std::any_of(not_handed_on.begin(), not_handed_on.end(), [&](std::string_view gone) { return equal_ignoring_case(name, gone); });
  }
  return true;
}

void RequestFraming::read_length(std::string_view value) {
  if (++lengths_ > 1) return refuse(FrontReason::bad_framing, "more than one Content-Length");
  const bool digits = !value.empty() && value.size() <= 15 && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return refuse(FrontReason::bad_framing, "Content-Length is not a number");
  std::size_t length = 0;
  for (const char digit : value) length = length * 10 + static_cast<std::size_t>(digit - '0');
  length_ = length;
}

void RequestFraming::read_connection(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    if (equal_ignoring_case(trimmed(value.substr(0, comma)), "close")) keep_alive_ = false;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

void RequestFraming::keep_field(std::string_view name, std::string_view value) {
  if (value.empty()) return; // the library forgets it as well
  const std::size_t begin = head_.size();
  head_.append(name).append(": ");
  for (const char c : value) {
    head_.push_back(c);
    if (c == '%') head_.append("25");
  }
  if (head_.size() - begin > front_limits::line_bytes_max) refuse(FrontReason::headers_too_large, "a field has at most 8190 bytes");
  head_.append("\r\n");
}

void RequestFraming::end_head() {
  if (hosts_ > 1 || (hosts_ == 0 && !old_version_)) return refuse(FrontReason::bad_host, "one Host field is needed");
  if (chunked_ && length_) return refuse(FrontReason::bad_framing, "Content-Length and Transfer-Encoding together");
  if (chunked_ && old_version_) return refuse(FrontReason::bad_framing, "Transfer-Encoding in HTTP/1.0");
  if ((chunked_ || length_.value_or(0) > 0) && !takes_body(method())) return refuse(FrontReason::unexpected_body, "this method takes no body");
  if (encoded_) return refuse(FrontReason::unsupported_encoding, "a body is plain or gzip");
  expects_continue_ = expects_continue_ && !old_version_ && (chunked_ || length_.value_or(0) > 0);
  state_ = State::head_done;
}

void RequestFraming::begin_body(std::size_t body_bytes_max) {
  if (state_ != State::head_done) return;
  body_bytes_max_ = body_bytes_max;
  if (length_.value_or(0) > body_bytes_max) return refuse(FrontReason::too_large, "the body is larger than this endpoint takes");
  state_ = chunked_ || length_.value_or(0) > 0 ? State::body : State::complete;
}

std::string RequestFraming::head(std::size_t body_bytes) const {
  std::string text;
  text.reserve(head_.size() + 40);
  text.append(head_);
  if (chunked_ || length_) text.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n");
  return text.append("\r\n");
}

} // namespace takt
