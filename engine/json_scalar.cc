#include "engine/json_scalar.h"

#include <charconv>
#include <cstdint>
#include <cmath>
#include <optional>

namespace takt {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xc0 | (code >> 6));
    push(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    push(0xe0 | (code >> 12));
    push(0x80 | ((code >> 6) & 0x3f));
    push(0x80 | (code & 0x3f));
  } else {
    push(0xf0 | (code >> 18));
    push(0x80 | ((code >> 12) & 0x3f));
    push(0x80 | ((code >> 6) & 0x3f));
    push(0x80 | (code & 0x3f));
  }
}

std::optional<std::uint32_t> take_hex4(std::string_view& text) {
  std::uint32_t code = 0;
  if (text.size() < 4) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, code, 16);
  if (error != std::errc{} || end != text.data() + 4) return std::nullopt;
  text.remove_prefix(4);
  return code;
}

/// After "\u": one code point, a surrogate pair included (RFC 8259 §7).
bool take_unicode(std::string_view& text, std::string& out) {
  auto code = take_hex4(text);
  if (!code || (*code >= 0xdc00 && *code <= 0xdfff)) return false;
  if (*code >= 0xd800 && *code <= 0xdbff) {
    if (!text.starts_with("\\u")) return false;
    text.remove_prefix(2);
    const auto low = take_hex4(text);
    if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
    code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
  }
  append_utf8(out, *code);
  return true;
}

ScalarValue parse_text(std::string_view body) {
  constexpr std::string_view names = "\"\\/bfnrt", characters = "\"\\/\b\f\n\r\t";
  std::string out;
  while (!body.empty()) {
    const char c = body.front();
    body.remove_prefix(1);
    if (c == '"') return {};
    if (c != '\\') {
      out.push_back(c);
      continue;
    }
    if (body.empty()) return {};
    const char name = body.front();
    body.remove_prefix(1);
    if (name == 'u') {
      if (!take_unicode(body, out)) return {};
    } else if (const auto at = names.find(name); at != std::string_view::npos) {
      out.push_back(characters[at]);
    } else {
      return {};
    }
  }
  return out;
}

} // namespace

ScalarValue parse_json_scalar(std::string_view json) {
  if (json == "true") return true;
  if (json == "false") return false;
  if (json.size() >= 2 && json.front() == '"' && json.back() == '"') return parse_text(json.substr(1, json.size() - 2));
  double number = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), number);
  if (json.empty() || error != std::errc{} || end != json.data() + json.size() || !std::isfinite(number)) return {};
  return number;
}

} // namespace takt
