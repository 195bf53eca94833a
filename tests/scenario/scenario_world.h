#pragma once
/// One little shop per scenario: the real store (memory), the real engine, a clock that only the scenario moves. Scenario files
/// (tests/scenario/rules/*.scenario) are rules as text; docs: the head of scenario_steps.cc.
#include "engine/decide.h"
#include "engine/history.h"
#include "engine/why.h"
#include "engine/ingest.h"
#include "engine/stage/stages.h"
#include "store/counting_store.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace takt::scenario {

class ScenarioClock final : public Clock {
public:
  UtcTime utc_now() const override { return now; }
  SteadyTime steady_now() const override { return SteadyTime{std::chrono::duration_cast<std::chrono::steady_clock::duration>(now.time_since_epoch())}; }
  UtcTime now{};
};

struct ScenarioWorld {
  ScenarioWorld();
  void rebuild();                                                ///< after items, placements or rules changed
  void restart();                                                ///< a new process on the same data
  Symbol symbol(const std::string& text) { return store->symbols().intern(text); }
  Identity identity_of(const std::string& who) const;            ///< "anna" a login; "device-x", "guest-x" anonymous
  Event event_of(const std::string& who, UtcTime at);
  void send(Event event);
  void part(const std::string& who, const std::string& other);
  Result<Decision> ask(DecisionRequest request);
  RecordPtr record_of(const std::string& who);

  std::unique_ptr<Store> kept = make_memory_store();             ///< what survives the process
  std::unique_ptr<CountingStore> store;
  ScenarioClock clock;
  std::vector<Item> items;
  std::vector<Placement> placements;
  std::vector<Audience> audiences;
  Policy policy;
  std::string policy_json;                                       ///< what "given the policy" publishes
  std::shared_ptr<World> world = std::make_shared<World>();
  std::vector<std::pair<std::string, Decision>> decisions;       ///< (customer, answer), in order
  std::map<std::string, Decision> last_answer;                   ///< by customer
  std::optional<Error> last_error;
  std::optional<IngestOutcome> last_ingest;
  std::string last_message_id;
  std::uint64_t messages = 0;
  std::uint64_t changes = 0;
};

/// Runs one file, or one scenario of a page with the policy that it shows. Errors: invalid with "line N: …": a sentence that is not understood, or an expectation that does not hold.
Status run_scenario(const std::string& text, const std::string& policy_json = {});

} // namespace takt::scenario
