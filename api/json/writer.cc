#include "api/json/writer.h"

#include "api/json/utf8.h"
#include "core/check.h"

#include <array>
#include <charconv>
#include <cmath>

namespace takt {

namespace {

/// Bytes of the valid UTF-8 sequence (RFC 3629) that `text` begins with; 0 where it is none.
std::size_t sequence_size(std::string_view text) {
  const auto byte = [text](std::size_t i) -> unsigned { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0), second = byte(1);
  const std::size_t size = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size == 0) return 0;
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  return size;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
  case '"': out += "\\\""; break;
  case '\\': out += "\\\\"; break;
  case '\n': out += "\\n"; break;
  case '\r': out += "\\r"; break;
  case '\t': out += "\\t"; break;
  default: {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += hex[byte >> 4];
    out += hex[byte & 0xf];
  }
  }
}

bool is_plain(unsigned char byte) { return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '<'; }

} // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = static_cast<unsigned char>(text[0]) < 0x80 ? 1 : sequence_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_escaped(out, text[0]);
      text.remove_prefix(1);
      continue;
    }
    const std::size_t size = sequence_size(text);
    if (size == 0) out += "\\ufffd";
    else if (text.starts_with("\xe2\x80\xa8")) out += "\\u2028";
    else if (text.starts_with("\xe2\x80\xa9")) out += "\\u2029";
    else out.append(text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  TAKT_CHECK(error == std::errc{}, "a double needs at most 24 characters");
  out.append(buffer.data(), end);
}

void JsonWriter::comma() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
  comma();
  out_ += bracket;
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  --depth_;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  comma();
  append_json_text(out_, name);
  out_ += ':';
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  comma();
  append_json_text(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  comma();
  append_json_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::whole(std::int64_t value) { return raw(std::to_string(value)); }
JsonWriter& JsonWriter::natural(std::uint64_t value) { return raw(std::to_string(value)); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  comma();
  out_ += json;
  return *this;
}

std::string JsonWriter::take() {
  TAKT_CHECK(depth_ == 0, "an object or array was not closed");
  return std::move(out_);
}

} // namespace takt
