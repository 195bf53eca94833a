#include "api/json/reader.h"

#include "api/json/json_parser.h"
#include "api/json/writer.h"
#include "core/check.h"

#include <algorithm>
#include <charconv>

namespace takt {

Status JsonDocument::parse(std::string_view json) {
  source_ = json;
  nodes_.clear();
  decoded_.clear();
  return JsonParser(*this).run();
}

JsonValue JsonDocument::root() const {
  TAKT_CHECK(!nodes_.empty(), "root() of a document that was refused");
  return {*this, 0};
}

JsonValue JsonDocument::value_at(std::uint32_t index) const { return {*this, index}; }

std::string_view JsonValue::text() const {
  const auto& here = node();
  const std::string_view where = here.flag ? std::string_view(document_->decoded_) : document_->source_;
  return where.substr(here.text_begin, here.text_size);
}

std::string_view JsonValue::source() const { return document_->source_.substr(node().begin, node().end - node().begin); }

namespace {

template <class Whole>
std::optional<Whole> exact(JsonValue value) {
  if (!value.is(JsonKind::number)) return std::nullopt;
  const std::string_view digits = value.source();
  Whole result{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return result;
}

} // namespace

std::optional<std::int64_t> JsonValue::whole() const { return exact<std::int64_t>(*this); }
std::optional<std::uint64_t> JsonValue::natural() const { return exact<std::uint64_t>(*this); }

double JsonValue::real() const {
  const std::string_view digits = source();
  double result = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  static_cast<void>(end);
  return error == std::errc{} ? result : 0.0; // the parser refused what is too large: this is too small
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  if (!is(JsonKind::object)) return std::nullopt;
  for (const JsonMember member : members())
    if (member.key == key) return member.value;
  return std::nullopt;
}

JsonValue::Elements JsonValue::elements() const {
  TAKT_CHECK(is(JsonKind::array), "elements() of something that is no array");
  return {*document_, index_ + 1, node().next};
}

JsonValue::Members JsonValue::members() const {
  TAKT_CHECK(is(JsonKind::object), "members() of something that is no object");
  return {*document_, index_ + 1, node().next};
}

namespace {

void write_canonical(JsonValue value, std::string& out) { // recursion: depth is bounded by the parser
  if (value.is(JsonKind::array)) {
    out += '[';
    for (const JsonValue element : value.elements()) {
      if (out.back() != '[') out += ',';
      write_canonical(element, out);
    }
    out += ']';
  } else if (value.is(JsonKind::object)) {
    std::vector<JsonMember> members;
    for (const JsonMember member : value.members()) members.push_back(member);
    std::sort(members.begin(), members.end(), [](const JsonMember& a, const JsonMember& b) { return a.key < b.key; });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i) out += ',';
      append_json_text(out, members[i].key);
      out += ':';
      write_canonical(members[i].value, out);
    }
    out += '}';
  } else if (value.is(JsonKind::string)) {
    append_json_text(out, value.text());
  } else {
    out += value.source();
  }
}

} // namespace

std::string canonical_json(JsonValue value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

} // namespace takt
