#pragma once
/// One decision as JSON, written piece by piece: for decision.cc and the decision record.
#include "api/json/codecs.h"
#include "api/json/writer.h"

namespace takt {

class DecisionWriter {
public:
  DecisionWriter(JsonWriter& json, const Decision& decision, const DecisionRequest& request, const World& world, Explain explain, const AnswerView& view)
      : json_(json), decision_(decision), request_(request), world_(world), explain_(explain), view_(view), publishable_(view.publishable) {}
  /// The members of the answer, without the braces.
  void write();

private:
  void write_head();
  void write_placement(const PlacementDecision& placement);
  void write_choice(const PlacementDecision& placement, const Choice& choice);
  void write_attributes(const PlacementDecision& placement, const Choice& choice);
  void write_attribute(const Item& item, std::string_view field);
  void write_links(const PlacementDecision& placement, const Choice& choice);
  bool may_tell(const Choice& choice) const;
  void write_why(const Choice& choice);
  void write_terms(const ScoreTerms& terms);
  void write_reasons(const std::vector<Reason>& reasons);
  void write_reason(const Reason& reason);
  void write_explain();
  void write_funnel(const PlacementDecision& placement);
  void write_dropped(const PlacementDecision& placement);
  const Item* find_item(std::string_view id) const;
  /// In the language of the request: "de-AT", then "de", then as it is.
  std::string_view title_of(const Item& item) const;

  JsonWriter& json_;
  const Decision& decision_;
  const DecisionRequest& request_;
  const World& world_;
  Explain explain_;
  const AnswerView& view_;
  bool publishable_;
};

} // namespace takt
