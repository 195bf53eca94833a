// What being shown something does to a customer: seeing, clicking, buying, and having enough.
#include "api/demo/life.h"

#include "core/hash.h"

#include <algorithm>
#include <cmath>

namespace takt::demo {
namespace {

constexpr Duration a_week = days(7);
/// Lower slots are below the fold more often.
constexpr double seen_per_slot = 0.93;
constexpr double mail_opened = 0.35;

} // namespace

std::size_t Life::thing_of(std::size_t item) const { return town_.is_product(item) ? town_.product_of[item] : town_.catalogue.products.size() + item; }
std::size_t Life::leaf_of(std::size_t item) const { return town_.is_product(item) ? town_.catalogue.products[town_.product_of[item]].leaf : town_.leaf_tastes.size(); }
std::size_t Life::variant_of(std::size_t product) const {
  const auto& variants = town_.catalogue.products[product].variants;
  return variants[truth_.size % variants.size()];
}

Appeal Life::appeal_of(std::size_t item, std::uint32_t slot, std::string_view channel, UtcTime at) const {
  Appeal appeal;
  appeal.slot = slot;
  appeal.on_foreign_site = channel == "display";
  if (!town_.is_product(item)) return appeal; // offers and services: no taste of their own
  const std::size_t product = town_.product_of[item];
  appeal.taste = cosine(truth_.taste, town_.tastes[product]);
  appeal.popularity = town_.popularity[product];
  appeal.price_distance = std::abs(town_.catalogue.products[product].price_level - truth_.price_level);
  appeal.needed = need_ && at < need_until_ && *need_ == leaf_of(item);
  if (const auto looked = considered_.find(product); looked != considered_.end()) appeal.considered = at < looked->second + a_week;
  return appeal;
}

double Life::worn_of(std::size_t item, UtcTime at) const {
  const double beta = truth_.kind.beta * response_.beta_scale;
  double factor = 1;
  if (const auto thing = things_.find(thing_of(item)); thing != things_.end()) factor *= worn(thing->second.wear.at_time(at, truth_.kind.half_life), beta);
  if (const auto leaf = worn_leaves_.find(leaf_of(item)); leaf != worn_leaves_.end())
    factor *= worn(leaf->second.at_time(at, truth_.kind.half_life), beta * response_.category_share);
  return factor;
}

void Life::show(Visit& visit, std::string_view placement, std::string_view channel, std::vector<std::size_t> anchors) {
  ++counts_.opportunities;
  deliver_until(visit.at);
  Opportunity opportunity;
  opportunity.at = visit.at;
  opportunity.placement = placement;
  if (signed_in_.contains(visit.device)) opportunity.user_id = truth_.user_id;
  opportunity.anonymous_id = visit.device->anonymous_id;
  opportunity.channel = channel;
  opportunity.anchors = std::move(anchors);
  opportunity.seed = next_seed();
  const Shown shown = marketer_.choose(opportunity);
  for (const ShownItem& item : shown.items) note(mix64(item.item, item.slot));
  if (shown.items.empty()) return;
  ++counts_.contacts;
  counts_.contact_cost += static_cast<double>(town_.placement(placement).contact_cost_micros) / 1e6;
  std::vector<ShownItem> seen;
  double still_looking = 1;
  for (const ShownItem& item : shown.items) {
    if (coin(sees_slot) < still_looking) seen.push_back(item);
    still_looking *= seen_per_slot;
  }
  visit.at += seconds(3);
  if (!seen.empty()) see(visit, placement, channel, shown, seen);
}

void Life::see(Visit& visit, std::string_view placement, std::string_view channel, const Shown& shown, const std::vector<ShownItem>& seen) {
  if (channel != "email") {
    Event event = event_of(visit, EventName::promotion_viewed, channel);
    event.decision_id = shown.decision_id;
    event.placement = placement;
    for (const ShownItem& item : seen) event.items.push_back(named(item.item));
    tell(visit, std::move(event));
  }
  const ShownItem* wanted = nullptr;
  for (const ShownItem& item : seen) {
    const double chance = click_chance(response_, appeal_of(item.item, item.slot, channel, visit.at)) * worn_of(item.item, visit.at);
    const bool is_wanted = coin(clicks) < chance && wanted == nullptr; // one click per slate: it leads away
    if (is_wanted) wanted = &item;
    Thing& thing = things_[thing_of(item.item)];
    std::erase_if(thing.seen, [&](UtcTime at) { return at + a_week <= visit.at; });
    const auto seen_before = static_cast<std::uint32_t>(thing.seen.size());
    ++counts_.impressions;
    counts_.expected_clicks += chance;
    if (seen_before > 0) ++counts_.repeats;
    if (touched_by_accident_.contains(thing_of(item.item)) && !meant_.contains(thing_of(item.item))) ++counts_.chased;
    thing.seen.push_back(visit.at);
    thing.wear.see(visit.at, truth_.kind.half_life);
    worn_leaves_[leaf_of(item.item)].see(visit.at, truth_.kind.half_life);
    if (keeps_sights_) secrets_.sights.push_back({visit.at, item.item, placement, chance, is_wanted, false, shown.decision_id});
    if (town_.is_product(item.item)) mind(visit, channel, shown, item, seen_before);
  }
  if (wanted != nullptr) return click(visit, channel, shown, *wanted, false);
  const double slip = visit.device->is_phone ? response_.accident_on_phone : response_.accident_on_desk;
  if (coin(accident) >= slip) return;
  const ShownItem& hit = seen[static_cast<std::size_t>(coin(which_slot) * static_cast<double>(seen.size()))];
  click(visit, channel, shown, hit, true);
}

void Life::click(Visit& visit, std::string_view channel, const Shown& shown, const ShownItem& chosen, bool is_accident) {
  ++(is_accident ? counts_.accidents : counts_.clicks);
  (is_accident ? touched_by_accident_ : meant_).insert(thing_of(chosen.item));
  visit.at += seconds(2);
  const auto remember = [&] {
    if (is_accident) secrets_.accidents.push_back("m-" + std::to_string(truth_.number) + "-" + std::to_string(messages_));
  };
  // How long the page was looked at is known when the next one opens; here the click brings it along, as beacons do.
  const std::uint32_t dwell_ms = is_accident ? accident_dwell_ms(response_, normal(accident_dwell)) : intended_dwell_ms(response_, coin(promoted_is_long) < 0.5, normal(promoted_dwell));
  Event event = event_of(visit, channel == "email" ? EventName::message_clicked : EventName::promotion_clicked, channel);
  event.decision_id = shown.decision_id;
  event.items.push_back(named(chosen.item));
  event.dwell_ms = dwell_ms;
  tell(visit, std::move(event));
  remember();
  if (!is_accident) {
    things_[thing_of(chosen.item)].wear.click(visit.at, truth_.kind.half_life, response_.left_by_click);
    worn_leaves_[leaf_of(chosen.item)].click(visit.at, truth_.kind.half_life, response_.left_by_click);
  }
  if (!town_.is_product(chosen.item)) return;
  if (!is_accident) return look_closely(visit, chosen.item, true);
  Event view = event_of(visit, EventName::product_viewed, visit.device->channel);
  view.items.push_back(named(chosen.item));
  view.dwell_ms = dwell_ms;
  tell(visit, std::move(view));
  remember();
}

void Life::look_closely(Visit& visit, std::size_t item, bool is_promoted) {
  visit.at += seconds(5);
  meant_.insert(thing_of(item));
  const Appeal appeal = appeal_of(item, 1, "web", visit.at);
  const bool looks_long = coin(is_promoted ? promoted_is_long : is_long) < 0.25 + 0.5 * std::max(appeal.taste, 0.0);
  const std::uint32_t dwell_ms = intended_dwell_ms(response_, looks_long, normal(is_promoted ? promoted_dwell : dwell));
  Event event = event_of(visit, EventName::product_viewed, visit.device->channel);
  event.items.push_back(named(item));
  event.dwell_ms = dwell_ms;
  tell(visit, std::move(event));
  double chance = buy_chance(response_, appeal);
  const std::size_t leaf = leaf_of(item);
  if (const auto bought = bought_leaves_.find(leaf); bought != bought_leaves_.end()) { // what was just bought is not needed again yet
    const double cycles = static_cast<double>((visit.at - bought->second).count()) / static_cast<double>(town_.repurchase[leaf].count());
    chance *= 1 - std::exp2(-cycles);
  }
  const Item& sold = town_.catalogue.items[item];
  const bool is_sold = coin(is_promoted ? promoted_buys : buys) < chance && sold.active && (!sold.stock || *sold.stock > 0);
  visit.at += Duration(std::min<std::uint32_t>(dwell_ms, 120'000));
  if (is_sold) return order(visit, item, is_promoted);
  if (looks_long) considered_[town_.product_of[item]] = visit.at;
}

void Life::order(Visit& visit, std::size_t item, bool is_promoted) {
  ++counts_.purchases;
  const double margin = town_.margin_of(item);
  counts_.value += margin;
  if (is_promoted) {
    ++counts_.promoted_purchases;
    counts_.promoted_value += margin;
  }
  const std::string order_id = "o-" + std::to_string(truth_.number) + "-" + std::to_string(++orders_);
  EventItem bought = named(item);
  bought.price_micros = town_.catalogue.items[item].price_cents * 10'000;
  Event added = event_of(visit, EventName::product_added, visit.device->channel);
  added.items.push_back(bought);
  tell(visit, std::move(added));
  visit.at += seconds(40);
  Event ordered = event_of(visit, EventName::order_completed, visit.device->channel);
  ordered.items.push_back(bought);
  ordered.order_id = order_id;
  tell(visit, std::move(ordered));
  bought_leaves_[leaf_of(item)] = visit.at;
  considered_.erase(town_.product_of[item]);
  if (need_ == leaf_of(item)) need_.reset();
  if (coin(complains) >= response_.complaint) return;
  const UtcTime opened = visit.at + hours(20) + Duration(static_cast<std::int64_t>(coin(complains_when) * 72 * 3.6e6));
  const UtcTime closed = opened + hours(12) + Duration(static_cast<std::int64_t>(coin(complains_when) * 120 * 3.6e6));
  to_come_.push_back({opened, MomentKind::case_opened, "case-" + order_id});
  to_come_.push_back({closed, MomentKind::case_closed, "case-" + order_id});
}

/// The same thing again: closed, or the channel is left.
void Life::mind(const Visit& visit, std::string_view channel, const Shown& shown, const ShownItem& item, std::uint32_t seen_before) {
  const double leaving = coin(leaves), closing = coin(dismisses);
  if (seen_before < truth_.kind.tolerance || refused_.contains(channel)) return;
  const double steps = static_cast<double>(seen_before - truth_.kind.tolerance + 1) * response_.annoyance_scale;
  secrets_.annoyance += steps;
  if (leaving < response_.opt_out * steps) return refuse(visit, channel);
  if (closing >= response_.dismissal * steps || channel == "email") return;
  ++counts_.dismissals;
  Event event = event_of(visit, EventName::promotion_dismissed, channel);
  event.decision_id = shown.decision_id;
  event.items.push_back(named(item.item));
  tell(visit, std::move(event));
}

void Life::refuse(const Visit& visit, std::string_view channel) {
  ++counts_.opt_outs;
  refused_.emplace(channel);
  secrets_.opt_outs.push_back({std::string(channel), visit.at});
  Event event = event_of(visit, channel == "email" ? EventName::unsubscribed : EventName::consent_updated, channel);
  event.consents.push_back({Purpose::marketing, std::string(channel), false});
  tell(visit, std::move(event));
}

void Life::read_mail(UtcTime at) {
  Visit visit{&truth_.devices.front(), at, std::nullopt};
  if (signed_in_.empty()) return; // no address yet
  ++counts_.opportunities;
  Opportunity opportunity;
  opportunity.at = at;
  opportunity.placement = "mail.weekly";
  opportunity.user_id = truth_.user_id;
  opportunity.channel = "email";
  opportunity.seed = next_seed();
  const Shown shown = marketer_.choose(opportunity);
  for (const ShownItem& item : shown.items) note(mix64(item.item, item.slot));
  if (shown.items.empty()) return;
  ++counts_.contacts;
  ++counts_.mails;
  counts_.contact_cost += static_cast<double>(town_.placement(opportunity.placement).contact_cost_micros) / 1e6;
  Event delivered = event_of(visit, EventName::message_delivered, "email");
  delivered.occurred_at = at; // the mail server's clock
  delivered.user_id = truth_.user_id;
  delivered.decision_id = shown.decision_id;
  tell(visit, std::move(delivered));
  const bool opens = coin(opens_mail) < mail_opened;
  std::erase_if(mails_, [&](UtcTime sent) { return sent + a_week <= at; });
  mails_.push_back(at);
  const auto excess = std::max<std::int64_t>(0, static_cast<std::int64_t>(mails_.size()) - response_.mails_per_week_tolerated);
  const bool has_enough = coin(leaves) < response_.opt_out_per_mail * static_cast<double>(1 + excess) * response_.annoyance_scale;
  if (opens) {
    visit.at += hours(1);
    see(visit, "mail.weekly", "email", shown, shown.items);
  }
  if (has_enough && !refused_.contains("email")) refuse(visit, "email");
}

} // namespace takt::demo
