#pragma once
/// Whom the rules of the policy are for: their `audience` (contract.md §5), asked of this person at this opening. A rule binds only those whom
/// its audience holds for; what a cap counts does not hang on it (semantics.md BLOCK).
/// Threads: one decision. Cost: nothing where no rule has an audience; else its condition once per rule and opening.
#include "engine/call.h"
#include "engine/stage/condition_inputs.h"

#include <functional>

namespace takt {

/// Caps that are for others now, a bit for each by its place in the policy.
std::uint64_t spared_caps(const Call& call, const Opening& opening);
/// The same of caps over more than one customer.
std::uint64_t spared_total_caps(const Call& call, const Opening& opening);

/// The audiences of caps at later instants, for eligible_again. The call must outlive it.
class CapAudiences final : public RuleAudience {
public:
  CapAudiences(const Call& call, const Opening& opening);
  bool holds(const CapRule& rule, UtcTime t) const override;
  void edges(const CapRule& rule, UtcTime t, std::vector<UtcTime>& out) const override;

private:
  const ConditionProgram* program_of(const CapRule& rule) const;   ///< null: for everybody
  const Call& call_;
  const Opening& opening_;
};

/// Asks the programs of one list of rules at one instant, each once.
class AudiencesNow {
public:
  AudiencesNow(const Call& call, const Opening& opening) : call_(call), opening_(opening), asked_(condition_inputs(call, opening), call.person.now) {}
  /// `place`: of the rule in its list.
  bool holds(const RulePrograms::Programs& programs, std::size_t place) { return programs.empty() || !programs[place] || asked_.holds(*programs[place], nullptr); }
  /// When a rule that holds now ends: at its own end, or where its audience does; none: no end is known.
  std::optional<UtcTime> end(const RulePrograms::Programs& programs, std::size_t place, std::optional<UtcTime> own_end) const;

private:
  const Call& call_;
  const Opening& opening_;
  ConditionMoment asked_;
};

/// The first instant after t at which the rule is for the person and `is_on` says that it holds, before `until`; none: not before then.
/// `next_on(from)`: the first instant after `from` at which the rule by itself begins.
std::optional<UtcTime> next_for_audience(const Call& call, const Opening& opening, const RulePrograms::Programs& programs, std::size_t place, UtcTime until,
                                         const std::function<bool(UtcTime)>& is_on, const std::function<std::optional<UtcTime>(UtcTime from)>& next_on);

/// An obstacle that is in the way of those only whom `audience` holds for; null: as it is.
std::unique_ptr<Obstacle> for_audience(std::unique_ptr<Obstacle> obstacle, const Call& call, const Opening& opening, const RulePrograms::Programs& programs, std::size_t place);

} // namespace takt
