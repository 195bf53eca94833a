#include "engine/policy_lint.h"

#include "engine/stage/stages.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

namespace takt {
namespace {

/// Every label that a rule could speak of: of the catalogue's items, and of the placements.
struct KnownLabels {
  std::set<Symbol> kinds, tags, categories, brands, campaigns, items, groups, purposes, channels, placements;
};

KnownLabels labels_of(const Catalogue& catalogue, const Rulebook& rulebook) {
  KnownLabels known;
  for (const ItemIndex index : catalogue.by_id()) {
    if (catalogue.is_removed(index)) continue;
    const LabelSet& labels = catalogue.front(index).labels;
    known.kinds.insert(labels.kind);
    known.tags.insert(labels.tags.begin(), labels.tags.end());
    known.categories.insert(labels.category.begin(), labels.category.end());
    known.brands.insert(labels.brand);
    known.campaigns.insert(labels.campaign);
    known.items.insert(labels.item);
    known.groups.insert(labels.group);
    known.purposes.insert(labels.purpose);
  }
  for (const auto& [id, placement] : rulebook.placements) {
    known.placements.insert(placement.symbol);
    known.channels.insert(placement.channel);
  }
  return known;
}

class Linter {
public:
  Linter(const Policy& policy, const Rulebook& beside, const Catalogue& catalogue, const SymbolTable& symbols, UtcTime now)
      : policy_(policy), beside_(beside), catalogue_(catalogue), symbols_(symbols), now_(now), known_(labels_of(catalogue, beside)) {}

  std::vector<LintWarning> look() {
    for (std::size_t i = 0; i < policy_.caps.size(); ++i) {
      if (!policy_.caps[i].part_of.empty()) continue;
      look_at(policy_.caps[i], pointer_of(i));
      look_for_containing(i);
    }
    for (std::size_t i = 0; i < policy_.total_cap_places.size(); ++i) look_at(policy_.total_caps[i], fmt::format("/caps/{}", policy_.total_cap_places[i]));
    for (std::size_t i = 0; i < policy_.quiet_hours.size(); ++i) {
      const QuietPolicy& quiet = policy_.quiet_hours[i];
      const std::string pointer = fmt::format("/quiet_hours/{}", i);
      if (!quiet.zone && !quiet.zone_missing) warn(pointer, "zone_missing", "Where nobody knows the customer's zone, UTC holds: say so with zone_missing, or name another zone.");
      look_at_rule(quiet, pointer);
    }
    for (std::size_t i = 0; i < policy_.gates.size(); ++i) {
      look_at_rule(policy_.gates[i], fmt::format("/gates/{}", i));
      look_at(policy_.gates[i].allow, fmt::format("/gates/{}", i), "allow");
    }
    for (std::size_t i = 0; i < policy_.post_purchase.size(); ++i) look_at_rule(policy_.post_purchase[i], fmt::format("/post_purchase/{}", i));
    for (std::size_t i = 0; i < policy_.pauses.size(); ++i) {
      const SalesPause& pause = policy_.pauses[i];
      look_at_rule(pause, fmt::format("/pauses/{}", i));
      if (pause.until && *pause.until <= now_) warn(fmt::format("/pauses/{}/until", i), "never_binds", fmt::format("The stop {} is over.", name_of(pause.id)));
    }
    look_at_merchandising();
    return std::move(warnings_);
  }

private:
  void warn(std::string pointer, const char* code, std::string text) { warnings_.push_back({std::move(pointer), code, std::move(text)}); }

  /// Of a customer's cap: those over more than one stand between them in the document.
  std::string pointer_of(std::size_t cap) const {
    std::size_t place = cap;
    for (const std::uint32_t taken : policy_.total_cap_places)
      if (taken <= place) ++place;
    return fmt::format("/caps/{}", place);
  }

  static std::string name_of(std::string_view id) { return id.empty() ? "this rule" : fmt::format("'{}'", id); }

  /// What every rule may have, whatever it is about.
  void look_at(const Schedule& schedule, const std::optional<Selector>& exempt, std::string_view id, const std::string& pointer) {
    if (exempt && exempt->selects_everything()) warn(pointer + "/exempt", "exempts_everything", fmt::format("All is exempt from {}, so it never does anything.", name_of(id)));
    if (schedule.to && *schedule.to <= now_) warn(pointer + "/schedule/to", "never_binds", fmt::format("The schedule of {} is over.", name_of(id)));
    if (exempt) look_at(*exempt, pointer, "exempt");
  }

  template <typename Rule>
  void look_at_rule(const Rule& rule, const std::string& pointer) {
    look_at(rule.match, pointer, "match");
    look_at(rule.schedule, rule.exempt, rule.id, pointer);
  }

  void look_at(const CapRule& rule, const std::string& pointer) {
    if (rule.limit && *rule.limit == 0) warn(pointer + "/limit", "limit_zero", fmt::format("A limit of 0 blocks everything that '{}' applies to, from the first moment and for good.", rule.id));
    look_at(rule.schedule, rule.exempt, rule.id, pointer);
    look_at(rule.applies_to, pointer, "what it applies to");
    if (rule.counts_of != rule.applies_to) look_at(rule.counts_of, pointer, "what it counts");
    look_at_window(rule, pointer);
    look_at_share(rule, pointer);
  }

  void look_at_window(const CapRule& rule, const std::string& pointer) {
    const Window& window = rule.window;
    if (window.kind == WindowKind::calendar) {
      if (!window.calendar.zone && !window.calendar.zone_missing)
        warn(pointer + "/window", "zone_missing", "Where nobody knows the customer's zone, UTC holds: say so with zone_missing, or name another zone.");
      if (rule.limit && *rule.limit > 0 && !rule.min_gap && rule.scope == Scope::customer)
        warn(pointer + "/window", "around_midnight",
             fmt::format("{} may be shown just before the period ends and {} more just after it: add a min_gap, or take a rolling window.", *rule.limit, *rule.limit));
    }
    // With a gap g, no more than W/g + 1 fit into W: a larger limit is never reached.
    if (window.kind == WindowKind::rolling && rule.limit && rule.min_gap && rule.counts == Counts::contact &&
        static_cast<std::int64_t>(*rule.limit) > window.length / *rule.min_gap + 1)
      warn(pointer + "/limit", "never_fires", fmt::format("With a gap of {} no more than {} contacts fit into {}: the limit is never reached.", format_duration(*rule.min_gap),
                                                          window.length / *rule.min_gap + 1, format_duration(window.length)));
  }

  void look_at_share(const CapRule& rule, const std::string& pointer) {
    if (!rule.share) return;
    const std::uint64_t first = rule.share->numerator * rule.share->base_min / Share::denominator;
    if (first == 0) warn(pointer + "/share", "share_blocks_first", fmt::format("While little was shown, '{}' lets not even one through: raise min_base or the share.", rule.id));
    if (rule.share->numerator >= Share::denominator) warn(pointer + "/share", "never_fires", fmt::format("A share of all or more never blocks: '{}' does nothing.", rule.id));
    const std::size_t keys = rule.per.size() == 1 ? keys_of(rule.per.front()) : 0;
    if (keys > 0 && keys * rule.share->numerator < Share::denominator)
      warn(pointer + "/share", "share_unfilled",
           fmt::format("The catalogue has {} of these, and together they may have {:.0f} % only: the rest of the places stays empty.", keys, 100.0 * static_cast<double>(keys * rule.share->numerator) / static_cast<double>(Share::denominator)));
  }

  void look_at_merchandising() {
    std::size_t levers = 0;
    for (std::size_t i = 0; i < policy_.merchandising.size(); ++i) {
      const MerchandisingRule& rule = policy_.merchandising[i];
      const std::string pointer = rule.is_lever ? fmt::format("/arbitration/levers/{}", levers++) : fmt::format("/merchandising/{}", i);
      look_at_rule(rule, pointer);
      if (rule.hide) look_at(*rule.hide, pointer, "hide");
      for (const MerchandisingRule::Boost& boost : rule.boosts) look_at(boost.match, pointer, "boost");
      for (std::size_t p = 0; p < rule.pins.size(); ++p) look_at(rule, rule.pins[p], fmt::format("{}/pin/{}", pointer, p));
    }
  }

  /// Will anybody ever see the pinned item?
  void look_at(const MerchandisingRule& rule, const MerchandisingRule::Pin& pin, const std::string& pointer) {
    const auto item = catalogue_.find(pin.item);
    if (!item) return warn(pointer + "/item", "unknown_label", fmt::format("There is no item '{}' to pin.", symbols_.name(pin.item)));
    bool has_place = false;
    for (const auto& [id, placement] : beside_.placements) {
      const auto& sources = placement.placement.sources;
      const bool takes_pins = sources.empty() || std::find(sources.begin(), sources.end(), Source::pinned) != sources.end();
      const auto& kinds = placement.kinds;
      const bool takes_kind = kinds.empty() || std::binary_search(kinds.begin(), kinds.end(), catalogue_.front(*item).labels.kind);
      has_place = has_place || (takes_pins && takes_kind && pin.slot <= placement.placement.slots && placement.placement.mode == PlacementMode::promote &&
                                rule.binds(labels_at(catalogue_.front(*item), placement)));
    }
    if (!has_place)
      warn(pointer, "never_pins", fmt::format("No placement would show '{}' there: match, exempt, the slots of the placement, or sources without \"pinned\" keep it out.", symbols_.name(pin.item)));
    if (rule.hide && rule.hide->selects(catalogue_.front(*item).labels)) warn(pointer, "never_pins", fmt::format("'{}' hides '{}' as well, and hiding wins.", rule.id, symbols_.name(pin.item)));
  }

  /// How many keys the catalogue has under one `per`; 0 = not known, or not of items.
  std::size_t keys_of(Per per) const {
    const auto named = [](const std::set<Symbol>& labels) { return labels.size() - labels.count(Symbol::none); };
    switch (per) {
      case Per::item: return named(known_.items);
      case Per::group: return named(known_.groups);
      case Per::brand: return named(known_.brands);
      case Per::campaign: return named(known_.campaigns);
      case Per::kind: return named(known_.kinds);
      default: return 0;
    }
  }

  void look_at(const Selector& selector, const std::string& pointer, std::string_view what) {
    const std::array<std::tuple<const char*, const std::optional<std::vector<Symbol>>*, const std::set<Symbol>*>, 10> lists{{
        {"kinds", &selector.kinds, &known_.kinds}, {"tags", &selector.tags, &known_.tags}, {"categories", &selector.categories, &known_.categories},
        {"brands", &selector.brands, &known_.brands}, {"campaigns", &selector.campaigns, &known_.campaigns}, {"items", &selector.items, &known_.items},
        {"groups", &selector.groups, &known_.groups}, {"purposes", &selector.purposes, nullptr}, {"channels", &selector.channels, nullptr},
        {"placements", &selector.placements, &known_.placements}}};
    for (const auto& [name, wanted, known] : lists) {
      if (!*wanted || known == nullptr) continue;      // channels and purposes are words of the business, not of the catalogue
      std::string strangers;
      for (const Symbol label : **wanted)
        if (!known->contains(label)) strangers += fmt::format("{}'{}'", strangers.empty() ? "" : ", ", symbols_.name(label));
      if (!strangers.empty()) warn(pointer, "unknown_label", fmt::format("Nothing has these {} ({}): {}.", name, what, strangers));
    }
  }

  static bool spans(const Window& wide, const Window& narrow) {
    if (wide.kind == WindowKind::lifetime) return true;
    return wide.kind == WindowKind::rolling && narrow.kind == WindowKind::rolling && wide.length >= narrow.length;
  }

  /// A rule that is full only when another one is full too says nothing of its own.
  static bool contains(const CapRule& outer, const CapRule& inner) {
    const bool same_things = outer.counts == inner.counts && outer.event == inner.event && outer.per == inner.per && outer.depth == inner.depth &&
                             outer.applies_to == inner.applies_to && outer.counts_of == inner.counts_of && outer.exempt == inner.exempt &&
                             outer.exempt_counts == inner.exempt_counts && outer.part_of == inner.part_of && outer.count_unverified == inner.count_unverified;
    const bool always = outer.schedule == Schedule{} && !outer.audience && outer.on_exceed == inner.on_exceed;
    const bool limits = outer.limit && inner.limit && *outer.limit <= *inner.limit && spans(outer.window, inner.window);
    const bool gaps = !inner.min_gap || (outer.min_gap && *outer.min_gap >= *inner.min_gap);
    return same_things && always && limits && gaps && !inner.share;
  }

  void look_for_containing(std::size_t i) {
    for (std::size_t other = 0; other < policy_.caps.size(); ++other) {
      const CapRule &inner = policy_.caps[i], &outer = policy_.caps[other];
      if (other == i || !contains(outer, inner) || (other > i && contains(inner, outer))) continue;   // of two equal ones the second is said
      warn(pointer_of(i), "contained", fmt::format("Whenever '{}' is full, '{}' is full too: it changes nothing.", inner.id, outer.id));
      return;
    }
  }

  const Policy& policy_;
  const Rulebook& beside_;
  const Catalogue& catalogue_;
  const SymbolTable& symbols_;
  UtcTime now_;
  KnownLabels known_;
  std::vector<LintWarning> warnings_;
};

} // namespace

std::vector<LintWarning> lint_policy(const Policy& policy, const Rulebook& beside, const Catalogue& catalogue, const SymbolTable& symbols, UtcTime now) {
  return Linter(policy, beside, catalogue, symbols, now).look();
}

} // namespace takt
