#pragma once
/// Conditions (core/condition.h) compiled for asking: a flat program with its labels as symbols.
///
/// Fields. item.* and anchor.*: id, kind, group, title, brand, category (a path), tags, campaign, purpose, price.amount, price.currency,
/// list_price.amount, list_price.currency, value, stock, active, channels, regions, attributes.<name>. customer.*: traits.<name>, locale,
/// zone, account_group, known (has a user id), consent.<purpose> and consent.<purpose>.<channel> (what the record and the policy allow),
/// sessions (begun so far), days_since_last_activity, days_since_first_seen (whole days). context.*: channel, placement, device,
/// page.path, locale, timezone, hour (0–23) and weekday ("mon" …) on the person's wall. fact.<name>: is an instance on, not past its
/// own expires_at, and younger than the ttl of the gates that ask for it (the longest; none: it stays)?
///
/// What is missing makes every comparison false; so only ne, not_in and exists:false, which say that another one is false, hold of it.
/// A number and a text that is a decimal compare as numbers, because money is written "79.90". Values of different types are never
/// equal and have no order; none of this is an error. Without consent to `profile` traits, account group, sessions, days and the
/// journey are missing, and an occurrence of the journey is false whatever its bounds; without `frequency` so is one of `seen`.
///
/// Occurrences count in (t - within, t]. journey: events of one instant count once; "Order Completed" counts orders with a line that
/// matches and was not returned (lines know items, groups and categories); other events know items, groups, brands, categories and
/// channels. seen: exposures that were shown, here or elsewhere, each re-show too; without `within` also what the ledger has tallied.
/// An audience that does not exist holds for nobody.
///
/// Threads: programs are immutable. Cost: O(nodes), all bounded by core/limits.h; an occurrence is linear in the journey, the orders or
/// the ledger. Nothing here fails.
#include "core/condition.h"
#include "core/decision.h"
#include "core/policy.h"
#include "engine/catalogue.h"

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace takt {

class AudienceSet;

/// What a field holds, for whoever checks what it may be compared with.
enum class FieldKind : std::uint8_t { text, number, flag, list, path, any };
/// none: there is no such field.
std::optional<FieldKind> condition_field_kind(std::string_view path);
/// "Order Completed", "Product Viewed" …: names that the journey knows by what they mean; others are the sender's own.
bool is_journey_event(std::string_view event);

/// Whom and what a condition is asked about. Everything it points to must outlive the asking.
struct ConditionInputs {
  const CustomerRecord* record = nullptr;              ///< never null
  const SymbolTable* symbols = nullptr;                ///< never null
  const Ledger* ledger = nullptr;                      ///< null: the record's
  const ConsentPolicy* consent = nullptr;              ///< null: only what is recorded
  const RequestContext* context = nullptr;             ///< null: nobody calls, so context.* is missing
  Symbol channel = Symbol::none, placement = Symbol::none;
  const AudienceSet* audiences = nullptr;              ///< null: there are none
  std::span<const GatePolicy> gates = {};              ///< they know how long a fact holds
  bool profile_allowed = true, frequency_allowed = true;
  const CatalogueItem* item = nullptr;                 ///< null: item.* is missing
  const CatalogueItem* anchor = nullptr;
};

/// Where a condition comes from: a document's labels join the dictionary, since items to come may have them; a request's do not.
enum class NewLabels : std::uint8_t { intern, leave };

class ConditionProgram {
public:
  static std::shared_ptr<const ConditionProgram> compile(const Condition& condition, SymbolTable& symbols, NewLabels new_labels);
  ~ConditionProgram();
  /// Symbols of the ids of the audiences it names.
  const std::vector<Symbol>& audiences() const { return audiences_; }

  struct Node;                                         ///< private to engine/condition*: condition_program.h
  const std::vector<Node>& nodes() const { return nodes_; }

private:
  friend class ConditionCompiler;
  ConditionProgram();
  std::vector<Node> nodes_;                            ///< preorder
  std::vector<Symbol> audiences_;
};

/// One person at one instant: what does not hang on the item is found out once for all items. The programs must outlive it. Threads: one.
class ConditionMoment {
public:
  ConditionMoment(const ConditionInputs& inputs, UtcTime t) : inputs_(inputs), t_(t) {}
  bool holds(const ConditionProgram& program, const CatalogueItem* item);
  bool holds(const ConditionProgram& program) { return holds(program, inputs_.item); }

private:
  enum class Known : std::uint8_t { nothing, no, yes };
  bool node_holds(const ConditionProgram& program, std::vector<Known>& known, std::size_t place);
  bool leaf_holds(const ConditionProgram::Node& node);
  bool audience_holds(Symbol audience);
  ConditionInputs inputs_;
  UtcTime t_;
  std::unordered_map<const ConditionProgram*, std::vector<Known>> known_;   ///< per node
  std::unordered_map<Symbol, bool> audiences_;
};

bool condition_holds(const ConditionProgram& program, const ConditionInputs& inputs, UtcTime t);

/// Appends every instant in (t, t + limits::eligible_again_horizon] at which the condition may change because time passes and nothing
/// else happens (more is harmless), in any order. Cost: as asking; some 400 instants per field that follows the calendar.
void condition_edges(const ConditionProgram& program, const ConditionInputs& inputs, UtcTime t, std::vector<UtcTime>& out);

} // namespace takt
