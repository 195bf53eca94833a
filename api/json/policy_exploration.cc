#include "api/json/policy_exploration.h"

namespace takt {
namespace {

std::optional<LaunchPolicy> read_launch(Fields& exploration) {
  const auto value = exploration.take("launch");
  if (!value) return std::nullopt;
  Fields fields(*value, exploration.pointer("launch"), exploration.complaints());
  LaunchPolicy launch;
  launch.impressions = static_cast<std::uint32_t>(fields.natural("impressions", 1, 1'000'000).value_or(launch.impressions));
  if (const auto window = fields.natural("days", 1, static_cast<std::uint64_t>(limits::ledger_horizon / days(1)))) launch.window = days(static_cast<std::int64_t>(*window));
  launch.strength = fields.real("strength", 0, 5).value_or(launch.strength);
  fields.finish();
  return launch;
}

} // namespace

Exploration read_exploration(Fields& policy) {
  Exploration exploration;
  const auto value = policy.take("exploration");
  if (!value) return exploration;
  Fields fields(*value, policy.pointer("exploration"), policy.complaints());
  if (const auto method = fields.text("method"); method && *method != "softmax") fields.complain("method", "must be softmax");
  exploration.temperature = fields.real("temperature", 0, 10).value_or(exploration.temperature);
  exploration.launch = read_launch(fields);
  fields.finish();
  return exploration;
}

} // namespace takt
