// No family reads what happened after `now`: a model that learns from the future is wrong about the present. Each record is written as
// it was known at `now`, and again with events of later in it; a column that tells the two apart leaks. A family made to leak must be found.
#include "core/random.h"
#include "features/family/family.h"
#include "tests/support/builders.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace takt {
namespace {

using test::symbol;

/// What is not folded into a counter yet: journey, orders, exposures and marks that happen after `now`.
void add_future(CustomerRecord& record, UtcTime now, Random& random) {
  const auto later = [&] { return now + minutes(1) + Duration{static_cast<std::int64_t>(random.below(10ULL * 86'400'000))}; };
  for (int i = 0; i < 5; ++i) {
    JourneyEvent event;
    event.at = later();
    event.kind = i % 2 ? JourneyKind::click : JourneyKind::view;
    event.item = test::labels_of_item(static_cast<std::uint32_t>(1 + random.below(10))).item;
    event.category = symbol(501);
    event.brand = symbol(600);
    event.dwell_ms = 30'000;
    event.session = record.sessions.empty() ? 1 : record.sessions.back().ordinal;
    record.journey.push_back(event);
    record.orders.push_back({symbol(9000 + static_cast<std::uint32_t>(i)), later(), {{event.item, event.item, {symbol(500), symbol(501)}, 1, 70'000'000}}});
    Entry entry;
    entry.id = {{77}, static_cast<std::uint16_t>(i), 1};
    entry.origin = EntryOrigin::elsewhere;
    entry.granted_at = entry.show_by = entry.expires_at = later();
    entry.labels = intern_labels(record.ledger, test::labels_of_item(static_cast<std::uint32_t>(1 + random.below(10))));
    record.ledger.entries.push_back(std::move(entry));
  }
  for (Entry& entry : record.ledger.entries) // what is still reserved is seen one day
    if (!entry.is_elsewhere() && entry.marks.empty()) entry.marks = {{MarkKind::viewed, Symbol::none, later(), 0}};
}

std::vector<float> rows_of(const FeatureSet& features, const CustomerRecord& record, const SessionState& session, UtcTime now) {
  const CustomerFeatures customer = build_customer_features(record, session, now, true);
  std::vector<LabelSet> labels;
  for (std::uint32_t item = 1; item <= 10; ++item) labels.push_back(test::labels_of_item(item));
  std::vector<ItemFeatures> items;
  for (const LabelSet& one : labels) {
    ItemFeatures item;
    item.item = one.item;
    item.group = one.group;
    item.brand = one.brand;
    item.category = one.category;
    item.price = 50;
    items.push_back(item);
  }
  std::vector<float> rows(items.size() * features.schema().columns.size());
  features.write({customer, record, session, now, symbol(800), {}}, items, rows);
  return rows;
}

/// Names of the columns that knew the future, over many lives.
std::vector<std::string> leaking_columns(const FeatureSet& features) {
  const auto& columns = features.schema().columns;
  std::vector<bool> leaks(columns.size(), false);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    const CustomerRecord then = test::random_journal(seed, 60, hours(8)).record();
    const UtcTime now = then.clock;
    CustomerRecord later = then;
    add_future(later, now, random);
    const std::vector<float> before = rows_of(features, then, then.session_state(), now), after = rows_of(features, later, then.session_state(), now);
    for (std::size_t i = 0; i < before.size(); ++i)
      if (before[i] != after[i]) leaks[i % columns.size()] = true;
  }
  std::vector<std::string> names;
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (leaks[c]) names.emplace_back(columns[c].name);
  return names;
}

constexpr FeatureColumn doctored_shared[] = {{"comes_back", "1 where the newest event is a view, whenever that is", "0 or 1"}};
constexpr FeatureColumn doctored_own[] = {{"will_be_bought", "1 where any order holds the item", "0 or 1"}};

FeatureFamily doctored() {
  return {.name = "doctored",
          .reads = Reads::profile,
          .shared = doctored_shared,
          .own = doctored_own,
          .write_shared = [](const FeatureContext& context, float* values) {
            values[0] = !context.profile.journey.empty() && context.profile.journey.back().kind == JourneyKind::view ? 1.0F : 0.0F;
          },
          .write_own = [](const FeatureContext& context, std::span<const ItemFeatures> items, OwnColumns out) {
            for (std::size_t i = 0; i < items.size(); ++i) {
              out.at(i, 0) = 0;
              for (const Order& order : context.profile.orders)
                for (const OrderLine& line : order.lines)
                  if (line.item == items[i].item) out.at(i, 0) = 1;
            }
          }};
}

TEST(FutureLeak, NoFamilyReadsWhatHappensLater) { EXPECT_EQ(leaking_columns(feature_set()), std::vector<std::string>{}); }

TEST(FutureLeak, AFamilyThatDoesIsNamed) {
  EXPECT_EQ(leaking_columns(FeatureSet({family::taste(), doctored(), family::frequency()})), (std::vector<std::string>{"comes_back", "will_be_bought"}));
}

} // namespace
} // namespace takt
