// What the past must give again: the log's decisions, each under the policy, items and models that it names (takt replay), and the
// records from their journals (takt rebuild --check).
#include "api/app.h"
#include "api/past_worlds.h"
#include "engine/history.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

/// A busy catalogue has thousands of versions; nobody reads more names than this.
constexpr std::size_t names_max = 20;

Json not_held_json(const std::map<std::string, std::size_t>& not_held) {
  std::vector<std::pair<std::string, std::size_t>> names(not_held.begin(), not_held.end());
  std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  Json list = Json::array();
  std::size_t others = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i < names_max) list.push_back({{"name", names[i].first}, {"decisions", names[i].second}});
    else others += names[i].second;
  }
  if (others > 0) list.push_back({{"name", fmt::format("{} others", names.size() - names_max)}, {"decisions", others}});
  return list;
}

Json counts_json(const ReplayCounts& counts) {
  Json different = Json::array();
  for (const ReplayCounts::Difference& difference : counts.first_different)
    different.push_back({{"decision_id", to_text(difference.decision)}, {"what", difference.what}});
  return {{"decisions", counts.decisions}, {"reproduced", counts.reproduced}, {"feature_rows", counts.rows}, {"differ", counts.different}, {"first_different", std::move(different)},
          {"not_held", not_held_json(counts.not_held)}, {"without_record", counts.without_record}};
}

} // namespace

Result<std::string> App::replay(const ReplayOptions& options) {
  const SteadyTime begin = clock_.steady_now();
  PastWorlds worlds(*this, world());
  TAKT_TRY(counts, replay_log(*store_, [&](const Versions& versions) { return worlds.find(versions); }, options, clock_));
  Json json = counts_json(counts);
  json["seconds"] = std::chrono::duration<double>(clock_.steady_now() - begin).count();
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> App::check_records(const std::function<void(std::size_t)>& progress) {
  const SteadyTime begin = clock_.steady_now();
  TAKT_TRY(check, takt::check_records(*store_, progress));
  Json different = Json::array();
  for (const CustomerId customer : check.first_different) different.push_back(to_text(customer));
  const Json json{{"customers", check.customers}, {"differ", check.different}, {"first_different", std::move(different)},
                  {"digest", fmt::format("{:016x}", check.digest)}, {"seconds", std::chrono::duration<double>(clock_.steady_now() - begin).count()}};
  return json.dump();
}

} // namespace takt
