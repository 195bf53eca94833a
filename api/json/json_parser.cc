#include "api/json/json_parser.h"

#include "core/hash.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace takt {

namespace {

// Bytes that a string may hold as they are, without a look at the next byte: printable ASCII but for quote and backslash.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) table[byte] = byte != '"' && byte != '\\';
  return table;
}();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3f));
    put(0x80 | ((code_point >> 6) & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

} // namespace

JsonParser::JsonParser(JsonDocument& document) : document_(document), source_(document.source_) {}

Status JsonParser::run() {
  if (source_.size() > std::numeric_limits<std::uint32_t>::max() / 2) return fail(ErrorCode::too_large, "a document of more than 2 GB");
  if (source_.starts_with("\xef\xbb\xbf")) return fail(ErrorCode::malformed, "not JSON: it begins with a byte order mark");
  document_.nodes_.reserve(std::min<std::size_t>(source_.size() / 10 + 4, 4096));
  while (want_value_)
    if (!value() || !after_value()) {
      document_.nodes_.clear();
      return tl::unexpected<Error>(std::move(error_));
    }
  skip_blanks();
  if (position_ != source_.size()) {
    error("something follows the document");
    document_.nodes_.clear();
    return tl::unexpected<Error>(std::move(error_));
  }
  return {};
}

bool JsonParser::error(std::string_view what) {
  if (error_.message.empty())
    error_ = {ErrorCode::malformed, "not JSON at byte " + std::to_string(position_) + ": " + std::string(what), {}};
  return false;
}

void JsonParser::skip_blanks() {
  while (position_ < source_.size()) {
    const char c = source_[position_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++position_;
  }
}

JsonDocument::Node& JsonParser::push(JsonKind kind) {
  auto& node = document_.nodes_.emplace_back();
  node.kind = kind;
  node.begin = static_cast<std::uint32_t>(position_);
  node.next = static_cast<std::uint32_t>(document_.nodes_.size());
  return node;
}

bool JsonParser::value() {
  skip_blanks();
  want_value_ = false;
  if (document_.nodes_.size() >= json_nodes_max) {
    error_ = {ErrorCode::too_large, "a document of more than " + std::to_string(json_nodes_max) + " values", {}};
    return false;
  }
  if (position_ == source_.size()) return error("the text ends where a value should be");
  switch (source_[position_]) {
  case '{': return open(true);
  case '[': return open(false);
  case '"': return string();
  case 't': return word("true", JsonKind::boolean, true);
  case 'f': return word("false", JsonKind::boolean, false);
  case 'n': return word("null", JsonKind::null, false);
  default: return number();
  }
}

bool JsonParser::open(bool object) {
  if (depth_ == levels_.size()) return error("nested deeper than " + std::to_string(limits::json_depth_max) + " levels");
  levels_[depth_++] = {static_cast<std::uint32_t>(document_.nodes_.size()), object};
  push(object ? JsonKind::object : JsonKind::array);
  ++position_;
  skip_blanks();
  if (peek() == (object ? '}' : ']')) return true; // after_value() closes it
  if (object && !member_key()) return false;
  want_value_ = true;
  ++document_.nodes_[levels_[depth_ - 1].node].text_size;
  return true;
}

bool JsonParser::after_value() {
  while (depth_ > 0 && !want_value_) {
    skip_blanks();
    const Level& level = levels_[depth_ - 1];
    if (peek() == (level.object ? '}' : ']')) {
      if (!close()) return false;
    } else if (peek() == ',') {
      ++position_;
      skip_blanks();
      if (level.object && !member_key()) return false;
      ++document_.nodes_[level.node].text_size;
      want_value_ = true;
    } else {
      return error(level.object ? "expected , or }" : "expected , or ]");
    }
  }
  return true;
}

bool JsonParser::close() {
  ++position_;
  const Level level = levels_[--depth_];
  auto& node = document_.nodes_[level.node];
  node.end = static_cast<std::uint32_t>(position_);
  node.next = static_cast<std::uint32_t>(document_.nodes_.size());
  return !level.object || no_duplicate_keys(level.node);
}

bool JsonParser::no_duplicate_keys(std::uint32_t object) {
  const JsonValue value = document_.value_at(object);
  const std::size_t count = value.size();
  if (count < 2) return true;
  if (count <= 16) { // nearly all objects: no memory, length decides most comparisons
    std::array<std::string_view, 16> keys;
    std::size_t known = 0;
    for (const JsonMember member : value.members()) {
      for (std::size_t i = 0; i < known; ++i)
        if (keys[i] == member.key) return error("the key \"" + std::string(member.key.substr(0, 100)) + "\" is there twice");
      keys[known++] = member.key;
    }
    return true;
  }
  std::vector<std::string_view> keys;
  keys.reserve(count);
  for (const JsonMember member : value.members()) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  return twice == keys.end() || error("the key \"" + std::string(twice->substr(0, 100)) + "\" is there twice");
}

bool JsonParser::member_key() {
  if (peek() != '"') return error("expected a key in quotes");
  if (!string()) return false;
  skip_blanks();
  if (peek() != ':') return error("expected : after a key");
  ++position_;
  return true;
}

bool JsonParser::word(std::string_view text, JsonKind kind, bool flag) {
  if (source_.substr(position_, text.size()) != text) return error("expected a value");
  auto& node = push(kind);
  position_ += text.size();
  node.end = static_cast<std::uint32_t>(position_);
  node.flag = flag;
  return true;
}

bool JsonParser::string() {
  const std::size_t index = document_.nodes_.size();
  push(JsonKind::string);
  string_begin_ = ++position_;
  std::size_t decoded_begin = 0;
  bool decoding = false;
  while (true) {
    while (position_ < source_.size() && plain_bytes[static_cast<unsigned char>(source_[position_])]) ++position_;
    if (position_ == source_.size()) return error("a string does not end");
    const char c = source_[position_];
    if (c == '"') break;
    if (c == '\\') {
      if (!decoding) decoded_begin = document_.decoded_.size();
      decoding = true;
      document_.decoded_.append(source_.substr(string_begin_, position_ - string_begin_));
      if (!escape()) return false;
      string_begin_ = position_;
    } else if (static_cast<unsigned char>(c) < 0x80) {
      return error("a control character in a string");
    } else if (!utf8_sequence()) {
      return error("invalid UTF-8");
    }
  }
  auto& node = document_.nodes_[index];
  if (decoding) {
    document_.decoded_.append(source_.substr(string_begin_, position_ - string_begin_));
    node.flag = true;
    node.text_begin = static_cast<std::uint32_t>(decoded_begin);
    node.text_size = static_cast<std::uint32_t>(document_.decoded_.size() - decoded_begin);
  } else {
    node.text_begin = static_cast<std::uint32_t>(string_begin_);
    node.text_size = static_cast<std::uint32_t>(position_ - string_begin_);
  }
  node.end = static_cast<std::uint32_t>(++position_);
  return true;
}

bool JsonParser::escape() {
  const std::string_view rest = source_.substr(position_ + 1, 1);
  if (rest.empty()) return error("a string does not end");
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (rest[0] == 'u') {
    std::uint32_t code_point = 0;
    if (!unicode_escape(code_point)) return false;
    append_utf8(document_.decoded_, code_point);
    return true;
  }
  const std::size_t which = letters.find(rest[0]);
  if (which == std::string_view::npos) return error("an unknown escape in a string");
  document_.decoded_ += meanings[which];
  position_ += 2;
  return true;
}

bool JsonParser::unicode_escape(std::uint32_t& code_point) {
  if (!hex4(code_point)) return false;
  if (code_point >= 0xdc00 && code_point < 0xe000) return error("half of a surrogate pair");
  if (code_point < 0xd800 || code_point >= 0xdc00) return true;
  std::uint32_t low = 0;
  if (source_.substr(position_, 2) != "\\u" || !hex4(low) || low < 0xdc00 || low >= 0xe000) return error("half of a surrogate pair");
  code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
  return true;
}

bool JsonParser::hex4(std::uint32_t& unit) {
  const std::string_view digits = source_.substr(std::min(position_ + 2, source_.size()), 4);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
  if (digits.size() != 4 || failed != std::errc{} || end != digits.data() + 4) return error("\\u wants four hexadecimal digits");
  position_ += 6;
  return true;
}

/// RFC 3629: no overlong form, no surrogate, nothing beyond U+10FFFF.
bool JsonParser::utf8_sequence() {
  const auto byte = [this](std::size_t ahead) -> unsigned {
    return position_ + ahead < source_.size() ? static_cast<unsigned char>(source_[position_ + ahead]) : 0U;
  };
  const unsigned first = byte(0), second = byte(1);
  std::size_t size = 0;
  unsigned low = 0x80, high = 0xbf; // what the second byte may be
  if (first >= 0xc2 && first <= 0xdf) size = 2;
  else if (first >= 0xe0 && first <= 0xef) size = 3;
  else if (first >= 0xf0 && first <= 0xf4) size = 4;
  else return false;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  if (second < low || second > high) return false;
  for (std::size_t i = 2; i < size; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return false;
  position_ += size;
  return true;
}

bool JsonParser::number() {
  const std::size_t begin = position_;
  const auto digits = [this] {
    const std::size_t first = position_;
    while (is_digit(peek())) ++position_;
    return position_ > first;
  };
  push(JsonKind::number);
  bool exponent = false;
  if (peek() == '-') ++position_;
  if (peek() == '0') ++position_;
  else if (!digits()) return error("expected a value");
  if (peek() == '.') {
    ++position_;
    if (!digits()) return error("a digit must follow the decimal point");
  }
  if (peek() == 'e' || peek() == 'E') {
    exponent = true;
    ++position_;
    if (peek() == '+' || peek() == '-') ++position_;
    if (!digits()) return error("a digit must follow the exponent");
  }
  document_.nodes_.back().end = static_cast<std::uint32_t>(position_);
  // 300 digits without an exponent are always in range.
  if ((exponent || position_ - begin > 300) && !in_range(source_.substr(begin, position_ - begin))) return error("a number beyond what a double holds");
  return true;
}

bool JsonParser::in_range(std::string_view digits) const {
  double result = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  static_cast<void>(end);
  if (failed == std::errc{}) return true;
  // Out of range at which end? Power of ten of the first digit that is not zero, plus the exponent.
  const std::size_t exponent_at = digits.find_first_of("eE");
  const std::string_view mantissa = digits.substr(digits[0] == '-' ? 1 : 0, exponent_at == std::string_view::npos ? exponent_at : exponent_at - (digits[0] == '-' ? 1 : 0));
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t significant = mantissa.find_first_of("123456789");
  if (significant == std::string_view::npos) return true; // zero, however it is written
  const auto power = static_cast<long long>(point) - static_cast<long long>(significant);
  long long exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view text = digits.substr(exponent_at + 1);
    const bool negative = text[0] == '-';
    if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
    exponent = 4'000'000'000LL; // of one that does not even fit
    std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (negative) exponent = -exponent;
  }
  return power + exponent < 0;
}

} // namespace takt
