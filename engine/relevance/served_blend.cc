#include "engine/relevance/served_blend.h"

namespace takt {
namespace {

/// iALS as it is served: only the items nearest to the customer count.
class NearestFactors final : public RelevanceMethod {
public:
  explicit NearestFactors(std::shared_ptr<const IalsModel> model) : all_(std::move(model)) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override {
    ScoreSheet every(sheet.size());
    all_.score(query, every);
    for (const std::uint32_t item : best_items(every, {}, factor_hits_max))
      if (every[item] > 0) sheet.add(item, every[item]);
  }

private:
  IalsMethod all_;
};

} // namespace

std::shared_ptr<const RelevanceMethod> method_of(const BlendedParts& parts, RelevancePart part) {
  switch (part) {
  case RelevancePart::ease: return std::make_shared<ItemWeightsMethod>(parts.ease);
  case RelevancePart::ease_recent: return std::make_shared<ItemWeightsMethod>(parts.ease, HistoryDecay{parts.recent_half_life_seconds});
  case RelevancePart::session_knn: return std::make_shared<SessionKnnMethod>(parts.sessions);
  case RelevancePart::ials: return std::make_shared<NearestFactors>(parts.ials);
  }
  return nullptr;
}

BlendMethod served_blend(const BlendedParts& parts, std::shared_ptr<const RelevanceMethod> ials) {
  std::vector<BlendPart> methods;
  for (std::size_t part = 0; part < relevance_parts; ++part) {
    if (!(parts.weights[part] > 0)) continue;
    const bool is_given = ials && part == static_cast<std::size_t>(RelevancePart::ials);
    methods.push_back({is_given ? ials : method_of(parts, static_cast<RelevancePart>(part)), parts.weights[part]});
  }
  return {std::move(methods), parts.trend};
}

} // namespace takt
