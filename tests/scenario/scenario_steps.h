#pragma once
/// The sentences of a scenario, one function each. A sentence that is not understood or does not hold throws Mistake (tests may).
#include "tests/scenario/scenario_world.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace takt::scenario {

struct Mistake : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Words = std::vector<std::string>;
Words words_of(const std::string& text);
std::vector<std::string> parts_of(const std::string& text, char separator);
UtcTime time_of_text(const ScenarioWorld& world, const std::string& text);

void given_item(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& attributes);
void given_placement(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& attributes);
void given_cap(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& clauses);
void given_gate(ScenarioWorld& world, const std::vector<std::string>& clauses);
void given_pause(ScenarioWorld& world, const Words& words);
void given_quiet_hours(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& clauses);
void given_sales_pause(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& clauses);

Duration duration_of(const std::string& text);
void add_to_selector(ScenarioWorld& world, Selector& selector, const std::string& key, Words words);
/// What follows "in": "7d", "7d from the first", "24h after the last", "a session", "a day", "a week from sun", "a month of Europe/Berlin".
Window window_of(const Words& words);

void when_step(ScenarioWorld& world, const Words& words);
void then_step(ScenarioWorld& world, const Words& words, const std::string& sentence);

} // namespace takt::scenario
