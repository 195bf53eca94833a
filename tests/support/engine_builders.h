#pragma once
/// A small shop with one customer, for tests of the stages: change the parts, then bind them and ask.
#include "engine/call.h"
#include "engine/stage/stages.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace takt::test {

/// Noon of Tuesday, 5 March 2024, UTC: `now` of every scene.
constexpr UtcTime noon = utc_from_ms(1'709'640'000'000);

ItemId item_id(std::string_view text);

/// The parts. Placement "home.hero": web, three slots, no hold. The policy is empty: no caps, no fatigue, no exploration, no diversity.
struct Scene {
  Scene();
  SymbolTable symbols;
  std::vector<Item> items;
  Placement placement;
  Policy policy;
  std::vector<Audience> audiences;
  CustomerRecord record;
  DecisionRequest request;
  Models models;

  Symbol symbol(std::string_view text) { return symbols.intern(text); }
  std::vector<Symbol> symbol_list(std::initializer_list<std::string_view> texts);
  /// A plain active product; the reference holds until the next one.
  Item& add_item(std::string_view id);
  /// An exposure of the item at this placement's channel, viewed (delivered on message channels) at `at`.
  Entry& add_shown(std::string_view item, UtcTime at);
  /// Reserved at `granted`, neither shown nor released.
  Entry& add_live(std::string_view item, UtcTime granted, UtcTime expires_at);
  void add_click(Entry& entry, UtcTime at) const;
  void switch_fact(std::string_view name, std::string_view key, UtcTime at, bool on, std::optional<UtcTime> expires_at = std::nullopt);
  void add_order(std::string_view order_id, UtcTime at, std::initializer_list<std::pair<std::string_view, int>> item_quantities);
  void dismiss(Dismissal::Scope scope, Symbol label, UtcTime at, std::optional<UtcTime> until);
  CapRule& add_cap(std::string_view id, Per per, std::uint32_t limit);      ///< rolling 7 d, impressions

private:
  Entry& add_entry(std::string_view item, UtcTime granted);
  std::uint16_t entries_count_ = 0;
};

/// The parts bound: what the stages take. The scene must outlive it and not change meanwhile.
struct Bound {
  explicit Bound(Scene& scene);
  World world;
  Person person;
  Call call;
  PlacementRules rules;
  Opening opening;

  /// Every item of the scene, by id, as retrieval would hand it over.
  Candidates candidates() const;
  const CatalogueItem& item(std::string_view id) const;
  std::string name(ItemIndex index) const { return world.catalogue->at(index).item.id.text(); }
};

/// "a:capped,b:consent+gated": what dropped, with its codes, in order of the list.
std::string dropped_text(const Bound& bound, const std::vector<Dropped>& dropped);
/// Ids of what is alive or chosen, joined by ",".
std::string names(const Bound& bound, const std::vector<Candidate>& alive);
std::string names(const Bound& bound, const std::vector<SlateChoice>& choices);

/// A random shop and customer with every kind of rule, from a seed.
std::unique_ptr<Scene> random_scene(std::uint64_t seed, std::size_t items_count);

} // namespace takt::test
