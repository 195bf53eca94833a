#include "api/json/import_scanner.h"

#include "api/json/codecs.h"

namespace takt {

std::string_view ImportScanner::lasting(JsonValue value) {
  const std::string_view text = value.text(), source = value.source();
  if (source.substr(1, source.size() - 2) == text) return source.substr(1, text.size());
  return unescaped_.emplace_back(text); // the document's own copy is gone with the next line
}

ImportScanner::Line ImportScanner::scan(std::string_view text) {
  Line line;
  if (!document_.parse(text) || !document_.root().is(JsonKind::object)) return line;
  for (const JsonMember member : document_.root().members()) {
    if (!member.value.is(JsonKind::string)) continue;
    if (member.key == "type") {
      const std::string_view type = member.value.text();
      line.is_document = is_import_document(type);
    } else if (member.key == "userId") {
      line.names.user_id = lasting(member.value);
    } else if (member.key == "anonymousId") {
      line.names.anonymous_id = lasting(member.value);
    } else if (member.key == "previousId") {
      line.names.previous_id = lasting(member.value);
    }
  }
  return line;
}

} // namespace takt
