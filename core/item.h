#pragma once
/// Anything that can be chosen: product, offer, service, message. As configured; engine/catalogue.h compiles it for reading.
#include "core/condition.h"
#include "core/id.h"
#include "core/money.h"
#include "core/time.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace takt {

struct Item {
  ItemId id;
  std::string kind = "product";
  std::string group;                           ///< variants of one product; empty = the item itself
  std::string title;
  std::string url;
  std::string image;
  std::vector<std::string> category;           ///< one path from the root
  std::string brand;
  std::vector<std::string> tags;
  std::string campaign;
  std::string purpose = "marketing";
  std::optional<Money> price;
  std::optional<Money> list_price;
  std::optional<std::int64_t> value_micros;    ///< worth of one response, in the account's currency
  std::optional<std::int64_t> stock;           ///< none = unlimited
  bool active = true;
  std::optional<UtcTime> starts_at;
  std::optional<UtcTime> ends_at;
  std::vector<std::string> channels;           ///< empty = all
  std::vector<std::string> regions;
  std::optional<Condition> audience;           ///< whom it is for; none = everybody. A named audience is a condition of one node
  std::vector<std::string> aliases;            ///< other ids the same item is known by
  std::map<std::string, std::string> title_by_language;
  std::map<std::string, std::string> attributes_json;  ///< name → JSON scalar
  UtcTime added_at{};                          ///< first seen by Takt
  bool operator==(const Item&) const = default;
};

} // namespace takt
