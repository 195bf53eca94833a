#include "api/demo/marketer.h"

#include <algorithm>

namespace takt::demo {
namespace {

/// The usual membership of a retargeting list.
constexpr Duration remembered = days(30);

/// Best sellers beside each thing that was looked at.
constexpr std::size_t per_category_looked_at = 2;

template <class Value>
bool holds(const std::vector<Value>& list, const Value& value) { return std::find(list.begin(), list.end(), value) != list.end(); }

} // namespace

bool RetargetingMarketer::is_sellable(std::size_t item) const {
  const Item& offered = town_.catalogue.items[item];
  return offered.active && (!offered.stock || *offered.stock > 0);
}

void RetargetingMarketer::forget(std::size_t product) {
  std::erase_if(looks_, [&](const Look& look) { return look.product == product; });
}

void RetargetingMarketer::hear(const Event& event) {
  for (const ConsentChange& change : event.consents) {
    if (change.purpose != Purpose::marketing) continue;
    if (change.channel == "email") allows_mail_ = change.granted;
    if (!change.granted) refused_.push_back(change.channel);
  }
  for (const EventItem& named : event.items) {
    const auto row = town_.row_of.find(named.id);
    if (row == town_.row_of.end() || !town_.is_product(row->second)) continue;
    const std::size_t product = town_.product_of[row->second];
    if (event.name == EventName::product_viewed && !holds(bought_, product) && !holds(dismissed_, product)) {
      forget(product);
      looks_.push_back({product, row->second, event.received_at});
    }
    if (event.name == EventName::order_completed) bought_.push_back(product);
    if (event.name == EventName::promotion_dismissed) dismissed_.push_back(product);
    if (holds(bought_, product) || holds(dismissed_, product)) forget(product);
  }
}

Shown RetargetingMarketer::choose(const Opportunity& opportunity) {
  Shown shown;
  if (holds(refused_, std::string(opportunity.channel)) || (opportunity.channel == "email" && !allows_mail_)) return shown;
  std::erase_if(looks_, [&](const Look& look) { return look.at + remembered <= opportunity.at; });
  std::vector<std::size_t> taken;
  for (const std::size_t anchor : opportunity.anchors) taken.push_back(town_.product_of[anchor]);
  const std::uint32_t slots = town_.placement(opportunity.placement).slots;
  const auto offer = [&](std::size_t product, std::size_t item) {
    if (shown.items.size() >= slots || holds(taken, product) || !is_sellable(item)) return;
    taken.push_back(product);
    shown.items.push_back({item, static_cast<std::uint32_t>(shown.items.size() + 1)});
  };
  for (auto look = looks_.rbegin(); look != looks_.rend(); ++look) offer(look->product, look->item);
  const auto fill = [&](std::optional<std::size_t> leaf, std::size_t most) {
    for (const std::size_t product : town_.best_sellers) {
      if (shown.items.size() >= slots || most == 0) break;
      const Product& offered = town_.catalogue.products[product];
      if ((leaf && offered.leaf != *leaf) || holds(bought_, product) || holds(dismissed_, product) || holds(taken, product)) continue;
      offer(product, offered.variants.front());
      --most;
    }
  };
  const auto leaf_of = [&](std::size_t product) { return town_.catalogue.products[product].leaf; };
  for (const std::size_t anchor : opportunity.anchors) fill(leaf_of(town_.product_of[anchor]), slots);
  for (auto look = looks_.rbegin(); look != looks_.rend(); ++look) fill(leaf_of(look->product), per_category_looked_at);
  fill(std::nullopt, slots);
  return shown;
}

} // namespace takt::demo
