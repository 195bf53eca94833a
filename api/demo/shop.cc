#include "api/demo/shop.h"

#include "api/demo/catalogue.h"
#include "api/demo/journeys.h"
#include "api/demo/json_object.h"
#include "core/check.h"
#include "core/hash.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

namespace takt {
namespace {

using demo::JsonObject;
using Texts = std::vector<std::string>;

constexpr std::uint32_t items_min = 200, customers_min = 2, days_min = 14;
constexpr std::uint64_t catalogue_stream = 0xca7a; // its own generator: customers change nothing in the catalogue

JsonObject placement(const char* id, const char* channel, std::int64_t slots, const char* mode) {
  JsonObject json;
  json.text("type", "placement").text("id", id).text("channel", channel).number("slots", slots).text("mode", mode);
  return json;
}

} // namespace

std::vector<std::string> demo::placement_lines(const demo::Catalogue& catalogue) {
  // Something that is always right when nothing can be computed: the best sellers of the first shelves.
  Texts fallback;
  for (std::size_t leaf = 0; leaf < 3; ++leaf)
    fallback.push_back(catalogue.items[catalogue.products[catalogue.leaves[leaf].products.back()].variants.front()].id);

  const Texts everything{"product", "offer", "service"}, products{"product"};
  const Texts personal{"taste", "session", "recently_viewed", "trending", "new", "popular", "pinned", "service"};
  JsonObject home = placement("home.hero", "web", 3, "promote");
  home.texts("kinds", everything).texts("sources", personal).texts("fields", Texts{"title", "url", "image", "price"}).text("contact_cost", "0.002");
  home.boolean("hold", false).text("reservation_ttl", "10m").text("deadline", "50ms").texts("fallback", fallback);
  JsonObject similar = placement("product.similar", "web", 6, "promote");
  similar.texts("kinds", products).texts("sources", Texts{"similar", "bought_together", "viewed_together"}).text("contact_cost", "0.001");
  JsonObject app = placement("app.home", "app", 4, "promote");
  app.texts("kinds", everything).texts("sources", personal).text("contact_cost", "0.002");
  JsonObject mail = placement("mail.weekly", "email", 6, "promote");
  mail.texts("kinds", everything).texts("sources", Texts{"taste", "trending", "new", "popular", "pinned", "service"}).text("contact_cost", "0.01");
  mail.boolean("hold", true).text("reservation_ttl", "48h").text("deadline", "200ms");
  JsonObject search = placement("search.results", "web", 20, "organic");
  search.texts("kinds", products);
  return {home.done(), similar.done(), app.done(), mail.done(), search.done()};
}

void write_demo_shop(const DemoOptions& options, const std::function<void(std::string_view line)>& sink) {
  TAKT_CHECK(options.items >= items_min && options.customers >= customers_min && options.days >= days_min, "see DemoOptions");
  Random random(mix64(options.seed, catalogue_stream));
  const demo::Catalogue catalogue = demo::make_catalogue(options, random);
  for (const std::string& line : demo::placement_lines(catalogue)) sink(line);
  for (const demo::Item& item : catalogue.items) sink(to_json(item));

  std::vector<demo::TimedLine> lines;
  for (std::uint32_t number = 0; number < options.customers; ++number) {
    std::vector<demo::TimedLine> journey = demo::journey_of(number, catalogue, options);
    std::move(journey.begin(), journey.end(), std::back_inserter(lines));
  }
  // Stable: at one instant the lower customer comes first, and one person's events stay in order.
  std::stable_sort(lines.begin(), lines.end(), [](const demo::TimedLine& a, const demo::TimedLine& b) { return a.at < b.at; });
  for (const demo::TimedLine& line : lines) sink(line.json);
}

} // namespace takt
