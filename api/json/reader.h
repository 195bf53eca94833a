#pragma once
/// JSON text → a flat, read-only tree. Strict RFC 8259 and a little stricter: UTF-8 checked, no byte order mark, no trailing
/// bytes, no lone surrogate, no duplicate key, no number beyond the range of a double, depth <= limits::json_depth_max.
/// Nothing is recursive, so no nesting can overflow the stack; nothing is converted until a getter asks, and a getter never
/// rounds or wraps. Every value knows its source text, so an event is kept exactly as it came.
/// Why not simdjson 3.0.1 (Debian 12): its tree has no source positions, it calls 2^64 a syntax error and not a value out of
/// range, and needs a padded copy; tests/unit/api uses it as the judge of this parser instead.
/// Errors: malformed, with the byte offset; too_large beyond json_nodes_max. Threads: a document is a value; reading is const.
/// Cost: one pass, ~300-500 MB/s, 24 bytes per node; a document that is parsed into again keeps its memory.
#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

/// A batch of 2,500 events of 100 values each, four times over: 24 MB of nodes at most.
constexpr std::size_t json_nodes_max = 1'000'000;

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

class JsonValue;
struct JsonMember;

class JsonDocument {
public:
  /// Keeps a view of `json`, which must outlive the document's values.
  Status parse(std::string_view json);
  JsonValue root() const;

private:
  friend class JsonValue;
  friend class JsonParser;
  struct Node {
    std::uint32_t begin = 0, end = 0;            ///< in the source, quotes and brackets included
    std::uint32_t next = 0;                      ///< first node after this value and all inside it
    std::uint32_t text_begin = 0, text_size = 0; ///< string: without quotes; array, object: text_size = number of children
    JsonKind kind = JsonKind::null;
    bool flag = false;                           ///< string: the text is in decoded_; boolean: its value
  };
  JsonValue value_at(std::uint32_t index) const;
  std::string_view source_;
  std::vector<Node> nodes_;                      ///< preorder; a member is its key, then its value
  std::string decoded_;                          ///< strings that had escapes
};

class JsonValue {
public:
  JsonKind kind() const { return node().kind; }
  bool is(JsonKind kind) const { return node().kind == kind; }
  bool is_scalar() const { return node().kind < JsonKind::array; }
  bool boolean() const { return node().flag; }   ///< of a boolean
  std::string_view text() const;                 ///< of a string, unescaped
  std::string_view source() const;               ///< as it was written
  std::size_t size() const { return node().text_size; }  ///< children of an array or object
  /// Of a number: exact, or none: "3.0" and "3e0" are no whole numbers, 2^64 is in no range.
  std::optional<std::int64_t> whole() const;
  std::optional<std::uint64_t> natural() const;
  /// Of a number: nearest double; too small is 0.
  double real() const;
  /// Member of an object; none where absent or where this is no object. Linear: objects are small.
  std::optional<JsonValue> find(std::string_view key) const;

  class Elements;
  class Members;
  Elements elements() const;                     ///< of an array
  Members members() const;                       ///< of an object

private:
  friend class JsonDocument;
  JsonValue(const JsonDocument& document, std::uint32_t index) : document_(&document), index_(index) {}
  const JsonDocument::Node& node() const { return document_->nodes_[index_]; }
  const JsonDocument* document_;
  std::uint32_t index_;
};

struct JsonMember {
  std::string_view key;
  JsonValue value;
};

class JsonValue::Elements {
public:
  class Iterator {
  public:
    Iterator(const JsonDocument& document, std::uint32_t index) : at_(document, index) {}
    JsonValue operator*() const { return at_; }
    Iterator& operator++() {
      at_.index_ = at_.node().next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_.index_ != other.at_.index_; }

  private:
    JsonValue at_;
  };
  Iterator begin() const { return {*document_, first_}; }
  Iterator end() const { return {*document_, last_}; }

private:
  friend class JsonValue;
  Elements(const JsonDocument& document, std::uint32_t first, std::uint32_t last) : document_(&document), first_(first), last_(last) {}
  const JsonDocument* document_;
  std::uint32_t first_, last_;
};

class JsonValue::Members {
public:
  class Iterator {
  public:
    Iterator(const JsonDocument& document, std::uint32_t index) : key_(document, index) {}
    JsonMember operator*() const { return {key_.text(), JsonValue(*key_.document_, key_.index_ + 1)}; }
    Iterator& operator++() {
      key_.index_ = key_.document_->nodes_[key_.index_ + 1].next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return key_.index_ != other.key_.index_; }

  private:
    JsonValue key_;
  };
  Iterator begin() const { return {*document_, first_}; }
  Iterator end() const { return {*document_, last_}; }

private:
  friend class JsonValue;
  Members(const JsonDocument& document, std::uint32_t first, std::uint32_t last) : document_(&document), first_(first), last_(last) {}
  const JsonDocument* document_;
  std::uint32_t first_, last_;
};

/// The same document in one spelling: keys sorted, no blanks, numbers as written. For hashes of what means the same.
std::string canonical_json(JsonValue value);

} // namespace takt
