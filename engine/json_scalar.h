#pragma once
/// One JSON scalar ("\"red\"", "3", "true") as a value: attributes and traits are kept as their sender wrote them.
/// Not a JSON parser: documents are parsed in api/json/. What is not a scalar, and null, is monostate. Pure, never throws.
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace takt {

using ScalarValue = std::variant<std::monostate, bool, double, std::string, std::vector<std::string>>;

ScalarValue parse_json_scalar(std::string_view json);

} // namespace takt
