#include "engine/stage/rule_audiences.h"

#include "core/check.h"

#include <algorithm>

namespace takt {
namespace {

/// Whatever the audience holds back by itself ends at `own_end`, and where the audience ends before that.
std::optional<UtcTime> earlier_end(const ConditionProgram& audience, const ConditionInputs& inputs, UtcTime from, std::optional<UtcTime> own_end) {
  std::vector<UtcTime> edges;
  condition_edges(audience, inputs, from, edges);
  std::sort(edges.begin(), edges.end());
  const auto outside = std::find_if(edges.begin(), edges.end(), [&](UtcTime edge) { return edge > from && !condition_holds(audience, inputs, edge); });
  if (outside == edges.end()) return own_end;
  return own_end ? std::min(*own_end, *outside) : *outside;
}

class AudienceBound final : public Obstacle {
public:
  AudienceBound(std::unique_ptr<Obstacle> inner, std::shared_ptr<const ConditionProgram> audience, const ConditionInputs& inputs)
      : inner_(std::move(inner)), audience_(std::move(audience)), inputs_(inputs) {}

  bool blocks(const CapCandidate& candidate, UtcTime t) const override { return inner_->blocks(candidate, t) && condition_holds(*audience_, inputs_, t); }
  void edges(const CapCandidate& candidate, UtcTime t, std::vector<UtcTime>& out) const override {
    inner_->edges(candidate, t, out);
    condition_edges(*audience_, inputs_, t, out);
  }
  /// Free where either of the two ends; the inner one may have edges without end.
  std::optional<UtcTime> next_free(const CapCandidate& candidate, UtcTime from) const override {
    return earlier_end(*audience_, inputs_, from, inner_->next_free(candidate, from));
  }

private:
  std::unique_ptr<Obstacle> inner_;
  std::shared_ptr<const ConditionProgram> audience_;
  ConditionInputs inputs_;
};

} // namespace

std::uint64_t spared_caps(const Call& call, const Opening& opening) {
  const RulePrograms::Programs& programs = call.world.rulebook->rule_audiences.caps;
  std::uint64_t spared = 0;
  if (programs.empty()) return spared;
  AudiencesNow now(call, opening);
  for (std::size_t i = 0; i < programs.size(); ++i)
    if (!now.holds(programs, i)) spared |= std::uint64_t{1} << i;
  return spared;
}

std::optional<UtcTime> AudiencesNow::end(const RulePrograms::Programs& programs, std::size_t place, std::optional<UtcTime> own_end) const {
  return programs.empty() || !programs[place] ? own_end : earlier_end(*programs[place], inputs_, now_, own_end);
}

std::optional<UtcTime> next_for_audience(const Call& call, const Opening& opening, const RulePrograms::Programs& programs, std::size_t place, UtcTime until,
                                         const std::function<bool(UtcTime)>& is_on, const std::function<std::optional<UtcTime>(UtcTime)>& next_on) {
  const UtcTime now = call.person.now;
  const auto before_end = [&](std::optional<UtcTime> t) { return t && *t < until ? t : std::nullopt; };
  if (programs.empty() || !programs[place]) return before_end(next_on(now));
  const ConditionInputs inputs = condition_inputs(call, opening);
  std::vector<UtcTime> instants;
  condition_edges(*programs[place], inputs, now, instants);
  std::erase_if(instants, [&](UtcTime t) { return t <= now || t >= until; });
  for (auto begins = before_end(next_on(now)); begins; begins = before_end(next_on(*begins))) instants.push_back(*begins);
  std::sort(instants.begin(), instants.end());
  const auto found = std::find_if(instants.begin(), instants.end(), [&](UtcTime t) { return is_on(t) && condition_holds(*programs[place], inputs, t); });
  return found == instants.end() ? std::nullopt : std::optional(*found);
}

CapAudiences::CapAudiences(const Call& call, const Opening& opening) : call_(call), inputs_(condition_inputs(call, opening)) {}

const ConditionProgram* CapAudiences::program_of(const CapRule& rule) const {
  const RulePrograms::Programs& programs = call_.world.rulebook->rule_audiences.caps;
  if (programs.empty()) return nullptr;
  const std::vector<CapRule>& caps = call_.world.policy().caps;
  const auto place = &rule - caps.data();
  TAKT_CHECK(place >= 0 && static_cast<std::size_t>(place) < caps.size(), "asked of the policy's own rules");
  return programs[static_cast<std::size_t>(place)].get();
}

bool CapAudiences::holds(const CapRule& rule, UtcTime t) const {
  const ConditionProgram* program = program_of(rule);
  return !program || condition_holds(*program, inputs_, t);
}

void CapAudiences::edges(const CapRule& rule, UtcTime t, std::vector<UtcTime>& out) const {
  if (const ConditionProgram* program = program_of(rule)) condition_edges(*program, inputs_, t, out);
}

std::unique_ptr<Obstacle> for_audience(std::unique_ptr<Obstacle> obstacle, const RulePrograms::Programs& programs, std::size_t place, const ConditionInputs& inputs) {
  if (!obstacle || programs.empty() || !programs[place]) return obstacle;
  return std::make_unique<AudienceBound>(std::move(obstacle), programs[place], inputs);
}

} // namespace takt
