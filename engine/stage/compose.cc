// Stage 9. Slot by slot: who is still allowed, what each would add, one draw. The only random step of a decision.
#include "core/check.h"
#include "core/hash.h"
#include "engine/stage/cap_reasons.h"
#include "engine/stage/category_mix.h"
#include "engine/stage/diversity.h"
#include "engine/stage/merchandising.h"
#include "engine/stage/slate_report.h"
#include "engine/stage/softmax.h"
#include "engine/stage/stages.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <tuple>

namespace takt {
namespace {

/// No item can be called that: ids have no control characters.
constexpr std::string_view hold_key = "\x1fhold";
/// A discount smaller than this is not worth a sentence.
constexpr double factor_worth_telling = 0.999;
/// So many of the best still open ones are options of a draw: whoever is further down is outranked, and costs nothing. Of 22,000 slates of
/// ten from 224 candidates (decide_bench) a draw among all would have reached below that in 18; the value of a slate is the same.
constexpr std::size_t options_per_slot = 8, options_min = 64;

Reason reason_of(Stage stage, ReasonCode code) {
  Reason reason;
  reason.stage = stage;
  reason.code = code;
  return reason;
}

class SlateBuilder {
public:
  SlateBuilder(Call& call, const Opening& opening, const CustomerFeatures& features, Ranked ranked)
      : call_(call), opening_(opening), placement_(opening.rules.placement), policy_(call.world.policy()),
        organic_(placement_.mode == PlacementMode::organic), items_(std::move(ranked.alive)), open_(items_.size(), true),
        placement_key_(hash64(opening.request.placement.text())), looked_at_(looked_at_first()),
        diversity_(organic_ ? Diversity{DiversityMethod::none, 0, 0} : policy_.diversity, label_sets(), looked_at_),
        mix_(organic_ ? 0.0 : policy_.diversity.calibration, features.category_affinity, label_sets()) {
    slate_.dropped = std::move(ranked.dropped);
    slate_.unknown = std::move(ranked.unknown);
    slate_.scored = std::move(ranked.scored);
    slate_.choices.reserve(opening.limit);
    const auto& never_hold = policy_.arbitration.never_hold;
    normalised_.reserve(items_.size());
    never_held_.reserve(items_.size());
    keys_.reserve(items_.size());
    double score_max = 0;
    for (const Candidate& item : items_) score_max = std::max(score_max, std::abs(item.score));
    for (const Candidate& item : items_) {
      normalised_.push_back(score_max > 0 ? item.score / score_max : 0.0);
      pins_ = pins_ || item.pinned_slot;
      boosts_ = boosts_ || item.boost != 1;
      never_held_.push_back(std::find(never_hold.begin(), never_hold.end(), item.labels.kind) != never_hold.end());
      keys_.push_back(call.world.catalogue->front(item.index).id_hash);
    }
  }

  Slate build() {
    const CapRule* stop = organic_ ? nullptr : stopping_rule(policy_, slate_.dropped);
    if (stop) stop_for(*stop);
    for (std::uint32_t slot = 1; slot <= opening_.limit; ++slot)
      if (!fill(slot)) break;
    if (pins_ || boosts_) slate_.merchandising_cost = merchandising_cost();
    slate_.dropped.reserve(slate_.dropped.size() + items_.size());
    const Reason rest = reason_of(Stage::compose, slate_.hold ? ReasonCode::below_hold : ReasonCode::outranked);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!open_[i]) continue;
      std::vector<Reason> reasons = std::move(items_[i].reasons); // its discounts interest nobody any more, its memory does
      reasons.assign(1, rest);
      slate_.dropped.push_back({items_[i].index, std::move(reasons)});
    }
    if (slate_.choices.size() < opening_.limit) slate_.reasons = why_short(slate_);
    if (slate_.choices.empty()) answer_nothing(stop);
    return std::move(slate_);
  }

private:
  /// Where a rule may end the placement, whoever it meets has to be seen, however far down.
  std::size_t looked_at_first() const {
    const std::size_t few = std::max<std::size_t>(options_min, options_per_slot * opening_.limit);
    return may_stop(policy_) ? items_.size() : std::min(items_.size(), few);
  }

  std::vector<const LabelSet*> label_sets() const {
    std::vector<const LabelSet*> sets;
    sets.reserve(items_.size());
    for (const Candidate& item : items_) sets.push_back(&item.labels);
    return sets;
  }

  /// False: the placement ends before this slot.
  bool fill(std::uint32_t slot) {
    if (std::none_of(open_.begin(), open_.end(), [](char open) { return open != 0; })) return false;
    if (organic_) return choose(first_open(), slot, 1.0, true);
    if (const auto pinned = pins_ ? pinned_for(slot) : std::nullopt) return choose(*pinned, slot, 1.0, false);
    return draw(slot);
  }

  /// Where caps and variants left too few of those at the top to choose from, everybody is looked at.
  bool too_few_open(std::size_t slots_left) const {
    if (looked_at_ == items_.size()) return false;
    const auto open = static_cast<std::size_t>(std::count(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(looked_at_), char{1}));
    return pins_ || open < options_per_slot / 2 * slots_left;
  }

  void look_at_all() {
    const std::size_t from = std::exchange(looked_at_, items_.size());
    diversity_.look_at(looked_at_);
    if (organic_ || slate_.choices.empty()) return;
    for (std::size_t i = from; i < looked_at_; ++i) { // what every slot so far would have said of them
      if (!open_[i]) continue;
      const CapCandidate asked = opening_.asked(items_[i].labels);
      if (!placement_.variants && call_.taken_groups.contains(items_[i].labels.group)) drop(i, {reason_of(Stage::compose, ReasonCode::group_duplicate)});
      else if (call_.caps.blocks(asked)) drop(i, cap_reasons(call_, asked, Stage::compose));
    }
  }

  bool draw(std::uint32_t slot) {
    if (too_few_open(opening_.limit - slot + 1)) look_at_all();
    collect_options(slot);
    // Whoever is further down gains its score at most: nobody who would gain more than the best of these is overlooked.
    if (looked_at_ < items_.size() && normalised_[looked_at_] > best_gain()) {
      look_at_all();
      collect_options(slot);
    }
    if (options_.empty()) return false; // those further down were not allowed either
    const bool may_hold = options_.size() > drawn_from_.size();
    slate_.diversity_cost += given_up();
    const Draw drawn = draw_softmax(options_, policy_.exploration.temperature, call_.request.seed);
    if (may_hold && drawn.index == 0) {
      slate_.hold = Hold{slot, HoldKind::chosen, drawn.propensity};
      return false;
    }
    return choose(drawn_from_[drawn.index - (may_hold ? 1 : 0)], slot, drawn.propensity, true);
  }

  /// Hold, where it may be drawn, then the items that are looked at.
  void collect_options(std::uint32_t slot) {
    drawn_from_.clear();
    options_.clear();
    const std::uint64_t slot_key = mix64(placement_key_, slot);
    // Hold comes first: among equals that are worth nothing, doing nothing wins.
    const bool may_hold = placement_.hold && !never_held_is_open();
    if (may_hold) options_.push_back({0.0, mix64(slot_key, hash64(hold_key))});
    for (std::size_t i = 0; i < looked_at_; ++i) {
      if (!open_[i] || (pins_ && is_pinned_later(i, slot))) continue;
      drawn_from_.push_back(i);
      options_.push_back({gain(i), mix64(slot_key, keys_[i])});
    }
  }

  double best_gain() const {
    double best = -std::numeric_limits<double>::infinity();
    for (const DrawOption& option : options_) best = std::max(best, option.gain);
    return best;
  }

  double gain(std::size_t i) const { return normalised_[i] + diversity_.penalty(i) + mix_.penalty(i); }

  /// What the best by score would have brought above the best by gain, chance apart.
  double given_up() const {
    if (drawn_from_.empty()) return 0;
    double best_score = items_[drawn_from_.front()].score, score_of_best = 0, best = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < drawn_from_.size(); ++k) {
      const double score = items_[drawn_from_[k]].score, gained = options_[k + options_.size() - drawn_from_.size()].gain;
      best_score = std::max(best_score, score);
      if (gained > best) std::tie(best, score_of_best) = std::pair(gained, score);
    }
    return best_score - score_of_best;
  }

  /// What merchandising gave up: the places of what is there because of it, filled with the best of these and of what was outranked; and what
  /// was put back by hand in place of the least of the rest. Worth without boosts; slots count alike.
  double merchandising_cost() const {
    std::vector<double> favoured, others, outranked, put_back;
    for (const SlateChoice& choice : slate_.choices)
      (choice.candidate.pinned_slot || choice.candidate.boost > 1 ? favoured : others).push_back(unboosted_score(choice.candidate));
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (open_[i]) (items_[i].boost < 1 ? put_back : outranked).push_back(unboosted_score(items_[i]));
    outranked.insert(outranked.end(), favoured.begin(), favoured.end());
    std::sort(outranked.begin(), outranked.end(), std::greater<>());
    double cost = 0;
    for (std::size_t i = 0; i < favoured.size(); ++i) cost += outranked[i] - favoured[i];
    std::copy_n(outranked.begin(), favoured.size(), std::back_inserter(others));   // the slate without favours
    std::sort(others.begin(), others.end());
    std::sort(put_back.begin(), put_back.end(), std::greater<>());
    for (std::size_t i = 0; i < std::min(others.size(), put_back.size()); ++i) cost += std::max(0.0, put_back[i] - others[i]);
    return cost;
  }

  /// A discount that somebody would notice becomes a reason.
  void tell(std::size_t i, ReasonCode code, double penalty) {
    const double discount = std::exp(penalty);
    if (discount >= factor_worth_telling) return;
    items_[i].reasons.push_back(reason_of(Stage::compose, code));
    items_[i].reasons.back().factor = discount;
  }

  bool choose(std::size_t i, std::uint32_t slot, double propensity, bool usable) {
    tell(i, ReasonCode::diversity, i < looked_at_ ? diversity_.penalty(i) : 0.0);
    tell(i, ReasonCode::calibration, mix_.penalty(i));
    open_[i] = false;
    call_.take(opening_.asked(items_[i].labels), !organic_);
    slate_.choices.push_back({items_[i], slot, propensity, usable});
    if (slot == opening_.limit) return true; // whoever is left was outranked, whatever the next slot would have said
    if (i >= looked_at_) look_at_all();
    diversity_.choose(i, open_);
    mix_.choose(i);
    if (!organic_) close_what_the_slot_forbids(items_[i].labels);
    return true;
  }

  /// Variants of what was chosen, and whoever a cap does not let join this slate; of those that are looked at.
  void close_what_the_slot_forbids(const LabelSet& chosen) {
    const std::size_t dropped_before = slate_.dropped.size();
    for (std::size_t i = 0; i < looked_at_; ++i) {
      if (!open_[i]) continue;
      const CapCandidate asked = opening_.asked(items_[i].labels);
      if (!placement_.variants && items_[i].labels.group == chosen.group) drop(i, {reason_of(Stage::compose, ReasonCode::group_duplicate)});
      else if (call_.caps.newly_blocked(asked)) drop(i, cap_reasons(call_, asked, Stage::compose));
    }
    const std::span<const Dropped> dropped(slate_.dropped);
    if (const CapRule* stop = stopping_rule(policy_, dropped.subspan(dropped_before))) stop_for(*stop);
  }

  void stop_for(const CapRule& rule) {
    Reason reason = reason_of(Stage::compose, ReasonCode::capped);
    reason.rule = rule.id;
    reason.limit = rule.limit;
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (open_[i] && stops(rule, items_[i].labels)) drop(i, {reason});
  }

  void drop(std::size_t i, std::vector<Reason> reasons) {
    open_[i] = false;
    slate_.dropped.push_back({items_[i].index, std::move(reasons)});
  }

  /// Nothing is shown: on purpose, because a rule says so, or because nothing is there (then the fallback may help).
  void answer_nothing(const CapRule* stop) {
    const bool below_hold = std::any_of(slate_.dropped.begin(), slate_.dropped.end(), [](const Dropped& dropped) {
      return dropped.reasons.front().code == ReasonCode::below_hold;
    });
    const bool is_quiet = std::any_of(slate_.dropped.begin(), slate_.dropped.end(), [](const Dropped& dropped) {
      return std::any_of(dropped.reasons.begin(), dropped.reasons.end(), [](const Reason& reason) { return reason.code == ReasonCode::quiet_hours; });
    });
    slate_.outcome = Outcome::hold;
    if (slate_.hold) return;
    // Nobody queues here: who asks at night is told when to ask again.
    if (is_quiet || (stop && stop->on_exceed == OnExceed::defer)) slate_.outcome = Outcome::defer;
    else slate_.hold = Hold{1, below_hold ? HoldKind::chosen : HoldKind::no_candidates, 1.0};
  }

  std::size_t first_open() const { return static_cast<std::size_t>(std::find(open_.begin(), open_.end(), 1) - open_.begin()); }

  /// The one that is pinned here; where nothing else is left, the next one that is pinned later moves up.
  std::optional<std::size_t> pinned_for(std::uint32_t slot) const {
    std::optional<std::size_t> next;
    bool others = false;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!open_[i]) continue;
      if (items_[i].pinned_slot == slot) return i;
      if (!is_pinned_later(i, slot)) others = true;
      else if (!next || *items_[i].pinned_slot < *items_[*next].pinned_slot) next = i;
    }
    return others ? std::nullopt : next;
  }
  bool is_pinned_later(std::size_t i, std::uint32_t slot) const {
    return items_[i].pinned_slot && *items_[i].pinned_slot > slot && *items_[i].pinned_slot <= opening_.limit;
  }
  /// Kinds that hold does not beat: while one of them could be shown, hold is not among the options.
  bool never_held_is_open() const {
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (open_[i] && never_held_[i]) return true;
    return false;
  }

  Call& call_;
  const Opening& opening_;
  const Placement& placement_;
  const Policy& policy_;
  bool organic_;
  std::vector<Candidate> items_;             ///< by rank; never moved, `diversity_` points into them
  std::vector<char> open_;                   ///< neither chosen nor dropped (char: read two thousand times, faster than a bit)
  std::vector<char> never_held_;             ///< of a kind that hold does not beat
  bool pins_ = false;                        ///< any item has a pinned slot
  bool boosts_ = false;                      ///< any item was put forward or back by hand
  std::uint64_t placement_key_;
  std::size_t looked_at_;                    ///< from here on nobody is an option yet
  SlateDiversity diversity_;
  CategoryMix mix_;
  std::vector<std::uint64_t> keys_;          ///< of the items' draws
  std::vector<std::size_t> drawn_from_;      ///< of one draw; members, so that ten slots share their memory
  std::vector<DrawOption> options_;
  std::vector<double> normalised_;           ///< scores in units of the largest |score|
  Slate slate_;
};

bool wants_fallback(const Call& call, const Slate& slate) {
  if (!slate.choices.empty() || slate.outcome != Outcome::hold || !slate.hold || slate.hold->kind != HoldKind::no_candidates) return false;
  const CapRule* stop = stopping_rule(call.world.policy(), slate.dropped);
  return !stop || stop->on_exceed != OnExceed::nothing;
}

Candidates fallback_items(const Call& call, const Opening& opening) {
  Candidates items;
  for (const Symbol id : opening.rules.fallback) {
    const auto index = call.world.catalogue->find(id);
    if (!index) continue; // configured before the item came, or after it went
    if (std::any_of(items.alive.begin(), items.alive.end(), [&](const Candidate& other) { return other.index == *index; })) continue;
    Candidate item;
    item.index = *index;
    item.labels = labels_at(call.world.catalogue->at(*index), opening.rules);
    item.source = Source::list;
    item.because = Because::picked;
    items.alive.push_back(std::move(item));
  }
  return items;
}

} // namespace

Slate compose(Call& call, const Opening& opening, const CustomerFeatures& features, Ranked ranked) {
  return SlateBuilder(call, opening, features, std::move(ranked)).build();
}

Slate add_fallback(Call& call, const Opening& opening, Slate slate) {
  if (!wants_fallback(call, slate)) return slate;
  Candidates items = apply_caps(call, opening, drop_ineligible(call, opening, fallback_items(call, opening)));
  const bool organic = opening.rules.placement.mode == PlacementMode::organic;
  for (Candidate& item : items.alive) {
    if (slate.choices.size() == opening.limit) break;
    // The items before it are taken by now: the same checks again, as in any slate.
    const bool variant = !opening.rules.placement.variants && call.taken_groups.contains(item.labels.group);
    if (!organic && (variant || call.caps.blocks(opening.asked(item.labels)))) continue;
    call.take(opening.asked(item.labels), !organic);
    std::erase_if(slate.dropped, [&](const Dropped& dropped) { return dropped.index == item.index; });
    slate.choices.push_back({std::move(item), static_cast<std::uint32_t>(slate.choices.size() + 1), 1.0, false});
  }
  for (Dropped& dropped : items.dropped) {
    const auto same = [&](const Dropped& known) { return known.index == dropped.index; };
    if (std::none_of(slate.dropped.begin(), slate.dropped.end(), same)) slate.dropped.push_back(std::move(dropped));
  }
  if (slate.choices.empty()) return slate;
  slate.outcome = Outcome::fallback;
  slate.hold.reset();
  return slate;
}

} // namespace takt
