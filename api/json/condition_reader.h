#pragma once
/// Conditions and audiences inside other documents. Recursion is bounded by limits::condition_depth_max.
#include "api/json/codecs.h"
#include "api/json/fields.h"

namespace takt {

Condition read_condition(JsonValue value, const std::string& pointer, Complaints& complaints, ConditionUse use = ConditionUse::filter);
/// `audience` of an item or a rule: a condition, or the id of an audience, which is a condition of one node. none where absent.
std::optional<Condition> read_audience(Fields& fields, std::string_view key);
/// "journey" or "seen" of a condition; the key is there.
Occurrence read_occurrence(Fields& condition, std::string_view key, Occurrence::Book book);

void write_condition(class JsonWriter& json, const Condition& condition);
/// The same as it is read by read_audience.
void write_audience_of(JsonWriter& json, const Condition& audience);

} // namespace takt
