// Runs every rules/*.scenario as one test, named like the file. A planted wrong expectation must fail, or the runner proves nothing.
#include "api/json/codecs.h"
#include "tests/scenario/scenario_steps.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>

namespace takt::scenario {
namespace {

/// The rules of the policy that the scenario came with; what scenarios keep still (fatigue, chance, diversity) stays still.
void given_policy(ScenarioWorld& world) {
  auto parsed = parse_policy(world.policy_json, world.store->symbols());
  if (!parsed) throw Mistake("the policy is refused: " + parsed.error().message);
  world.policy.caps = std::move(parsed->caps);
  world.policy.total_caps = std::move(parsed->total_caps);
  world.policy.post_purchase = std::move(parsed->post_purchase);
  world.policy.gates = std::move(parsed->gates);
  world.policy.quiet_hours = std::move(parsed->quiet_hours);
  world.policy.pauses = std::move(parsed->pauses);
  world.policy.merchandising = std::move(parsed->merchandising);
  world.rebuild();
}

/// "audience gold: {condition}"
void given_audience(ScenarioWorld& world, const std::string& name, const std::string& condition) {
  auto audience = parse_audience(R"({"id":")" + name + R"(","condition":)" + condition + "}");
  if (!audience) throw Mistake("the audience is refused: " + audience.error().message);
  world.audiences.push_back(std::move(*audience));
  world.rebuild();
}

/// "daily is for: gold", "daily is for: {condition}": the audience of a cap or gate that was given before.
void given_whom(ScenarioWorld& world, const std::string& rule, const std::string& audience) {
  const std::string json = audience.starts_with("{") ? audience : '"' + audience + '"';
  const auto parsed = parse_policy(R"({"pauses":[{"audience":)" + json + "}]}", world.store->symbols());
  if (!parsed) throw Mistake("the audience is refused: " + parsed.error().message);
  bool found = false;
  const auto set = [&](auto& rules) {
    for (auto& one : rules)
      if (one.id == rule) one.audience = parsed->pauses.front().audience, found = true;
  };
  set(world.policy.caps);
  set(world.policy.total_caps);
  set(world.policy.gates);
  set(world.policy.quiet_hours);
  if (!found) throw Mistake("there is no rule " + rule);
  world.rebuild();
}

/// "item pumps: a, b" → name and clauses.
void given_step(ScenarioWorld& world, const std::string& sentence) {
  if (sentence == "the policy") return given_policy(world);
  const auto colon = sentence.find(": ");
  const Words head = words_of(sentence.substr(0, colon));
  const std::vector<std::string> clauses = colon == std::string::npos ? std::vector<std::string>{} : parts_of(sentence.substr(colon + 2), ',');
  if (head.at(0) == "audience" && colon != std::string::npos) return given_audience(world, head.at(1), sentence.substr(colon + 2));
  if (head.size() == 3 && head[1] == "is" && head[2] == "for" && colon != std::string::npos) return given_whom(world, head[0], sentence.substr(colon + 2));
  if (head.at(0) == "item") return given_item(world, head.at(1), clauses);
  if (head.at(0) == "placement") return given_placement(world, head.at(1), clauses);
  if (head.at(0) == "cap") return given_cap(world, head.at(1), clauses);
  if (head.at(0) == "pause") return given_pause(world, words_of(clauses.at(0)));
  if (head.at(0) == "gate") return given_gate(world, parts_of(sentence.substr(5), ','));
  if (head.at(0) == "quiet") return given_quiet_hours(world, head.at(2), clauses);
  if (head.at(0) == "a" && head.at(1) == "stop") return given_sales_pause(world, head.at(2), clauses);
  if (head.at(0) == "no" && head.at(1) == "stop") {
    std::erase_if(world.policy.pauses, [&](const SalesPause& pause) { return pause.id == head.at(2); });
    return world.rebuild();
  }
  if (head.at(0) == "no") {
    const auto goes = [&](const CapRule& rule) { return head.size() < 3 || rule.id == head[2]; };
    std::erase_if(world.policy.caps, goes);
    std::erase_if(world.policy.total_caps, goes);
    return world.rebuild();
  }
  throw Mistake("nothing like that can be given");
}

void run_line(ScenarioWorld& world, const std::string& line) {
  const Words words = words_of(line);
  const std::string rest = line.substr(line.find(words[0]) + words[0].size() + 1);
  if (words[0] == "given") return given_step(world, rest);
  if (words[0] == "at") {
    const UtcTime next = time_of_text(world, rest);
    if (next < world.clock.now) throw Mistake("time does not run backwards here");
    world.clock.now = next;
    return;
  }
  if (words[0] == "when") return when_step(world, words_of(rest));
  if (words[0] == "then") return then_step(world, words_of(rest), rest);
  throw Mistake("a sentence begins with given, at, when or then");
}

std::vector<std::filesystem::path> scenario_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TAKT_SCENARIOS))
    if (entry.path().extension() == ".scenario") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Scenario : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenario, Holds) {
  std::ifstream file(GetParam());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_NE(text.find("# why: "), std::string::npos) << "a scenario says why it is there";
  const auto status = run_scenario(text);
  EXPECT_TRUE(status.has_value()) << GetParam().filename() << ": " << (status ? "" : status.error().message);
}

INSTANTIATE_TEST_SUITE_P(Rules, Scenario, testing::ValuesIn(scenario_files()), [](const auto& file) {
  std::string name = file.param.stem().string();
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

/// docs/rules.md: each rule as it is published, followed by a scenario that shows it at work.
struct Example { std::string policy, scenario; };

std::string block_of(std::istream& lines) {
  std::string text;
  for (std::string line; std::getline(lines, line) && line != "```";) text += line + "\n";
  return text;
}

std::vector<Example> examples_of(std::istream& page) {
  std::vector<Example> examples;
  std::string policy;
  for (std::string line; std::getline(page, line);) {
    if (line == "```json") policy = block_of(page);
    else if (line == "```scenario") examples.push_back({policy, block_of(page)});
  }
  return examples;
}

TEST(RulesPage, EveryExampleDoesWhatItSays) {
  std::ifstream page(TAKT_RULES_PAGE);
  ASSERT_TRUE(page) << TAKT_RULES_PAGE;
  const std::vector<Example> examples = examples_of(page);
  EXPECT_GE(examples.size(), 9U);
  for (const Example& example : examples) {
    EXPECT_NE(example.scenario.find("given the policy"), std::string::npos) << example.scenario;
    const auto status = run_scenario(example.scenario, example.policy);
    EXPECT_TRUE(status.has_value()) << example.policy << (status ? "" : status.error().message);
  }
}

constexpr const char* little_shop = "given item pumps: group g1\ngiven placement home: slots 1\nat 2024-03-05 10:00\nwhen anna asks at home\n";

TEST(ScenarioRunner, SeesAnExpectationThatDoesNotHold) {
  EXPECT_TRUE(run_scenario(std::string(little_shop) + "then anna gets pumps\n"));
  EXPECT_FALSE(run_scenario(std::string(little_shop) + "then anna gets nothing\n"));
  EXPECT_FALSE(run_scenario(std::string(little_shop) + "then pumps is blocked for anna at home by capped\n"));
}

TEST(ScenarioRunner, RefusesWhatItDoesNotUnderstand) {
  EXPECT_FALSE(run_scenario("given unicorn\n"));
  EXPECT_FALSE(run_scenario(std::string(little_shop) + "then all is well\n"));
  EXPECT_FALSE(run_scenario("# only a comment\n"));
}

} // namespace

Status run_scenario(const std::string& text, const std::string& policy_json) {
  ScenarioWorld world;
  world.policy_json = policy_json;
  std::istringstream lines(text);
  std::size_t number = 0, expectations = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (const auto comment = line.find('#'); comment != std::string::npos) line.resize(comment);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (words_of(line).empty()) continue;
    try {
      run_line(world, line);
    } catch (const std::exception& mistake) {
      return fail(ErrorCode::invalid, "line " + std::to_string(number) + ": " + mistake.what() + "   [" + line + "]");
    }
    if (line.starts_with("then")) ++expectations;
  }
  if (expectations == 0) return fail(ErrorCode::invalid, "a scenario without an expectation proves nothing");
  return {};
}

} // namespace takt::scenario
