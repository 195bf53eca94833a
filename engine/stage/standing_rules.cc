#include "engine/stage/standing_rules.h"

#include "engine/territory.h"

#include <algorithm>
#include <string_view>

namespace takt {
namespace {

/// In the order of the enum Purpose.
constexpr std::array<std::string_view, 5> purpose_names{"marketing", "profile", "frequency", "analytics", "service"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool same_territory(const std::string& region, const std::string& territory) {
  return region.size() == territory.size() &&
         std::equal(region.begin(), region.end(), territory.begin(), [](char a, char b) { return upper(a) == b; });
}

} // namespace

StandingRules::StandingRules(const Call& call, const Opening& opening)
    : rules_(opening.rules), organic_(opening.rules.placement.mode == PlacementMode::organic) {
  for (std::size_t i = 0; i < purposes_count; ++i) {
    purposes_[i] = call.world.symbols->find(purpose_names[i]);
    allowed_[i] = consent_allows(*call.person, call.world.policy().consent, call.request.context, static_cast<Purpose>(i), rules_.channel);
  }
  territory_ = territory_of(call.request.context.locale);
  if (territory_.empty()) territory_ = territory_of(call.world.symbols->name(call.person->locale));
}

bool StandingRules::consent_given(Symbol purpose) const {
  for (std::size_t i = 0; i < purposes_count; ++i)
    if (purpose != Symbol::none && purposes_[i] == purpose) return allowed_[i];
  return allowed_[static_cast<std::size_t>(Purpose::marketing)]; // a purpose we do not know needs what marketing needs
}

bool StandingRules::takes_kind(const LabelSet& labels) const {
  return rules_.kinds.empty() || std::binary_search(rules_.kinds.begin(), rules_.kinds.end(), labels.kind);
}

bool StandingRules::takes_place(const CatalogueItem& item) const {
  if (!item.channels.empty() && !std::binary_search(item.channels.begin(), item.channels.end(), rules_.channel)) return false;
  const auto& regions = item.item.regions;
  return regions.empty() || territory_.empty() ||
         std::any_of(regions.begin(), regions.end(), [&](const std::string& region) { return same_territory(region, territory_); });
}

void StandingRules::block(ReasonCode code, std::vector<Reason>& out) {
  Reason reason;
  reason.stage = Stage::eligibility;
  reason.code = code;
  out.push_back(std::move(reason));
}

} // namespace takt
