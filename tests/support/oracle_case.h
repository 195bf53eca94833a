#pragma once
/// The oracle's case files as core values: one ledger, its rules and obstacles, and questions with their expected answers.
/// Format: oracle/README.md of the shared folder. Errors: a file that is absent or not of that form is Result's error.
#include "core/cap.h"
#include "core/result.h"
#include "core/symbol.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace takt::tests {

/// Quiet hours or a pause: [from, to), `to` none = end unknown.
class IntervalObstacle final : public Obstacle {
public:
  IntervalObstacle(Selector match, UtcTime from, std::optional<UtcTime> to) : match_(std::move(match)), from_(from), to_(to) {}
  bool blocks(const CapCandidate& candidate, UtcTime t) const override {
    return from_ <= t && (!to_ || t < *to_) && match_.selects(*candidate.labels);
  }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>& out) const override {
    out.push_back(from_);
    if (to_) out.push_back(*to_);
  }

private:
  Selector match_;
  UtcTime from_;
  std::optional<UtcTime> to_;
};

struct OracleThing {
  LabelSet labels;
  ContactId contact;
  CapCandidate candidate() const { return {&labels, contact}; }
};

struct OracleQuery {
  UtcTime at{};
  OracleThing candidate;
  std::vector<OracleThing> earlier_slots;
  nlohmann::json expect;
};

struct OracleCase {
  std::string id;
  int level = 1;
  std::vector<CapRule> rules;
  PersonTime time;
  std::vector<IntervalObstacle> quiet_hours, pauses;
  Ledger ledger;
  std::vector<OracleQuery> queries;
};

/// Reads cases with symbols of its own; keep it while the cases are in use, it knows their names.
class OracleReader {
public:
  /// .json, or .json.gz by its name.
  Result<std::vector<OracleCase>> read(const std::string& path);
  /// What README.md calls `expect`, as computed by core.
  nlohmann::json evaluate(const OracleCase& oracle_case, const OracleQuery& query) const;

private:
  OracleCase read_case(const nlohmann::json& json);
  CapRule read_rule(const nlohmann::json& json);
  Selector read_selector(const nlohmann::json& json);
  OracleThing read_thing(const nlohmann::json& json);
  Entry read_entry(const nlohmann::json& json, Ledger& ledger);
  IntervalObstacle read_interval(const nlohmann::json& json);
  ContactId contact_of(const std::string& text);
  Symbol symbol_of(const nlohmann::json& text);      ///< null → none
  nlohmann::json key_json(const CapBlock& block) const;

  SymbolTable symbols_;
  std::uint16_t slot_ = 0;                           ///< running number: exposure ids of a case are distinct
};

} // namespace takt::tests
