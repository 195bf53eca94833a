#pragma once
/// Checked getters for our own documents: a field is taken by name, with its type and range; what was not taken when the object
/// is done is an unknown field. Nothing is converted: 3.0 is no whole number, "5" no number, true no 1.
/// All complaints of a document are collected, each with its RFC 6901 pointer, so that one answer names every mistake.
/// Errors: invalid with FieldErrors; not_built where something of the contract is asked for that this release has not.
#include "api/json/reader.h"
#include "core/id.h"
#include "core/limits.h"
#include "core/time.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace takt {

class Complaints {
public:
  void add(std::string pointer, std::string detail);
  void add_not_built(std::string pointer, std::string detail);
  bool none() const { return invalid_.empty() && not_built_.empty(); }
  /// Invalid wins over not built: what is wrong stays wrong in the release that builds the rest.
  Error error() const;

private:
  std::vector<FieldError> invalid_, not_built_;
};

/// pointer + "/" + key, with ~ and / escaped (RFC 6901).
std::string pointer_to(std::string_view pointer, std::string_view key);
std::string pointer_to(std::string_view pointer, std::size_t index);

/// Free of NUL and other control characters but tab and line breaks; at most bytes_max. Else the reason.
std::optional<std::string> objection_to_text(std::string_view text, std::size_t bytes_max);
/// And of an id or a name, which stands in one line of a log, a table or a terminal.
std::optional<std::string> objection_to_name(std::string_view text, std::size_t bytes_max);

class Fields {
public:
  /// Anything but an object is complained about, and then has no fields.
  Fields(JsonValue value, std::string pointer, Complaints& complaints);

  /// The value; none where absent or null. Taking marks it as known.
  std::optional<JsonValue> take(std::string_view key);
  /// As `take`, but null is a value.
  std::optional<JsonValue> take_raw(std::string_view key);
  std::optional<std::string> text(std::string_view key, std::size_t bytes_max = limits::text_bytes_max);
  std::optional<bool> flag(std::string_view key);
  std::optional<std::uint64_t> natural(std::string_view key, std::uint64_t from, std::uint64_t to);
  std::optional<double> real(std::string_view key, double from, double to);
  std::optional<UtcTime> time(std::string_view key);
  std::optional<Duration> duration(std::string_view key, Duration from, Duration to);
  /// "79.90": money and decimals are text, so that nothing is rounded on the way. Millionths, >= 0.
  std::optional<std::int64_t> micros(std::string_view key);
  template <class Tag>
  std::optional<Id<Tag>> id(std::string_view key) {
    const auto value = text(key, limits::id_bytes_max);
    if (!value) return std::nullopt;
    auto id = Id<Tag>::parse(*value);
    if (id) return *id;
    complain(key, id.error().message);
    return std::nullopt;
  }
  template <class Tag>
  std::vector<Id<Tag>> ids(std::string_view key, std::size_t count_max) {
    std::vector<Id<Tag>> found;
    for (const auto& [value, pointer] : list(key, count_max)) {
      auto id = value.is(JsonKind::string) ? Id<Tag>::parse(value.text()) : fail(ErrorCode::invalid, "must be text");
      if (id) found.push_back(*std::move(id));
      else complaints_.add(pointer, id.error().message);
    }
    return found;
  }
  std::vector<std::string> texts(std::string_view key, std::size_t count_max, std::size_t bytes_max = limits::id_bytes_max);
  /// Elements of a list with their pointers; empty where absent.
  std::vector<std::pair<JsonValue, std::string>> list(std::string_view key, std::size_t count_max);
  /// One of `names`, as its index.
  template <class Enum>
  std::optional<Enum> choice(std::string_view key, std::initializer_list<std::pair<std::string_view, Enum>> names) {
    const auto value = text(key);
    if (!value) return std::nullopt;
    std::string known;
    for (const auto& [name, meaning] : names) {
      if (name == *value) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    complain(key, "must be one of " + known);
    return std::nullopt;
  }
  /// Part of the contract, not of this release: null, [], {} and absence are fine, anything else is 501.
  void not_built(std::string_view key, std::string_view what);

  void complain(std::string_view key, std::string detail) { complaints_.add(pointer_to(pointer_, key), std::move(detail)); }
  void need(std::string_view key, bool there) { if (!there && !has(key)) complain(key, "is missing"); }
  bool has(std::string_view key) const;
  std::string pointer(std::string_view key) const { return pointer_to(pointer_, key); }
  const std::string& pointer() const { return pointer_; }
  Complaints& complaints() { return complaints_; }
  /// Call last: complains about every field that nobody took.
  void finish();

private:
  std::optional<JsonValue> typed(std::string_view key, JsonKind kind, std::string_view name);
  std::optional<JsonValue> object_;
  std::string pointer_;
  Complaints& complaints_;
  std::vector<std::string_view> known_;
};

} // namespace takt
