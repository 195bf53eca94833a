#pragma once
/// The pass behind JsonDocument::parse. An explicit stack of json_depth_max levels, no recursion; one TAKT_CHECK-free path
/// for every byte: what is not understood is refused with its offset. Grammar: RFC 8259; UTF-8: RFC 3629.
#include "api/json/reader.h"
#include "core/limits.h"

#include <array>

namespace takt {

class JsonParser {
public:
  explicit JsonParser(JsonDocument& document);
  Status run();

private:
  struct Level {
    std::uint32_t node = 0;
    bool object = false;
  };
  // Each returns false after noting the error; the caller only passes it on.
  bool value();                          ///< one scalar, or the opening of a container
  bool open(bool object);
  bool after_value();                    ///< commas and closings; `want_value_` says what comes next
  bool close();
  bool member_key();
  bool string();
  bool escape();
  bool unicode_escape(std::uint32_t& code_point);
  bool hex4(std::uint32_t& unit);
  bool utf8_sequence();
  bool number();
  bool in_range(std::string_view digits) const;
  bool word(std::string_view text, JsonKind kind, bool flag);
  bool no_duplicate_keys(std::uint32_t object);
  bool error(std::string_view what);
  void skip_blanks();
  char peek() const { return position_ < source_.size() ? source_[position_] : '\0'; }
  JsonDocument::Node& push(JsonKind kind);

  JsonDocument& document_;
  std::string_view source_;
  std::size_t position_ = 0;
  std::array<Level, limits::json_depth_max> levels_{};
  std::size_t depth_ = 0;
  bool want_value_ = true;
  std::size_t string_begin_ = 0;         ///< of what is not yet copied into decoded_, while a string has escapes
  Error error_;
};

} // namespace takt
