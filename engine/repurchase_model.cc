#include "engine/repurchase_model.h"

#include <algorithm>
#include <cstdio>

namespace takt {
namespace {

constexpr std::size_t named_max = 10;

std::string name_of(Symbol category, const SymbolTable& symbols) {
  std::string name;
  for (const std::string& part : symbols.path_of(category)) name += (name.empty() ? "" : " > ") + part;
  return name;
}

std::string days_of(Duration length) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", static_cast<double>(length.count()) / static_cast<double>(days(1).count()));
  return text;
}

} // namespace

std::vector<std::string> told(const RepurchaseModel& model, const SymbolTable& symbols) {
  std::vector<std::string> lines;
  std::vector<std::pair<std::uint64_t, Symbol>> commonest;
  for (const auto& [category, cycle] : model.by_category) commonest.emplace_back(cycle.customers, category);
  std::sort(commonest.begin(), commonest.end(), [&](const auto& one, const auto& other) {
    return one.first != other.first ? one.first > other.first : symbols.name(one.second) < symbols.name(other.second);
  });
  for (std::size_t i = 0; i < std::min(commonest.size(), named_max); ++i) {
    const RepurchaseCycle& cycle = model.by_category.at(commonest[i].second);
    lines.push_back(name_of(commonest[i].second, symbols) + ": bought again after " + days_of(cycle.cycle) + " days (" + std::to_string(cycle.customers) + " customers, own median " +
                    days_of(cycle.observed) + ")");
  }
  if (commonest.size() > named_max) lines.push_back("and " + std::to_string(commonest.size() - named_max) + " more categories");
  if (!model.refused.empty())
    lines.push_back("refused: in " + std::to_string(model.refused.size()) + " categories fewer than " + std::to_string(model.customers_needed) +
                    " customers bought again; the category above or the policy's fallback serves");
  if (commonest.empty() && model.refused.empty()) lines.push_back("nobody bought from one category on two days: the policy's fallback serves");
  return lines;
}

} // namespace takt
