#include "api/json/codecs.h"

namespace takt {

// What a shop can live with before anybody has written a rule: nobody is chased with one product, nobody is sold again what
// was just bought, nobody is sold anything by mail while a complaint is open, no phone buzzes at night, and outbound marketing needs a recorded yes.
std::string starter_policy_json() {
  return R"({
  "consent": {
    "map": {"Advertising": "marketing", "Analytics": "analytics", "Personalization": "profile"},
    "require": [{"purpose": "marketing", "channels": ["email", "push", "sms", "phone"]}],
    "profile": "opt_out"
  },
  "caps": [
    {"id": "same-item-weekly", "title": "The same item at most three times a week, four hours apart",
     "counts": "impression", "per": "item",
     "window": {"kind": "rolling", "length": "7d"}, "limit": 3, "min_gap": "4h"}
  ],
  "post_purchase": [{"per": "group", "pause": "30d"}],
  "gates": [
    {"id": "open-case", "fact": "case_open", "ttl": "30d", "cool_off": "2d",
     "match": {"purposes": ["marketing"], "channels": ["email", "push", "sms", "phone"]},
     "allow": {"kinds": ["service"]}}
  ],
  "quiet_hours": [
    {"id": "night", "match": {"channels": ["push"]}, "from": "21:00", "to": "08:00", "zone": "customer", "zone_missing": "default"}
  ],
  "arbitration": {"default_value": "1.00", "never_hold": ["service"]}
}
)";
}

std::vector<std::string> starter_placements_json() {
  return {
      R"({"type": "placement", "id": "home.hero", "channel": "web", "slots": 3,
  "sources": ["taste", "session", "trending", "new", "popular", "pinned", "service"]})",
      R"({"type": "placement", "id": "product.similar", "channel": "web", "slots": 6,
  "sources": ["similar", "viewed_together", "bought_together", "popular", "pinned"]})",
      R"({"type": "placement", "id": "mail.weekly", "channel": "email", "slots": 5, "contact_cost": "0.002",
  "sources": ["taste", "trending", "new", "popular", "pinned", "service"]})",
  };
}

} // namespace takt
