// When somebody comes and what they do then. What showing does to them is in life_response.cc.
#include "api/demo/life.h"

#include "api/demo/json_object.h"
#include "core/hash.h"

#include <algorithm>
#include <cmath>

namespace takt::demo {
namespace {

/// Of an expected number per day: the whole part, and one more by chance.
std::uint32_t count_of(double expected, double coin) { return static_cast<std::uint32_t>(std::floor(expected + coin)); }

/// As a front end would have called it.
std::string_view text_of(EventName name) {
  switch (name) {
  case EventName::promotion_viewed: return "Promotion Viewed";
  case EventName::promotion_clicked: return "Promotion Clicked";
  case EventName::promotion_dismissed: return "Promotion Dismissed";
  case EventName::product_viewed: return "Product Viewed";
  case EventName::product_added: return "Product Added";
  case EventName::order_completed: return "Order Completed";
  case EventName::message_delivered: return "Message Delivered";
  case EventName::message_clicked: return "Message Clicked";
  case EventName::unsubscribed: return "Unsubscribed";
  case EventName::consent_updated: return "Segment Consent Preference Updated";
  case EventName::case_opened: return "Case Opened";
  case EventName::case_closed: return "Case Closed";
  default: return "";
  }
}

std::string raw_json(const Event& event) {
  JsonObject json;
  json.text("type", event.type == EventType::identify ? "identify" : "track").text("messageId", event.message_id);
  if (event.type == EventType::track) json.text("event", event.name_text);
  if (!event.user_id.empty()) json.text("userId", event.user_id);
  json.text("anonymousId", event.anonymous_id).text("timestamp", format_utc(event.occurred_at));
  JsonObject properties;
  if (!event.items.empty()) properties.text("product_id", event.items.front().id);
  if (!event.decision_id.empty()) properties.text("decision_id", event.decision_id);
  if (!event.order_id.empty()) properties.text("order_id", event.order_id);
  if (!event.case_id.empty()) properties.text("case_id", event.case_id);
  if (event.dwell_ms) properties.number("dwell_ms", *event.dwell_ms);
  properties.text("channel", event.channel);
  if (event.device != takt::Device::unknown) json.raw("context", JsonObject().raw("device", JsonObject().text("type", to_text(event.device)).done()).done());
  return json.raw("properties", properties.done()).done();
}

} // namespace

LifeCounts& LifeCounts::operator+=(const LifeCounts& other) {
  customers += other.customers;
  days += other.days;
  opportunities += other.opportunities;
  events += other.events;
  late_events += other.late_events;
  repeated_events += other.repeated_events;
  impressions += other.impressions;
  repeats += other.repeats;
  chased += other.chased;
  contacts += other.contacts;
  mails += other.mails;
  clicks += other.clicks;
  accidents += other.accidents;
  purchases += other.purchases;
  promoted_purchases += other.promoted_purchases;
  opt_outs += other.opt_outs;
  dismissals += other.dismissals;
  complaints += other.complaints;
  value += other.value;
  promoted_value += other.promoted_value;
  contact_cost += other.contact_cost;
  expected_clicks += other.expected_clicks;
  digest += other.digest; // a sum: the order of the customers says nothing
  return *this;
}

Life::Life(const Town& town, CustomerTruth truth, Marketer& marketer, bool keeps_sights)
    : town_(town), response_(town.options.response), truth_(std::move(truth)), marketer_(marketer), keeps_sights_(keeps_sights) {
  counts_.customers = 1;
}

void Life::begin_moment(std::uint64_t number) {
  moment_ = number;
  asked_.fill(0);
}

double Life::coin(Question question) { return demo::coin(town_, truth_.number, mix64(moment_, question), asked_[question]++); }

/// Never 0, which means "none given".
std::uint64_t Life::next_seed() { return mix64(mix64(town_.options.seed, truth_.number), mix64(moment_, asked_[seed_of_slate]++)) | 1; }

double Life::normal(Question question) {
  const double radius = std::sqrt(-2.0 * std::log(coin(question)));
  return radius * std::cos(6.283185307179586 * coin(question));
}

void Life::note(std::uint64_t what) { counts_.digest = mix64(counts_.digest, what); }

std::vector<Life::Moment> Life::plan(std::uint32_t day) {
  begin_moment(std::uint64_t{day} << 16);
  const UtcTime morning = town_.options.start + days(day);
  const auto at_some_time = [&](Question question, double from_hour, double to_hour) {
    return morning + Duration(std::llround((from_hour + (to_hour - from_hour) * coin(question)) * 3.6e6));
  };
  std::vector<Moment> moments;
  for (std::uint32_t i = count_of(truth_.visits_per_day, coin(visits_of_day)); i > 0; --i)
    moments.push_back({at_some_time(time_of_visit, 7, 22), MomentKind::visit, {}});
  for (std::uint32_t i = count_of(truth_.foreign_pages_per_day, coin(pages_of_day)); i > 0; --i)
    moments.push_back({at_some_time(time_of_page, 6, 23), MomentKind::foreign_page, {}});
  if (truth_.takes_mail && day % 7 == truth_.number % 7) moments.push_back({at_some_time(time_of_mail, 8, 8.5), MomentKind::mail, {}});
  for (const Moment& planned : to_come_)
    if (planned.at >= morning && planned.at < morning + days(1)) moments.push_back(planned);
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.at < b.at; });
  return moments;
}

void Life::live_day(std::uint32_t day) {
  ++counts_.days;
  const std::vector<Moment> moments = plan(day);
  UtcTime last{};
  for (const Moment& moment : moments) {
    begin_moment(moment_ + 1);
    if (moment.at < last) continue; // a visit is not over when the next thing comes: it is missed
    deliver_until(moment.at);
    switch (moment.kind) {
    case MomentKind::visit: visit(moment.at); last = moment.at + minutes(40); break;
    case MomentKind::foreign_page: meet_on_foreign_page(moment.at); break;
    case MomentKind::mail: read_mail(moment.at); break;
    case MomentKind::case_opened:
    case MomentKind::case_closed: tell_case(moment); break;
    }
  }
}

void Life::finish() { deliver_until(UtcTime::max()); }

void Life::deliver_until(UtcTime at) {
  while (!under_way_.empty() && under_way_.begin()->first <= at) {
    auto first = under_way_.extract(under_way_.begin());
    marketer_.hear(first.mapped());
  }
}

EventItem Life::named(std::size_t item) const {
  EventItem named;
  named.id = town_.items[item].id.text();
  return named;
}

Event Life::event_of(const Visit& visit, EventName name, std::string_view channel) const {
  Event event;
  event.name = name;
  event.name_text = text_of(name);
  event.anonymous_id = visit.device->anonymous_id;
  if (signed_in_.contains(visit.device)) event.user_id = truth_.user_id;
  event.channel = channel;
  event.device = visit.device->is_phone ? takt::Device::phone : takt::Device::desktop;
  event.occurred_at = visit.at + visit.device->clock_error;
  event.received_at = visit.at;
  return event;
}

/// Now, or with everything else of this visit once the phone is back; and now and then once more.
void Life::tell(const Visit& visit, Event event) {
  event.message_id = "m-" + std::to_string(truth_.number) + "-" + std::to_string(++messages_);
  event.raw = raw_json(event); // the journal keeps it
  ++counts_.events;
  note(hash64(event.message_id, static_cast<std::uint64_t>(event.name)));
  if (!event.items.empty()) note(hash64(event.items.front().id, static_cast<std::uint64_t>(ms_of(event.occurred_at))));
  const bool comes_twice = town_.options.has_faults && coin(repeats_event) < 0.02;
  if (visit.back_online) event.received_at = *visit.back_online + Duration(static_cast<std::int64_t>(coin(shuffles_event) * 60'000));
  if (comes_twice) {
    Event again = event;
    again.received_at += Duration(static_cast<std::int64_t>(coin(shuffles_event) * 7'200'000));
    under_way_.emplace(again.received_at, std::move(again));
    ++counts_.repeated_events;
  }
  if (!visit.back_online) {
    deliver_until(event.received_at);
    marketer_.hear(event);
    return;
  }
  ++counts_.late_events;
  under_way_.emplace(event.received_at, std::move(event));
}

void Life::renew_need(UtcTime at) {
  if (need_ && at < need_until_) return;
  need_.reset();
  if (coin(new_need) >= 0.5) return;
  const std::size_t leaf = truth_.favourite_leaves[static_cast<std::size_t>(coin(which_need) * static_cast<double>(truth_.favourite_leaves.size()))];
  const double lasting = 3 + 7 * coin(need_lasts);
  if (const auto bought = bought_leaves_.find(leaf); bought != bought_leaves_.end() && at < bought->second + town_.repurchase[leaf]) return;
  need_ = leaf;
  need_until_ = at + Duration(static_cast<std::int64_t>(lasting * 86'400'000));
}

void Life::visit(UtcTime at) {
  Visit visit;
  visit.device = &truth_.devices[static_cast<std::size_t>(coin(which_device) * static_cast<double>(truth_.devices.size()))];
  visit.at = at;
  if (coin(goes_offline) < visit.device->offline_chance) visit.back_online = at + minutes(30) + Duration(static_cast<std::int64_t>(coin(back_after) * 36 * 3.6e6));
  if (!truth_.user_id.empty() && !signed_in_.contains(visit.device) && coin(signs_in) < 0.5) sign_in(visit);
  renew_need(at);
  show(visit, visit.device->channel == "app" ? "app.home" : "home.hero", visit.device->channel, {});
  if (truth_.browses) browse(visit);
}

void Life::sign_in(const Visit& visit) {
  Event event = event_of(visit, EventName::other, visit.device->channel);
  event.type = EventType::identify;
  event.user_id = truth_.user_id;
  if (signed_in_.empty()) event.consents.push_back({Purpose::marketing, "email", truth_.takes_mail});
  tell(visit, std::move(event));
  signed_in_.insert(visit.device);
}

std::size_t Life::draw_organic_product(UtcTime at) {
  std::size_t leaf = truth_.favourite_leaves[static_cast<std::size_t>(coin(which_leaf) * static_cast<double>(truth_.favourite_leaves.size()))];
  if (need_ && at < need_until_) leaf = *need_;
  const Leaf& shelf = town_.catalogue.leaves[leaf];
  std::size_t best = shelf.products.front();
  double most = -2;
  for (int glance = 0; glance < 4; ++glance) { // a list is looked through, the best of it is opened
    const double point = coin(which_product) * shelf.popularity_up_to.back();
    const auto found = std::lower_bound(shelf.popularity_up_to.begin(), shelf.popularity_up_to.end(), point);
    const std::size_t product = shelf.products[static_cast<std::size_t>(found - shelf.popularity_up_to.begin())];
    if (const double taste = cosine(truth_.taste, town_.tastes[product]); taste > most) {
      most = taste;
      best = product;
    }
  }
  return best;
}

void Life::browse(Visit& visit) {
  const auto looks = static_cast<std::uint32_t>(coin(looks_count) * 2.5); // none to two
  for (std::uint32_t i = 0; i < looks; ++i) {
    visit.at += minutes(2);
    const std::size_t item = variant_of(draw_organic_product(visit.at));
    look_closely(visit, item, false);
    if (visit.device->channel == "web" && coin(asks_for_similar) < 0.3) show(visit, "product.similar", "web", {item});
  }
}

void Life::look(UtcTime at, std::size_t item, std::uint32_t dwell_ms, bool is_accident) {
  Visit visit{&truth_.devices.front(), at, std::nullopt};
  if (!truth_.user_id.empty() && !signed_in_.contains(visit.device)) sign_in(visit);
  Event event = event_of(visit, EventName::product_viewed, visit.device->channel);
  event.items.push_back(named(item));
  event.dwell_ms = dwell_ms;
  tell(visit, std::move(event));
  if (!is_accident) {
    meant_.insert(thing_of(item));
    return;
  }
  touched_by_accident_.insert(thing_of(item));
  secrets_.accidents.push_back("m-" + std::to_string(truth_.number) + "-" + std::to_string(messages_));
}

void Life::meet_on_foreign_page(UtcTime at) {
  Visit visit{&truth_.devices.front(), at, std::nullopt};
  show(visit, "partner.page", "display", {});
}

void Life::tell_case(const Moment& moment) {
  Visit visit{&truth_.devices.front(), moment.at, std::nullopt};
  const bool opens = moment.kind == MomentKind::case_opened;
  Event event = event_of(visit, opens ? EventName::case_opened : EventName::case_closed, "phone");
  event.occurred_at = moment.at; // a clerk's clock
  event.case_id = moment.text;
  if (opens) ++counts_.complaints;
  tell(visit, std::move(event));
}

} // namespace takt::demo
