#include "api/json/fields.h"

#include "api/json/nearest_name.h"
#include "core/money.h"

#include <algorithm>

namespace takt {

namespace {
// A document with more mistakes than this is not the one that was meant.
constexpr std::size_t complaints_max = 50;
} // namespace

void Complaints::add(std::string pointer, std::string detail) {
  if (invalid_.size() < complaints_max) invalid_.push_back({std::move(pointer), std::move(detail)});
}

void Complaints::add_not_built(std::string pointer, std::string detail) {
  if (not_built_.size() < complaints_max) not_built_.push_back({std::move(pointer), std::move(detail)});
}

Error Complaints::error() const {
  const auto& fields = invalid_.empty() ? not_built_ : invalid_;
  const ErrorCode code = invalid_.empty() ? ErrorCode::not_built : ErrorCode::invalid;
  if (fields.empty()) return {ErrorCode::internal, "nothing was wrong", {}};
  const std::string where = fields.front().pointer.empty() ? "the document" : fields.front().pointer;
  return {code, where + ": " + fields.front().detail, fields};
}

std::string pointer_to(std::string_view pointer, std::string_view key) {
  std::string result(pointer);
  result += '/';
  for (const char c : key.substr(0, 200)) {
    if (c == '~') result += "~0";
    else if (c == '/') result += "~1";
    else result += c;
  }
  return result;
}

std::string pointer_to(std::string_view pointer, std::size_t index) {
  std::string result(pointer);
  result += '/';
  result += std::to_string(index);
  return result;
}

std::optional<std::string> objection_to_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) return "is longer than " + std::to_string(bytes_max) + " bytes";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t' && c != '\r') || byte == 0x7f) return "has a control character";
  }
  return std::nullopt;
}

std::optional<std::string> objection_to_name(std::string_view text, std::size_t bytes_max) {
  if (text.find_first_of("\n\r\t") != std::string_view::npos) return "has a line break or a tab";
  return objection_to_text(text, bytes_max);
}

Fields::Fields(JsonValue value, std::string pointer, Complaints& complaints) : pointer_(std::move(pointer)), complaints_(complaints) {
  if (value.is(JsonKind::object)) object_ = value;
  else complaints_.add(pointer_, "must be an object");
}

std::optional<JsonValue> Fields::take_raw(std::string_view key) {
  known_.push_back(key);
  return object_ ? object_->find(key) : std::nullopt;
}

std::optional<JsonValue> Fields::take(std::string_view key) {
  const auto value = take_raw(key);
  return value && value->is(JsonKind::null) ? std::nullopt : value;
}

bool Fields::has(std::string_view key) const {
  const auto value = object_ ? object_->find(key) : std::nullopt;
  return value && !value->is(JsonKind::null);
}

std::optional<JsonValue> Fields::typed(std::string_view key, JsonKind kind, std::string_view name) {
  const auto value = take(key);
  if (!value || value->is(kind)) return value;
  complain(key, "must be " + std::string(name));
  return std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view key, std::size_t bytes_max) {
  const auto value = typed(key, JsonKind::string, "text");
  if (!value) return std::nullopt;
  if (auto objection = objection_to_text(value->text(), bytes_max)) {
    complain(key, *std::move(objection));
    return std::nullopt;
  }
  return std::string(value->text());
}

std::optional<bool> Fields::flag(std::string_view key) {
  const auto value = typed(key, JsonKind::boolean, "true or false");
  return value ? std::optional(value->boolean()) : std::nullopt;
}

std::optional<std::uint64_t> Fields::natural(std::string_view key, std::uint64_t from, std::uint64_t to) {
  const auto value = typed(key, JsonKind::number, "a whole number");
  if (!value) return std::nullopt;
  const auto number = value->natural();
  if (number && *number >= from && *number <= to) return number;
  complain(key, "must be a whole number from " + std::to_string(from) + " to " + std::to_string(to));
  return std::nullopt;
}

std::optional<double> Fields::real(std::string_view key, double from, double to) {
  const auto value = typed(key, JsonKind::number, "a number");
  if (!value) return std::nullopt;
  const double number = value->real();
  if (number >= from && number <= to) return number;
  complain(key, "must be from " + format_micros(static_cast<std::int64_t>(from * 1e6)) + " to " + format_micros(static_cast<std::int64_t>(to * 1e6)));
  return std::nullopt;
}

std::optional<UtcTime> Fields::time(std::string_view key) {
  const auto value = typed(key, JsonKind::string, "a time in quotes, with its zone");
  if (!value) return std::nullopt;
  const auto time = parse_utc(value->text());
  if (time) return *time;
  complain(key, time.error().message);
  return std::nullopt;
}

std::optional<Duration> Fields::duration(std::string_view key, Duration from, Duration to) {
  const auto value = typed(key, JsonKind::string, "a duration in quotes, like \"7d\"");
  if (!value) return std::nullopt;
  const auto duration = parse_duration(value->text());
  if (!duration) complain(key, duration.error().message);
  else if (*duration < from || *duration > to) complain(key, "must be from " + format_duration(from) + " to " + format_duration(to));
  else return *duration;
  return std::nullopt;
}

std::optional<std::int64_t> Fields::micros(std::string_view key) {
  const auto value = typed(key, JsonKind::string, "a decimal in quotes, like \"79.90\"");
  if (!value) return std::nullopt;
  if (value->text().size() > 19) { // 12 digits, a point, 6 digits
    complain(key, "has more digits than money needs");
    return std::nullopt;
  }
  const auto micros = parse_micros(value->text());
  if (!micros) complain(key, micros.error().message);
  else if (*micros < 0) complain(key, "must not be negative");
  else return *micros;
  return std::nullopt;
}

std::vector<std::pair<JsonValue, std::string>> Fields::list(std::string_view key, std::size_t count_max) {
  std::vector<std::pair<JsonValue, std::string>> found;
  const auto value = typed(key, JsonKind::array, "a list");
  if (!value) return found;
  if (value->size() > count_max) {
    complain(key, "has more than " + std::to_string(count_max) + " elements");
    return found;
  }
  found.reserve(value->size());
  const std::string base = pointer(key);
  for (const JsonValue element : value->elements()) found.emplace_back(element, pointer_to(base, found.size()));
  return found;
}

std::vector<std::string> Fields::texts(std::string_view key, std::size_t count_max, std::size_t bytes_max) {
  std::vector<std::string> found;
  for (const auto& [value, pointer] : list(key, count_max)) {
    if (!value.is(JsonKind::string)) complaints_.add(pointer, "must be text");
    else if (value.text().empty()) complaints_.add(pointer, "must not be empty");
    else if (auto objection = objection_to_text(value.text(), bytes_max)) complaints_.add(pointer, *std::move(objection));
    else found.emplace_back(value.text());
  }
  return found;
}

void Fields::not_built(std::string_view key, std::string_view what) {
  const auto value = take(key);
  if (!value || (!value->is_scalar() && value->size() == 0)) return;
  complaints_.add_not_built(pointer(key), std::string(what) + " is not built yet");
}

void Fields::finish() {
  if (!object_) return;
  for (const JsonMember member : object_->members()) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    const std::string_view meant = nearest_name(member.key, known_);
    complain(member.key, "is not a field of this document" + (meant.empty() ? "" : "; did you mean \"" + std::string(meant) + "\"?"));
  }
}

} // namespace takt
