#pragma once
/// What differs between two of our documents, for a person to read: rules by their name, fields by JSON pointer. Pure.
/// Objects are compared member by member, anything else as a whole; blanks and the order of members say nothing.
/// Cost: O(bytes · log) of both documents.
#include "api/json/reader.h"
#include "api/json/writer.h"

#include <optional>
#include <string>
#include <vector>

namespace takt {

/// A side that does not have the field has no text. Texts are JSON, as they were written.
struct FieldChange {
  std::string pointer;
  std::optional<std::string> before, after;
  bool operator==(const FieldChange&) const = default;
};
std::vector<FieldChange> diff_fields(JsonValue before, JsonValue after, const std::string& pointer = "");

/// One rule of a policy ("caps", "gates" …), or one of its settings ("fatigue", "consent" …) as a whole.
struct PolicyChange {
  enum class Kind : std::uint8_t { added, removed, changed };
  Kind kind = Kind::changed;
  std::string part;                          ///< member of the policy
  std::string id;                            ///< of the rule; "" where it has none, and of settings
  std::string pointer;                       ///< into the later policy; of what was removed, into the earlier one
  std::vector<FieldChange> fields;           ///< of what was changed, with pointers into the later policy
  std::optional<std::string> before, after;  ///< of what was removed or added
};
struct PolicyDiff {
  std::vector<PolicyChange> changes;         ///< by part, then in the order of the later policy, removed ones last
  std::vector<std::string> reordered;        ///< parts whose rules are the same in another order
  bool empty() const { return changes.empty() && reordered.empty(); }
};
/// A rule without an id is known by what it acts on (its fact; per and match). Both values must be objects.
PolicyDiff diff_policies(JsonValue before, JsonValue after);

/// {"pointer","before","after"}, without the side that is not there.
void write_field_changes(JsonWriter& json, const std::vector<FieldChange>& fields);
/// "changes":[…],"reordered":[…] into an open object.
void write_policy_diff(JsonWriter& json, const PolicyDiff& diff);

} // namespace takt
