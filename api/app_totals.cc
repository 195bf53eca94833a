// Caps over more than one customer, for whoever watches a campaign run: what is used, what is reserved, what is left. Counted by the records that
// decisions count by, at this moment.
#include "api/app.h"
#include "api/window_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

/// A cap per item has as many keys as the shop has items; nobody reads more than the fullest.
constexpr std::size_t keys_shown_max = 20;

std::string label_text(const SymbolTable& symbols, Symbol part) {
  std::string text;
  for (const std::string& step : symbols.path_of(part)) text += (text.empty() ? "" : " > ") + step;
  return text;
}

Json key_json(const CapRule& rule, const TotalKey& key, const BudgetState& state, const SymbolTable& symbols) {
  Json parts = Json::array();
  const bool of_group = rule.scope == Scope::group;
  for (std::size_t i = of_group ? 1 : 0; i < key.size(); ++i)
    if (key[i] != Symbol::none) parts.push_back(label_text(symbols, key[i]));
  Json json;
  if (of_group) json["group"] = symbols.name(key[0]);
  json["key"] = std::move(parts);
  json["used"] = state.used;
  json["live"] = state.live;
  json["held"] = state.held;
  json["left"] = state.count() < *rule.limit ? *rule.limit - state.count() : 0;
  return json;
}

Json cap_json(const CapRule& rule, const BudgetCounter& counter, const SymbolTable& symbols, UtcTime now) {
  auto states = counter.states(now);
  std::stable_sort(states.begin(), states.end(), [](const auto& a, const auto& b) { return a.second.count() > b.second.count(); });
  Json fullest = Json::array();
  std::size_t full = 0, over = 0;
  for (const auto& [key, state] : states) {
    if (fullest.size() < keys_shown_max) fullest.push_back(key_json(rule, key, state, symbols));
    full += state.count() >= *rule.limit ? 1 : 0;
    over += state.count() > *rule.limit ? 1 : 0;
  }
  Json json{{"id", rule.id}};
  if (!rule.title.empty()) json["title"] = rule.title;
  json["scope"] = rule.scope == Scope::group ? "group" : "everyone";
  json["window"] = window_text(rule.window);
  json["limit"] = *rule.limit;
  json["counted"] = !counter.has_given_up();
  json["keys"] = states.size();
  json["full"] = full;
  json["over"] = over;
  json["fullest"] = std::move(fullest);
  return json;
}

} // namespace

std::string App::totals_json() const {
  const WorldPtr current = world();
  const UtcTime now = clock_.utc_now();
  Json caps = Json::array();
  const auto& totals = current->rulebook->totals;
  for (std::size_t i = 0; totals && i < totals->rules().size(); ++i)
    caps.push_back(cap_json(current->policy().total_caps[i], *totals->rules()[i].counter, *current->symbols, now));
  return Json{{"at", format_utc(now)}, {"caps", std::move(caps)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace takt
