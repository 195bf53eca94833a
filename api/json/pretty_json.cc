#include "api/json/pretty_json.h"

#include "api/json/writer.h"

#include <algorithm>
#include <array>

namespace takt {
namespace {

constexpr std::array<std::string_view, 5> first_keys{"type", "id", "title", "fact", "per"};

std::size_t rank_of(std::string_view key) {
  return static_cast<std::size_t>(std::find(first_keys.begin(), first_keys.end(), key) - first_keys.begin());
}

bool is_plain(JsonValue list) {
  for (const JsonValue element : list.elements())
    if (!element.is_scalar() && element.size() > 0) return false;
  return true;
}

void write(JsonValue value, std::size_t level, std::string& out);

void new_line(std::size_t level, std::string& out) { out.append("\n").append(2 * level, ' '); }

void write_list(JsonValue list, std::size_t level, std::string& out) {
  const bool one_line = is_plain(list);
  out += '[';
  bool first = true;
  for (const JsonValue element : list.elements()) {
    if (!first) out += one_line ? ", " : ",";
    first = false;
    if (!one_line) new_line(level + 1, out);
    write(element, level + 1, out);
  }
  if (!one_line) new_line(level, out);
  out += ']';
}

void write_object(JsonValue object, std::size_t level, std::string& out) {
  std::vector<JsonMember> members;
  for (const JsonMember member : object.members()) members.push_back(member);
  std::sort(members.begin(), members.end(), [](const JsonMember& one, const JsonMember& other) {
    const std::size_t rank = rank_of(one.key), other_rank = rank_of(other.key);
    return rank != other_rank ? rank < other_rank : one.key < other.key;
  });
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    new_line(level + 1, out);
    append_json_text(out, members[i].key);
    out += ": ";
    write(members[i].value, level + 1, out);
  }
  if (!members.empty()) new_line(level, out);
  out += '}';
}

/// Depth is bounded by the parser.
void write(JsonValue value, std::size_t level, std::string& out) {
  if (value.is(JsonKind::array)) write_list(value, level, out);
  else if (value.is(JsonKind::object)) write_object(value, level, out);
  else if (value.is(JsonKind::string)) append_json_text(out, value.text());
  else out += value.source();
}

} // namespace

std::string pretty_json(JsonValue value) {
  std::string out;
  write(value, 0, out);
  out += '\n';
  return out;
}

} // namespace takt
