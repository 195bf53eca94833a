#pragma once
/// Texts of enums that several documents share.
#include "core/cap.h"
#include "core/record.h"

#include <optional>
#include <string_view>

namespace takt {

std::optional<Purpose> parse_purpose(std::string_view text);
std::string_view to_text(Purpose purpose);
constexpr std::string_view purpose_names = "marketing, profile, frequency, analytics, service";

} // namespace takt
