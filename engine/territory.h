#pragma once
/// The territory of a locale: "de-DE" → "DE", "zh_Hant_TW" → "TW"; "" where the tag names none (BCP 47: two letters, not in first place). Pure.
#include <algorithm>
#include <string>
#include <string_view>

namespace takt {

inline std::string territory_of(std::string_view locale) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  std::string subtag;
  bool first = true;
  for (std::size_t i = 0; i <= locale.size(); ++i) {
    if (i < locale.size() && locale[i] != '-' && locale[i] != '_') {
      subtag.push_back(upper(locale[i]));
      continue;
    }
    const bool is_letters = std::all_of(subtag.begin(), subtag.end(), [](char c) { return c >= 'A' && c <= 'Z'; }); // whatever a client sends
    if (!first && subtag.size() == 2 && is_letters) return subtag;
    first = false;
    subtag.clear();
  }
  return {};
}

} // namespace takt
