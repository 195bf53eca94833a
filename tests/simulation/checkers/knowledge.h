#pragma once
/// What the engine must know about each person at each point of a trace, put together again by naive means: identities that an event
/// named together are one person from then on, and what belonged to either belongs to both. Uses core's plain values and none of
/// its functions.
#include "tests/simulation/checkers/checker.h"

#include <functional>
#include <map>
#include <memory>
#include <set>

namespace takt::simulation {

struct CaseSwitch { std::string case_id; UtcTime at{}; bool on = false; };
struct ConsentAnswer { Purpose purpose = Purpose::marketing; std::string channel; bool granted = false; UtcTime at{}; };
struct Interest { Symbol category = Symbol::none; double weight = 0; UtcTime at{}; };

struct Knowledge {
  std::set<std::string> identities;      ///< "u:…", "a:…"
  Ledger ledger;                         ///< marks in order of time; labels one set per entry
  std::vector<CaseSwitch> cases;
  std::vector<ConsentAnswer> consents;
  std::vector<Interest> interests;       ///< looks, clicks, baskets, purchases, by each prefix of their category
  std::map<std::string, UtcTime> orders; ///< by order id
  std::vector<std::pair<LabelSet, UtcTime>> bought, dismissed;
  std::map<JourneyKind, std::size_t> journey;
  UtcTime clock{};                       ///< newest moment at which anything was learnt
};

class Witness {
public:
  explicit Witness(const World& world) : world_(world) {}
  /// Whom the decision was made for, before it is taken into account.
  Knowledge& person_of(const DecisionRequest& request);
  void take(const demo::Asked& asked);
  void take(const demo::Told& told);
  /// Everybody, each once.
  std::vector<const Knowledge*> everybody() const;

private:
  std::shared_ptr<Knowledge>& person_of(const std::string& identity);
  void learn(Knowledge& person, const Event& event);
  void mark(Knowledge& person, const Event& event, MarkKind kind);
  void learn_interest(Knowledge& person, const Event& event);

  const World& world_;
  std::map<std::string, std::shared_ptr<Knowledge>> people_;
  std::set<std::string> messages_;       ///< taken already
};

/// Walks the trace; `look` sees each answered decision with what was known just before it.
void walk(const Evidence& evidence, const std::function<void(const Knowledge& person, const DecisionRequest& request, const Decision& decision)>& look);

/// Labels of a choice at its placement.
LabelSet labels_of(const World& world, const PlacementDecision& placement, const Choice& choice);
std::string name_of(const Decision& decision, const PlacementDecision& placement, const Choice& choice);

} // namespace takt::simulation
