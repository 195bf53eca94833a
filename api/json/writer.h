#pragma once
/// Writing JSON: text appended to one string, no tree. The output is always valid UTF-8 JSON: what is not valid UTF-8 in a
/// text becomes U+FFFD, what is not finite becomes null. Doubles are the shortest text that reads back to the same bits.
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace takt {

/// With quotes and escapes. `<` and U+2028/9 are escaped too, so an answer may be put into a page's script.
void append_json_text(std::string& out, std::string_view text);
void append_json_number(std::string& out, double value);

/// Puts the commas. The caller balances begin_ and end_ (TAKT_CHECK at take()).
class JsonWriter {
public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& number(double value);
  JsonWriter& whole(std::int64_t value);
  JsonWriter& natural(std::uint64_t value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  JsonWriter& time(UtcTime value) { return text(format_utc(value)); }
  /// Something that is JSON already.
  JsonWriter& raw(std::string_view json);

  JsonWriter& field(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonWriter& field(std::string_view name, const char* value) { return key(name).text(value); }
  JsonWriter& field(std::string_view name, const std::string& value) { return key(name).text(value); }
  JsonWriter& field(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& field(std::string_view name, double value) { return key(name).number(value); }
  JsonWriter& field(std::string_view name, std::uint64_t value) { return key(name).natural(value); }
  JsonWriter& field(std::string_view name, std::uint32_t value) { return key(name).natural(value); }
  JsonWriter& field(std::string_view name, std::int64_t value) { return key(name).whole(value); }
  JsonWriter& field(std::string_view name, UtcTime value) { return key(name).time(value); }
  /// null where there is none
  template <class Value>
  JsonWriter& field(std::string_view name, const std::optional<Value>& value) {
    return value ? field(name, *value) : key(name).null();
  }
  /// "" is null
  JsonWriter& field_or_null(std::string_view name, std::string_view value) { return value.empty() ? key(name).null() : field(name, value); }
  std::string take();

private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void comma();
  std::string out_;
  int depth_ = 0;
};

} // namespace takt
