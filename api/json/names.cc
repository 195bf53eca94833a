#include "api/json/names.h"

#include <array>

namespace takt {

namespace {
constexpr std::array<std::string_view, 5> purposes{"marketing", "profile", "frequency", "analytics", "service"};
} // namespace

std::optional<Purpose> parse_purpose(std::string_view text) {
  for (std::size_t i = 0; i < purposes.size(); ++i)
    if (purposes[i] == text) return static_cast<Purpose>(i);
  return std::nullopt;
}

std::string_view to_text(Purpose purpose) { return purposes[static_cast<std::size_t>(purpose)]; }

} // namespace takt
