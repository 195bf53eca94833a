#include "engine/stage/rule_audiences.h"

#include "core/check.h"

#include <algorithm>

namespace takt {
namespace {

/// Whatever the audience holds back by itself ends at `own_end`, and where the audience ends before that.
std::optional<UtcTime> earlier_end(const AudienceTimes& audience, UtcTime from, std::optional<UtcTime> own_end) {
  const std::optional<UtcTime> outside = audience.next(from, false);
  return own_end && outside ? std::min(own_end, outside) : own_end ? own_end : outside;
}

class AudienceBound final : public Obstacle {
public:
  AudienceBound(std::unique_ptr<Obstacle> inner, std::shared_ptr<const AudienceTimes> audience) : inner_(std::move(inner)), audience_(std::move(audience)) {}

  bool blocks(const CapCandidate& candidate, UtcTime t) const override { return audience_->at(t) && inner_->blocks(candidate, t); }
  void edges(const CapCandidate& candidate, UtcTime t, std::vector<UtcTime>& out) const override {
    inner_->edges(candidate, t, out);
    out.insert(out.end(), std::upper_bound(audience_->from.begin(), audience_->from.end(), t), audience_->from.end());
  }
  /// Free where either of the two ends; the inner one may have edges without end.
  std::optional<UtcTime> next_free(const CapCandidate& candidate, UtcTime from) const override { return earlier_end(*audience_, from, inner_->next_free(candidate, from)); }

private:
  std::unique_ptr<Obstacle> inner_;
  std::shared_ptr<const AudienceTimes> audience_;
};

} // namespace

namespace {

std::uint64_t spared_of(const Call& call, const Opening& opening, const RulePrograms::Programs& programs) {
  std::uint64_t spared = 0;
  if (programs.empty()) return spared;
  AudiencesNow now(call, opening);
  for (std::size_t i = 0; i < programs.size(); ++i)
    if (!now.holds(programs, i)) spared |= std::uint64_t{1} << i;
  return spared;
}

} // namespace

std::uint64_t spared_caps(const Call& call, const Opening& opening) { return spared_of(call, opening, call.world.rulebook->rule_audiences.caps); }

std::uint64_t spared_total_caps(const Call& call, const Opening& opening) { return spared_of(call, opening, call.world.rulebook->rule_audiences.total_caps); }

std::optional<UtcTime> AudiencesNow::end(const RulePrograms::Programs& programs, std::size_t place, std::optional<UtcTime> own_end) const {
  return programs.empty() || !programs[place] ? own_end : earlier_end(*audience_times(call_, opening_, *programs[place]), call_.person.now, own_end);
}

std::optional<UtcTime> next_for_audience(const Call& call, const Opening& opening, const RulePrograms::Programs& programs, std::size_t place, UtcTime until,
                                         const std::function<bool(UtcTime)>& is_on, const std::function<std::optional<UtcTime>(UtcTime)>& next_on) {
  const UtcTime now = call.person.now;
  const auto before_end = [&](std::optional<UtcTime> t) { return t && *t < until ? t : std::nullopt; };
  if (programs.empty() || !programs[place]) return before_end(next_on(now));
  const auto audience = audience_times(call, opening, *programs[place]);
  std::vector<UtcTime> instants = audience->from;
  std::erase_if(instants, [&](UtcTime t) { return t <= now || t >= until; });
  for (auto begins = before_end(next_on(now)); begins; begins = before_end(next_on(*begins))) instants.push_back(*begins);
  std::sort(instants.begin(), instants.end());
  const auto found = std::find_if(instants.begin(), instants.end(), [&](UtcTime t) { return audience->at(t) && is_on(t); });
  return found == instants.end() ? std::nullopt : std::optional(*found);
}

CapAudiences::CapAudiences(const Call& call, const Opening& opening) : call_(call), opening_(opening) {}

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
  return !program || audience_times(call_, opening_, *program)->at(t);
}

void CapAudiences::edges(const CapRule& rule, UtcTime t, std::vector<UtcTime>& out) const {
  const ConditionProgram* program = program_of(rule);
  if (!program) return;
  const std::vector<UtcTime>& from = audience_times(call_, opening_, *program)->from;
  out.insert(out.end(), std::upper_bound(from.begin(), from.end(), t), from.end());
}

std::unique_ptr<Obstacle> for_audience(std::unique_ptr<Obstacle> obstacle, const Call& call, const Opening& opening, const RulePrograms::Programs& programs, std::size_t place) {
  if (!obstacle || programs.empty() || !programs[place]) return obstacle;
  return std::make_unique<AudienceBound>(std::move(obstacle), audience_times(call, opening, *programs[place]));
}

} // namespace takt
