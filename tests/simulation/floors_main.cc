// The floors of cold start as tables: floors [seeds [items [people]]]. What simulation/floors_test.cc asserts of small towns, of any.
#include "tests/simulation/floors.h"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace takt;
using namespace takt::simulation;

void print(const char* name, const Fit& fit) {
  std::printf("    %-28s taste %+.3f  click %.2f %%  worth per 1000 %.0f  (%llu showings, %llu empty)\n", name, fit.taste, 100 * fit.click, 1000 * fit.worth, static_cast<unsigned long long>(fit.showings),
              static_cast<unsigned long long>(fit.empty));
}

void print(const char* name, const Launch& launch) {
  std::printf("    %-28s share %.2f %%, %llu of %llu seen 50 times, click %.2f %% (all %.2f %%), worth per 1000 %.2f, month %.0f\n", name, 100 * launch.share(),
              static_cast<unsigned long long>(launch.launched_seen), static_cast<unsigned long long>(launch.launched), 100 * launch.launched_click_chance,
              100 * launch.click_chance, 1000 * launch.expected_worth / static_cast<double>(launch.impressions), launch.value);
}

std::uint64_t argument(int count, char** values, int place, std::uint64_t otherwise) { return place < count ? std::strtoull(values[place], nullptr, 10) : otherwise; }

} // namespace

int main(int count, char** values) {
  const std::uint64_t seeds = argument(count, values, 1, 3), people = argument(count, values, 3, 400);
  const auto items = static_cast<std::uint32_t>(argument(count, values, 2, 600));
  for (std::uint64_t seed = 7; seed < 7 + seeds; ++seed) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    for (const bool equal_worth : {true, false}) {
      std::printf("  unknown people%s\n", equal_worth ? ", everything worth the same" : "");
      const ColdCustomers cold = measure_cold_customers(seed, items, people, people, equal_worth);
      print("random", cold.random);
      print("popular", cold.popular);
      print("stranger", cold.stranger);
      print("stranger, nothing explored", cold.stranger_plain);
      print("after one look", cold.clicked);
      print("on a product's page", cold.anchored);
    }
    std::printf("  the first day\n");
    const DayOne day_one = measure_day_one(seed, items, people);
    print("random", day_one.random);
    print("shown", day_one.shown);
    print("on a product's page", day_one.on_page);
    std::printf("    %llu calls, %llu failures, %llu different products\n", static_cast<unsigned long long>(day_one.calls),
                static_cast<unsigned long long>(day_one.failures), static_cast<unsigned long long>(day_one.different));
    std::printf("  new products\n");
    print("off", measure_launch(seed, items, people, std::nullopt));
    for (const double strength : {0.0, 0.5, 1.0, 2.0}) {
      char name[32];
      std::snprintf(name, sizeof name, "on, strength %.1f", strength);
      print(name, measure_launch(seed, items, people, LaunchPolicy{200, days(14), strength}));
    }
    std::fflush(stdout);
  }
  return 0;
}
