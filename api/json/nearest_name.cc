#include "api/json/nearest_name.h"

#include <algorithm>
#include <vector>

namespace takt {
namespace {

constexpr std::size_t name_bytes_max = 64;           ///< a longer one is no slip of the finger, and the table below grows with its square

char lower(char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); }

/// No letter is edited twice ("optimal string alignment").
std::size_t edits_between(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> table((a.size() + 1) * width);
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      std::size_t& here = table[i * width + j];
      if (i == 0 || j == 0) {
        here = i + j;
        continue;
      }
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      here = std::min({table[(i - 1) * width + j] + 1, table[i * width + j - 1] + 1, table[(i - 1) * width + j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) here = std::min(here, table[(i - 2) * width + j - 2] + 1);
    }
  return table.back();
}

} // namespace

std::string_view nearest_name(std::string_view text, std::span<const std::string_view> names) {
  std::string_view nearest;
  std::size_t fewest = name_bytes_max;
  if (text.size() < 2 || text.size() > name_bytes_max) return nearest;
  for (const std::string_view name : names) {
    const std::size_t edits = edits_between(text, name.substr(0, name_bytes_max));
    if (edits > std::max(text.size(), name.size()) / 3 || edits >= fewest) continue;
    nearest = name;
    fewest = edits;
  }
  return nearest;
}

} // namespace takt
