#include "api/demo/journeys.h"

#include <algorithm>
#include <cmath>

namespace takt::demo {
namespace {

// How people behave, in round numbers that give a shop's usual picture: a third of the sessions on the app, one view in twenty
// a slip of the finger, one session in eight an order, one order in fourteen sent back.
constexpr double accidental_share = 0.05;
constexpr double off_taste_share = 0.15;
constexpr double cart_share = 0.12;
constexpr double checkout_share = 0.45;
constexpr double refund_share = 0.07;
constexpr double companion_share = 0.35;

} // namespace

// ---- drawing

UtcTime Diary::moment_of_day(std::int64_t day, double hour_mean) {
  const double hour = std::clamp(hour_mean + 3.0 * bell(random_), 5.0, 23.4);
  return start() + days(day) + Duration{static_cast<std::int64_t>(hour * 3'600'000.0)};
}

std::size_t Diary::draw_leaf() {
  if (chance(off_taste_share)) return random_.below(catalogue_.leaves.size());
  // The first love gets half of the rest, and so on.
  for (const std::size_t leaf : person_.favourite_leaves)
    if (chance(0.5)) return leaf;
  return person_.favourite_leaves.front();
}

std::size_t Diary::variant_of(std::size_t product) const {
  const auto& variants = catalogue_.products[product].variants;
  return variants[person_.size % variants.size()];
}

std::size_t Diary::leaf_of(std::size_t item) const {
  const auto& path = catalogue_.items[item].category;
  return leaf_at(path[0] + "/" + path[1] + "/" + path[2]);
}

std::size_t Diary::draw_item(std::size_t leaf) {
  std::size_t product = draw_product(catalogue_, leaf, random_);
  // Tastes: the favourite brand and the usual price win over mere popularity, most of the time.
  for (int attempt = 0; attempt < 4; ++attempt) {
    const Product& seen = catalogue_.products[product];
    const double price_distance = std::abs(seen.price_level - person_.price_level);
    if (chance((seen.brand == person_.brand ? 1.0 : 0.35) * (1.0 - 0.8 * price_distance))) break;
    product = draw_product(catalogue_, leaf, random_);
  }
  return variant_of(product);
}

// ---- writing

void Diary::add(UtcTime at, JsonObject& event) {
  if (at < start() || at >= options_.end) return;
  event.text("messageId", person_.anonymous_id + "-" + std::to_string(messages_++)).text("timestamp", format_utc(at));
  lines_.push_back({at, event.done()});
}

void Diary::track(UtcTime at, std::string_view event, std::string_view channel, const std::string& properties, const Session* session) {
  JsonObject json;
  json.text("type", "track").text("event", event);
  if (is_signed_in_) json.text("userId", person_.user_id);
  if (!is_signed_in_ || session) json.text("anonymousId", person_.anonymous_id);
  JsonObject context;
  context.text("channel", channel);
  if (session) context.text("session_id", session->id).text("locale", person_.locale).text("timezone", person_.zone);
  json.raw("context", context.done()).raw("properties", properties);
  add(at, json);
}

Diary::Session Diary::new_session(UtcTime at, bool is_app) { return {at, person_.anonymous_id + "-s" + std::to_string(++sessions_), is_app}; }

std::string Diary::products_json(const std::vector<CartLine>& cart) const {
  std::string json = "[";
  for (const CartLine& line : cart) {
    const Item& item = catalogue_.items[line.item];
    json += json.size() > 1 ? "," : "";
    json += JsonObject().text("product_id", item.id).number("quantity", line.quantity).raw("price", price_text(item.price_cents)).done();
  }
  return json + "]";
}

void Diary::sign_in(UtcTime at) {
  if (is_signed_in_) return;
  Consents consents;
  const double draw = random_.uniform();
  consents.was_asked = draw < 0.9; // a fifth says no, a tenth was never asked
  consents.mail = draw < 0.7;
  consents.profile = !chance(0.04);
  sign_in_with(at, consents);
}

void Diary::sign_in_with(UtcTime at, const Consents& consents) {
  is_signed_in_ = true;
  reads_mail_ = consents.mail;
  JsonObject traits;
  traits.text("email", person_.user_id + "@customer.example").text("language", person_.locale.substr(0, 2));
  traits.number("member_since_year", person_.member_since_year).boolean("newsletter", reads_mail_);
  if (consents.was_asked) {
    JsonObject consent;
    consent.raw("marketing", JsonObject().boolean("email", consents.mail).boolean("push", person_.uses_app && consents.mail).done());
    if (!consents.profile) consent.boolean("profile", false);
    traits.raw("consent", consent.done());
  }
  JsonObject json;
  json.text("type", "identify").text("userId", person_.user_id).text("anonymousId", person_.anonymous_id);
  JsonObject context;
  context.text("channel", person_.uses_web ? "web" : "app").text("locale", person_.locale).text("timezone", person_.zone);
  json.raw("context", context.done()).raw("traits", traits.done());
  add(at, json);
}

std::int64_t Diary::draw_dwell_ms(std::int64_t least, std::uint64_t spread) { return least + static_cast<std::int64_t>(random_.below(spread)); }

void Diary::view(Session& session, std::size_t item, std::int64_t dwell_ms) {
  JsonObject properties;
  properties.text("product_id", catalogue_.items[item].id).number("dwell_ms", dwell_ms);
  track(session.at, "Product Viewed", session.is_app ? "app" : "web", properties.done(), &session);
  session.at += Duration{dwell_ms + 1'500};
}

void Diary::search_or_list(Session& session, std::size_t leaf) {
  const std::string_view channel = session.is_app ? "app" : "web";
  if (chance(0.15)) {
    track(session.at, "Products Searched", channel, JsonObject().text("query", catalogue_.leaves[leaf].noun).done(), &session);
  } else if (chance(0.35)) {
    std::string products = "[";
    for (int position = 1; position <= 4; ++position) {
      const std::size_t item = variant_of(draw_product(catalogue_, leaf, random_));
      products += (position > 1 ? "," : "") + JsonObject().text("product_id", catalogue_.items[item].id).number("position", position).done();
    }
    const Item& first = catalogue_.items[catalogue_.products[catalogue_.leaves[leaf].products.front()].variants.front()];
    JsonObject properties;
    properties.text("list_id", "category").text("category", first.category.back()).raw("products", products + "]");
    track(session.at, "Product List Viewed", channel, properties.done(), &session);
  }
  session.at += seconds(6);
}

void Diary::look_at_promotions(Session& session) {
  // The shop's own banners, from before Takt decided: exposures from elsewhere.
  const std::string_view channel = session.is_app ? "app" : "web";
  const std::string offer = catalogue_.items[catalogue_.offers[random_.below(catalogue_.offers.size())]].id;
  const std::string properties = JsonObject().text("item_id", offer).text("position", "hero").done();
  track(session.at, "Promotion Viewed", channel, properties, &session);
  session.at += seconds(4);
  if (chance(0.06)) {
    track(session.at, "Promotion Clicked", channel, properties, &session);
    session.at += seconds(2);
  }
}

void Diary::order(Session& session, const std::vector<CartLine>& cart) {
  const std::string order_id = person_.anonymous_id + "-o" + std::to_string(++orders_);
  session.at += seconds(90);
  JsonObject properties;
  properties.text("order_id", order_id).text("currency", "EUR").raw("products", products_json(cart));
  track(session.at, "Order Completed", session.is_app ? "app" : "web", properties.done(), &session);
}

void Diary::send_back(UtcTime at, const CartLine& line) {
  JsonObject properties;
  properties.text("order_id", person_.anonymous_id + "-o" + std::to_string(orders_)).text("currency", "EUR").raw("products", products_json({line}));
  track(at, "Order Refunded", "web", properties.done());
}

// ---- living

void Diary::browse(UtcTime at) {
  const bool is_app = person_.uses_app && (!person_.uses_web || chance(0.6));
  Session session = new_session(at, is_app);
  if (chance(0.35)) look_at_promotions(session);
  const std::size_t leaf = draw_leaf();
  search_or_list(session, leaf);

  std::vector<CartLine> cart;
  do {
    if (chance(accidental_share)) {
      // A thumb that slipped: any item at all, and back at once.
      const std::size_t any = variant_of(random_.below(catalogue_.products.size()));
      view(session, any, draw_dwell_ms(250, 1'100));
      continue;
    }
    const std::size_t item = draw_item(chance(0.8) ? leaf : draw_leaf());
    view(session, item, draw_dwell_ms(4'000, 56'000));
    if (!chance(cart_share)) continue;
    cart.push_back({item, 1});
    const std::string added_json = JsonObject().text("product_id", catalogue_.items[item].id).number("quantity", 1).done();
    track(session.at, "Product Added", is_app ? "app" : "web", added_json, &session);
    session.at += seconds(3);
    if (chance(companion_share)) {
      const std::size_t companion = draw_item(catalogue_.leaves[leaf_of(item)].companion);
      view(session, companion, draw_dwell_ms(8'000, 20'000));
      cart.push_back({companion, 1});
    }
    if (chance(0.1)) {
      track(session.at, "Product Removed", is_app ? "app" : "web", JsonObject().text("product_id", catalogue_.items[item].id).done(), &session);
      cart.erase(cart.begin());
    }
  } while (chance(0.78));

  if (!cart.empty() && chance(checkout_share)) {
    if (person_.is_known) sign_in(session.at + seconds(30));
    order(session, cart);
    if (chance(refund_share)) send_back(session.at + days(3 + static_cast<std::int64_t>(random_.below(8))), cart.front());
  }
}

void Diary::receive_mail() {
  // Newsletters of the old mail tool, Thursdays or so: one offer each.
  for (std::int64_t week = 0; reads_mail_ && week * 7 + 4 < static_cast<std::int64_t>(options_.days); ++week) {
    const UtcTime sent = start() + days(week * 7 + 4) + hours(8) + seconds(static_cast<std::int64_t>(random_.below(1'800)));
    const std::string offer = catalogue_.items[catalogue_.offers[static_cast<std::size_t>(week) % catalogue_.offers.size()]].id;
    const std::string properties = JsonObject().text("channel", "email").text("item_id", offer).done();
    if (chance(0.02)) {
      track(sent, "Message Bounced", "email", properties);
      continue;
    }
    track(sent, "Message Delivered", "email", properties);
    const UtcTime opened = sent + seconds(60 + static_cast<std::int64_t>(random_.below(40'000)));
    if (chance(0.4)) track(opened, "Message Opened", "email", properties);
    if (chance(0.07)) track(opened + seconds(20), "Message Clicked", "email", properties);
    if (chance(0.008)) {
      track(opened + seconds(40), "Unsubscribed", "email", JsonObject().text("channel", "email").done());
      reads_mail_ = false;
    }
  }
}

void Diary::talk_and_complain() {
  const auto some_day = [&] { return static_cast<std::int64_t>(random_.below(options_.days)); };
  if (chance(0.04)) {
    const char* channel = chance(0.5) ? "phone" : "branch";
    track(moment_of_day(some_day(), 13), "Contact Made", channel, JsonObject().text("channel", channel).done());
  }
  if (chance(0.03)) {
    const UtcTime opened = moment_of_day(some_day(), 11);
    const std::string properties =
        JsonObject().text("case_id", person_.anonymous_id + "-c1").text("topic", chance(0.6) ? "delivery" : "quality").done();
    track(opened, "Case Opened", "phone", properties);
    if (chance(0.7)) track(opened + hours(5 + static_cast<std::int64_t>(random_.below(120))), "Case Closed", "phone", properties);
  }
  if (chance(0.03)) {
    JsonObject properties;
    properties.number("score", static_cast<std::int64_t>(std::clamp(7.5 + 2.0 * bell(random_), 0.0, 10.0))).text("touchpoint", "delivery");
    track(moment_of_day(some_day(), 18), "Feedback Given", "web", properties.done());
  }
  if (chance(0.02)) consent_change(moment_of_day(some_day(), 20));
}

void Diary::consent_change(UtcTime at) {
  JsonObject json;
  json.text("type", "track")
      .text("event", "Segment Consent Preference Updated")
      .text("userId", person_.user_id)
      .text("anonymousId", person_.anonymous_id);
  const std::string preferences = JsonObject().boolean("Advertising", chance(0.3)).done();
  JsonObject context;
  context.text("channel", "web").raw("consent", JsonObject().raw("categoryPreferences", preferences).done());
  json.raw("context", context.done());
  json.raw("properties", "{}");
  add(at, json);
}

void Diary::live() {
  // Most people come twice a month, a few come daily.
  const double eagerness = random_.uniform();
  std::int64_t visits = 1 + static_cast<std::int64_t>(6.0 * eagerness * eagerness * eagerness * eagerness * 4.0);
  if (chance(0.5)) ++visits;
  std::vector<UtcTime> times;
  for (std::int64_t visit = 0; visit < visits; ++visit)
    times.push_back(moment_of_day(static_cast<std::int64_t>(random_.below(options_.days)), chance(0.3) ? 10.0 : 18.5));
  std::sort(times.begin(), times.end());

  // Half of those who have an account use it from the first visit on; the others browse first and sign in later.
  const bool signs_in_first = chance(0.5);
  for (std::size_t visit = 0; visit < times.size(); ++visit) {
    if (visit > 0 && times[visit] < times[visit - 1] + hours(2)) continue;
    if (person_.is_known && (signs_in_first || visit > 0)) sign_in(times[visit] - seconds(5));
    browse(times[visit]);
  }
  if (is_signed_in_) {
    receive_mail();
    talk_and_complain();
  }
}

} // namespace takt::demo
