#pragma once
/// Who chooses what a simulated customer sees, and hears what they do: Takt's engine, or the retargeting that it is compared with.
/// One customer at a time, in the order of their virtual time. Threads: one per marketer.
#include "api/demo/town.h"
#include "core/event.h"
#include "engine/decide.h"
#include "engine/ingest.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace takt::demo {

/// A moment in which something could be shown.
struct Opportunity {
  UtcTime at{};
  std::string_view placement;
  std::string user_id, anonymous_id;                     ///< "" = not signed in; as the device knows
  std::string_view channel;
  std::vector<std::size_t> anchors;                      ///< rows of items
  std::uint64_t seed = 1;                                ///< not 0
};
struct ShownItem {
  std::size_t item = 0;                                  ///< row of the town's items
  std::uint32_t slot = 1;
};
struct Shown {
  std::string decision_id;                               ///< "" = nothing that could be confirmed
  std::vector<ShownItem> items;                          ///< in order of slots
};

class Marketer {
public:
  virtual ~Marketer() = default;
  virtual Shown choose(const Opportunity& opportunity) = 0;
  virtual void hear(const Event& event) = 0;             ///< in order of arrival, not of occurrence
  virtual std::uint64_t failures() const { return 0; }   ///< questions and events that came to nothing, which none should
};

/// Everything that went through the engine's two doors, in order: what the checkers of a simulation judge by.
struct Asked {
  DecisionRequest request;
  std::optional<Decision> decision;                      ///< none: the door said an error
};
struct Told {
  Event event;
  std::optional<IngestOutcome> outcome;                  ///< none: refused, or the store had no answer
};
using Trace = std::vector<std::variant<Asked, Told>>;

/// The engine itself: decide() and ingest() on a store, under a virtual clock that stands still within a call.
class TaktMarketer final : public Marketer {
public:
  /// All must outlive it. `trace` may be null.
  TaktMarketer(const Town& town, Store& store, const World& world, Trace* trace = nullptr) : town_(town), store_(store), world_(world), trace_(trace) {}
  Shown choose(const Opportunity& opportunity) override;
  void hear(const Event& event) override;
  std::uint64_t failures() const override { return failures_; }

private:
  class VirtualClock final : public Clock {
  public:
    UtcTime utc_now() const override { return now; }
    SteadyTime steady_now() const override { return SteadyTime{std::chrono::duration_cast<std::chrono::steady_clock::duration>(now.time_since_epoch())}; }
    UtcTime now{};
  };

  const Town& town_;
  Store& store_;
  const World& world_;
  Trace* trace_;
  VirtualClock clock_;
  std::uint64_t failures_ = 0;
};

/// Retargeting as it is sold: what was looked at last stands first, wherever there is a place; then what was looked at before it, for
/// thirty days; then best sellers of the page's category, of the categories that were looked at, of the shop. To be fair it keeps to
/// what decent tools keep to: it knows refusals and dismissals, shows no two variants, and nothing that was bought or is sold out. It
/// has no cap, and a tap that nobody meant is a look like any other.
class RetargetingMarketer final : public Marketer {
public:
  explicit RetargetingMarketer(const Town& town) : town_(town) {}
  Shown choose(const Opportunity& opportunity) override;
  void hear(const Event& event) override;

private:
  struct Look { std::size_t product; std::size_t item; UtcTime at; };

  void forget(std::size_t product);
  bool is_sellable(std::size_t item) const;

  const Town& town_;
  std::vector<Look> looks_;                              ///< newest last, one per product
  std::vector<std::size_t> bought_, dismissed_;          ///< products
  std::vector<std::string> refused_;                     ///< channels
  bool allows_mail_ = false;
};

/// What a marketer may be told to do without.
struct WorldOptions {
  bool has_fatigue = true;                               ///< false: caps alone
  std::shared_ptr<const Models> models = {};             ///< none: untrained
  std::function<void(Policy&, SymbolTable&)> change_policy = {}; ///< last, when items have their names
};
/// A complete World over a fresh store: the starter policy, the town's placements, its items. Names enter the dictionary in one order, so
/// models that were trained in another fresh store of the same town fit.
std::shared_ptr<const World> make_simulated_world(const Town& town, Store& store, const WorldOptions& options);

} // namespace takt::demo
