#pragma once
/// A JSON object written field by field, in the order of the calls. For the demo shop only, which knows what it writes: names are
/// literals, values are escaped, nothing is checked. Cost: appends.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace takt::demo {

inline void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char character : text) {
    if (character == '"' || character == '\\') out += '\\';
    out += character; // our texts hold no control characters
  }
  out += '"';
}

class JsonObject {
public:
  JsonObject& text(std::string_view name, std::string_view value) {
    key(name);
    append_quoted(json_, value);
    return *this;
  }
  JsonObject& number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }
  JsonObject& boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  /// `json` as it is: an object, an array, a number, null.
  JsonObject& raw(std::string_view name, std::string_view json) {
    key(name);
    json_ += json;
    return *this;
  }
  JsonObject& texts(std::string_view name, std::span<const std::string> values) {
    key(name);
    json_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) json_ += ',';
      append_quoted(json_, values[i]);
    }
    json_ += ']';
    return *this;
  }
  std::string done() const { return json_ + '}'; }

private:
  void key(std::string_view name) {
    if (json_.size() > 1) json_ += ',';
    append_quoted(json_, name);
    json_ += ':';
  }

  std::string json_ = "{";
};

} // namespace takt::demo
