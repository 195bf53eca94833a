// Who the customers of the demo shop are: drawn ones, and the two of the stories.
#include "api/demo/journeys.h"
#include "core/hash.h"

#include <algorithm>
#include <array>

namespace takt::demo {
namespace {

constexpr std::array home_zones{"Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London"};

Person draw_person(std::uint32_t number, const Catalogue& catalogue, Random& random) {
  Person person;
  person.user_id = "u-" + std::to_string(number);
  person.anonymous_id = "a-" + std::to_string(number);
  person.is_known = random.uniform() < 0.8;
  person.uses_app = random.uniform() < 0.4;
  person.uses_web = !person.uses_app || random.uniform() < 0.6;
  if (random.uniform() < 0.3) {
    person.zone = home_zones[random.below(home_zones.size())];
    person.locale = person.zone == "Europe/London" ? "en-GB" : "de-DE";
  }
  const std::size_t tastes = 1 + random.below(3);
  while (person.favourite_leaves.size() < tastes) {
    const std::size_t leaf = random.below(catalogue.leaves.size());
    if (std::find(person.favourite_leaves.begin(), person.favourite_leaves.end(), leaf) == person.favourite_leaves.end())
      person.favourite_leaves.push_back(leaf);
  }
  person.brand = random.below(brands_per_top);
  person.price_level = std::clamp(0.5 + 0.25 * bell(random), 0.0, 1.0);
  person.size = random.below(3);
  person.member_since_year = 2018 + static_cast<std::int64_t>(random.below(7));
  return person;
}

Person story_person(std::string name, std::vector<std::size_t> leaves) {
  Person person;
  person.user_id = name;
  person.anonymous_id = std::move(name) + "-browser";
  person.favourite_leaves = std::move(leaves);
  person.brand = 2;
  return person;
}

} // namespace

void Diary::live_as_anna() {
  const std::size_t shoes = person_.favourite_leaves[0], shirts = person_.favourite_leaves[1], coffee = person_.favourite_leaves[2];
  const auto days_ago = [&](std::int64_t n) { return options_.end - days(n) + hours(1); };

  Session first = new_session(days_ago(13), false);
  for (int i = 0; i < 4; ++i) view(first, draw_item(shoes), draw_dwell_ms(25'000, 30'000));
  sign_in_with(first.at, {});

  Session purchase = new_session(days_ago(9), false);
  const std::size_t wanted = draw_item(shoes);
  view(purchase, wanted, 61'000);
  view(purchase, draw_item(shirts), draw_dwell_ms(20'000, 20'000));
  track(purchase.at, "Product Added", "web", JsonObject().text("product_id", catalogue_.items[wanted].id).number("quantity", 1).done(), &purchase);
  order(purchase, {{wanted, 1}});

  Session kitchen = new_session(days_ago(5), false);
  for (int i = 0; i < 3; ++i) view(kitchen, draw_item(coffee), draw_dwell_ms(30'000, 30'000));

  Session last = new_session(days_ago(2), false);
  view(last, draw_item(shirts), draw_dwell_ms(20'000, 20'000));
  view(last, catalogue_.products.front().variants.front(), 400); // the pink pumps: 0.4 s, and back
  view(last, draw_item(shirts), draw_dwell_ms(20'000, 20'000));
  receive_mail();
}

void Diary::live_as_ben() {
  Session visit = new_session(options_.end - days(8), false);
  sign_in_with(visit.at, {});
  visit.at += seconds(10);
  const std::size_t wanted = draw_item(person_.favourite_leaves[0]);
  view(visit, wanted, 45'000);
  order(visit, {{wanted, 1}});
  // It never came. The case is open while the demo runs: selling on e-mail and the like waits, service does not.
  track(options_.end - hours(20), "Case Opened", "phone", JsonObject().text("case_id", "ben-c1").text("topic", "delivery").done());
}

std::vector<TimedLine> journey_of(std::uint32_t number, const Catalogue& catalogue, const DemoOptions& options) {
  Random random(mix64(options.seed, number));
  const auto leaves = [](std::initializer_list<std::string_view> paths) {
    std::vector<std::size_t> rows;
    for (const std::string_view path : paths) rows.push_back(leaf_at(path));
    return rows;
  };
  if (number == 0) {
    Diary diary(catalogue, options,
                story_person("anna", leaves({"Sport/Running/Running shoes", "Sport/Running/Running shirts", "Home/Kitchen/Coffee makers"})), random);
    diary.live_as_anna();
    return diary.take();
  }
  if (number == 1) {
    Diary diary(catalogue, options, story_person("ben", leaves({"Electronics/Audio/Headphones"})), random);
    diary.live_as_ben();
    return diary.take();
  }
  Person person = draw_person(number, catalogue, random);
  Diary diary(catalogue, options, std::move(person), random);
  diary.live();
  return diary.take();
}

} // namespace takt::demo
