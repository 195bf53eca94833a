// Seeded single-item events of about 300 bytes for the import benchmark: make_events COUNT CUSTOMERS ITEMS [EXPOSURES] > events.ndjson
// EXPOSURES: each customer has seen so many promotions besides, over 60 days, in visits of ten.
#include "core/random.h"
#include "core/time.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const std::uint64_t customers = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  const std::uint64_t items = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 20'000;
  takt::Random random(2026);
  const std::int64_t begin = 1'772'000'000'000, span = takt::days(30).count();
  const char* names[] = {"Product Viewed", "Product Viewed", "Product Viewed", "Product Clicked", "Product Added", "Promotion Viewed"};
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t at = begin + static_cast<std::int64_t>(static_cast<double>(span) * static_cast<double>(i) / static_cast<double>(count));
    const char* name = names[random.below(6)];
    const std::uint64_t item = random.below(items);
    std::printf("{\"type\":\"track\",\"event\":\"%s\",\"messageId\":\"bench-%llu-%llu\",\"userId\":\"u%llu\",\"timestamp\":\"%s\",\"context\":{\"library\":{\"name\":"
                "\"analytics.js\",\"version\":\"3.1.0\"},\"device\":{\"type\":\"mobile\"},\"locale\":\"de-DE\"},\"properties\":{\"product_id\":\"sku-%07llu\",\"price\":%.2f,\"currency\":\"EUR\",\"dwell_ms\":%llu}}\n",
                name, static_cast<unsigned long long>(i), static_cast<unsigned long long>(random.next() >> 40), static_cast<unsigned long long>(random.below(customers)),
                takt::format_utc(takt::utc_from_ms(at)).c_str(), static_cast<unsigned long long>(item), 5.0 + static_cast<double>(item % 200), static_cast<unsigned long long>(200 + random.below(60'000)));
  }
  const std::uint64_t exposures = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0;
  constexpr std::uint64_t per_visit = 10;
  for (std::uint64_t visit = 0; visit * per_visit < exposures; ++visit)
    for (std::uint64_t customer = 0; customer < customers; ++customer) {
      const std::int64_t at = begin - takt::days(30).count() + 2 * span * static_cast<std::int64_t>(visit * per_visit) / static_cast<std::int64_t>(exposures) +
                              static_cast<std::int64_t>(random.below(3'600'000));
      std::printf("{\"type\":\"track\",\"event\":\"Promotion Viewed\",\"messageId\":\"seen-%llu-%llu\",\"userId\":\"u%llu\",\"timestamp\":\"%s\",\"properties\":{\"channel\":\"web\",\"placement\":\"home.hero\",\"products\":[",
                  static_cast<unsigned long long>(customer), static_cast<unsigned long long>(visit), static_cast<unsigned long long>(customer), takt::format_utc(takt::utc_from_ms(at)).c_str());
      for (std::uint64_t n = 0; n < per_visit; ++n)
        std::printf("%s{\"product_id\":\"sku-%07llu\"}", n == 0 ? "" : ",", static_cast<unsigned long long>(random.below(items)));
      std::printf("]}}\n");
    }
  return 0;
}
