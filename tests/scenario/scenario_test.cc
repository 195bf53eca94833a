// Runs every rules/*.scenario as one test, named like the file. A planted wrong expectation must fail, or the runner proves nothing.
#include "tests/scenario/scenario_steps.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>

namespace takt::scenario {
namespace {

/// "item pumps: a, b" → name and clauses.
void given_step(ScenarioWorld& world, const std::string& sentence) {
  const auto colon = sentence.find(": ");
  const Words head = words_of(sentence.substr(0, colon));
  const std::vector<std::string> clauses = colon == std::string::npos ? std::vector<std::string>{} : parts_of(sentence.substr(colon + 2), ',');
  if (head.at(0) == "item") return given_item(world, head.at(1), clauses);
  if (head.at(0) == "placement") return given_placement(world, head.at(1), clauses);
  if (head.at(0) == "cap") return given_cap(world, head.at(1), clauses);
  if (head.at(0) == "pause") return given_pause(world, words_of(clauses.at(0)));
  if (head.at(0) == "gate") return given_gate(world, parts_of(sentence.substr(5), ','));
  if (head.at(0) == "no") {
    std::erase_if(world.policy.caps, [&](const CapRule& rule) { return head.size() < 3 || rule.id == head[2]; });
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

Status run_scenario(const std::string& text) {
  ScenarioWorld world;
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
