// When may a condition change because time passes, and nothing else?
#include "core/limits.h"
#include "engine/audience.h"
#include "engine/condition_program.h"

#include <algorithm>
#include <unordered_set>

namespace takt {
namespace {

constexpr std::uint32_t every_hour = (1U << 24) - 1;

/// The hours of the day (as bits) with which the comparison turns.
std::uint32_t turning_hours(const ConditionProgram::Node& node) {
  if (node.reference) return every_hour;
  const auto holds_at = [&](unsigned hour) { return compare_values(node.op, static_cast<double>(hour % 24), node.constant); };
  std::uint32_t hours = 0;
  for (unsigned hour = 0; hour < 24; ++hour)
    if (holds_at(hour) != holds_at(hour + 23)) hours |= 1U << hour;
  return hours;
}

class EdgeCollector {
public:
  EdgeCollector(const ConditionInputs& inputs, UtcTime t, std::vector<UtcTime>& out) : inputs_(inputs), t_(t), last_(t + limits::eligible_again_horizon), out_(out) {}

  /// Recursion through audiences is bounded by limits::audience_chain_max, and each is visited once.
  void visit(const ConditionProgram& program) {
    for (const ConditionProgram::Node& node : program.nodes()) {
      if (node.kind == Condition::Kind::compare) {
        field_edges(node.field, inputs_, turning_hours(node), t_, last_, out_);
        if (node.reference) field_edges(*node.reference, inputs_, every_hour, t_, last_, out_);
      } else if (node.kind == Condition::Kind::occurrence) {
        occurrence_edges(node.occurrence, inputs_, out_);
      } else if (node.kind == Condition::Kind::audience && visited_.insert(node.audience).second) {
        const AudienceSet::Compiled* audience = inputs_.audiences ? inputs_.audiences->find(node.audience) : nullptr;
        if (audience && audience->program) visit(*audience->program);
      }
    }
  }

private:
  const ConditionInputs& inputs_;
  UtcTime t_, last_;
  std::vector<UtcTime>& out_;
  std::unordered_set<Symbol> visited_;
};

} // namespace

void condition_edges(const ConditionProgram& program, const ConditionInputs& inputs, UtcTime t, std::vector<UtcTime>& out) {
  std::vector<UtcTime> found;
  EdgeCollector(inputs, t, found).visit(program);
  std::sort(found.begin(), found.end()); // many parts turn with the same clock, and each edge is asked about
  found.erase(std::unique(found.begin(), found.end()), found.end());
  const UtcTime last = t + limits::eligible_again_horizon;
  std::copy_if(found.begin(), found.end(), std::back_inserter(out), [&](UtcTime edge) { return edge > t && edge <= last; });
}

} // namespace takt
