#pragma once
/// The policy document of contract.md §5 as values, at one version. Labels are symbols; api/json/policy.cc parses and refuses.
#include "core/cap.h"
#include "core/record.h"
#include "core/selector.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace takt {

struct ConsentMapping { std::string category; Purpose purpose = Purpose::marketing; bool operator==(const ConsentMapping&) const = default; };
struct ConsentRequirement { Purpose purpose = Purpose::marketing; std::vector<Symbol> channels; bool operator==(const ConsentRequirement&) const = default; };
struct ConsentPolicy {
  std::vector<ConsentMapping> map;
  std::vector<ConsentRequirement> require;      ///< unknown = no, there
  bool profile_opt_in = false;                  ///< "opt_out" (default): unknown = yes
  bool operator==(const ConsentPolicy&) const = default;
};

/// F(t) = Σ 2^(−(t−t_e)/h) · 0.3^(clicks since) over shown entries; factor = Π_κ (1+F_κ)^(−β). Prior β = 0.43: Meta's curve (N+1)^−0.43.
struct FatiguePolicy {
  std::vector<Per> per{Per::item, Per::category, Per::channel};
  double beta = 0.43;
  Duration half_life = days(7);
  bool enabled = true;
  bool learn = false;                                  ///< β and h of the artefact where it has learnt them; `beta` and `half_life` where not
  bool operator==(const FatiguePolicy&) const = default;
};

/// The pause is the repurchase cycle of the item's category, as orders have taught it, kept within these bounds.
struct LearntPause { Duration shortest = days(1), longest = days(3650); bool operator==(const LearntPause&) const = default; };
struct PausePolicy {
  std::string id;                                      ///< as written; "" = none, and reasons name no rule
  Per per = Per::group;
  Duration pause = days(30);                           ///< where learnt: what holds for a category that no cycle is known of
  Selector match;
  std::optional<Selector> exempt = std::nullopt;
  Schedule schedule = {};
  std::optional<Condition> audience = std::nullopt;    ///< whom it is for; none: everybody. The same in every rule below
  std::optional<LearntPause> learnt = std::nullopt;
  bool operator==(const PausePolicy&) const = default;
};

/// While the fact is active (and for cool_off after the last close) only `allow` passes of what `match` selects.
struct GatePolicy {
  std::string id;
  Symbol fact = Symbol::none;
  Selector match;
  Selector allow;
  Duration ttl = days(30);
  Duration cool_off{};
  std::optional<Selector> exempt = std::nullopt;       ///< as `allow`, said apart
  Schedule schedule = {};
  std::optional<Condition> audience = std::nullopt;
  bool operator==(const GatePolicy&) const = default;
};

/// No contact at night: while the local time lies in the interval, what `match` selects waits (contract.md §5 quiet_hours).
struct QuietPolicy {
  std::string id;
  Selector match;
  std::optional<Selector> exempt;
  QuietInterval interval;
  std::optional<Zone> zone;                     ///< none: the customer's
  std::optional<Zone> zone_missing;             ///< for a customer whose zone nobody knows; none: UTC
  Schedule schedule;
  std::optional<Condition> audience = std::nullopt;
  bool operator==(const QuietPolicy&) const = default;
};

/// Somebody pressed the button: what `match` selects is not offered until then.
struct SalesPause {
  std::string id;
  Selector match;
  std::optional<Selector> exempt = std::nullopt;
  Schedule schedule = {};                       ///< besides `until`: a stop that is planned
  std::optional<UtcTime> until;                 ///< none: until it is taken back
  std::string note;
  std::optional<Condition> audience = std::nullopt;
  bool operator==(const SalesPause&) const = default;
};

/// What a person puts forward, back or away by hand. Pins obey caps, consent and stock; a boost multiplies the worth and is told with its cost.
struct MerchandisingRule {
  struct Pin { Symbol item = Symbol::none; std::uint32_t slot = 1; bool operator==(const Pin&) const = default; };
  struct Boost { Selector match; double factor = 1; bool operator==(const Boost&) const = default; };
  std::string id;
  Selector match;                                      ///< where, and of what
  std::optional<Selector> exempt = std::nullopt;
  std::vector<Pin> pins;
  std::vector<Boost> boosts;
  std::optional<Selector> hide = std::nullopt;         ///< is not offered
  bool is_lever = false;                               ///< written under arbitration.levers
  Schedule schedule = {};
  std::optional<Condition> audience = std::nullopt;
  bool binds(const LabelSet& labels) const { return match.selects(labels) && !(exempt && exempt->selects(labels)); }
  bool operator==(const MerchandisingRule&) const = default;
};

struct Arbitration {
  std::int64_t default_value_micros = 1'000'000;
  double margin = 0.3;
  std::vector<Symbol> never_hold;               ///< kinds
  /// Price of one contact in the account's currency: what an exposure must be worth before it is worth the attention.
  double attention_price = 0.001;
  bool operator==(const Arbitration&) const = default;
};

enum class DiversityMethod : std::uint8_t { none, mmr, dpp };
struct Diversity {
  DiversityMethod method = DiversityMethod::dpp;
  double strength = 0.3;
  double calibration = 0;                ///< 0 … 1: how near the slate's mix of categories stays to the person's own
  bool operator==(const Diversity&) const = default;
};
/// What is new gets a chance: places among the candidates, and up to 1 + strength of its worth, less with each impression and each day.
struct LaunchPolicy {
  std::uint32_t impressions = 200;       ///< as many are known well enough: the rate of a response then weighs four times its prior
  Duration window = days(14);            ///< after the item came; then it is as old as the rest
  double strength = 0.5;
  bool operator==(const LaunchPolicy&) const = default;
};
/// softmax over gain ÷ largest |gain| of the slot; temperature 0 = deterministic. Without `launch` nothing is preferred for being new:
/// it costs some of today's value, so a policy has to ask for it.
struct Exploration {
  double temperature = 0.05;
  std::optional<LaunchPolicy> launch = std::nullopt;
  bool operator==(const Exploration&) const = default;
};

struct Policy {
  std::uint64_t version = 0;
  std::uint64_t hash = 0;                       ///< of the canonical document: named in the decision record
  ConsentPolicy consent;
  std::vector<CapRule> caps;                    ///< of one customer each
  std::vector<CapRule> total_caps;              ///< of scope everyone or group
  std::vector<std::uint32_t> total_cap_places;  ///< where the written ones of these stand in the document's list of caps; parts of others follow and stand nowhere
  FatiguePolicy fatigue;
  std::vector<PausePolicy> post_purchase;
  std::vector<GatePolicy> gates;
  std::vector<QuietPolicy> quiet_hours;
  std::vector<SalesPause> pauses;
  std::vector<MerchandisingRule> merchandising;
  Arbitration arbitration;
  Diversity diversity;
  Exploration exploration;
  bool operator==(const Policy&) const = default;
};

} // namespace takt
