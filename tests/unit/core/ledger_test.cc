#include "tests/support/cap_builder.h"

#include <gtest/gtest.h>

namespace takt::tests {
namespace {

Entry granted(MarkList marks) {
  Entry entry;
  entry.granted_at = at(0);
  entry.show_by = at(10);
  entry.expires_at = at(15);
  entry.marks = std::move(marks);
  return entry;
}
Mark mark(MarkKind kind, UtcTime time) { return {kind, Symbol::none, time, 0}; }

TEST(Medium, IsKnownByTheChannelAndAScreenOtherwise) {
  EXPECT_EQ(medium_of("email"), Medium::message);
  EXPECT_EQ(medium_of("push"), Medium::message);
  EXPECT_EQ(medium_of("sms"), Medium::message);
  EXPECT_EQ(medium_of("phone"), Medium::human);
  EXPECT_EQ(medium_of("branch"), Medium::human);
  EXPECT_EQ(medium_of("web"), Medium::screen);
  EXPECT_EQ(medium_of("kiosk"), Medium::screen);
}

TEST(ShownAt, AScreenIsShownByViewClickOrDismissalNotByDelivery) {
  EXPECT_EQ(shown_at(granted({mark(MarkKind::delivered, at(1))}), Medium::screen), std::nullopt);
  EXPECT_EQ(shown_at(granted({mark(MarkKind::dismissed, at(2)), mark(MarkKind::viewed, at(3))}), Medium::screen), at(2));
  EXPECT_EQ(shown_at(granted({mark(MarkKind::clicked, at(3))}), Medium::screen), at(3));
}

TEST(ShownAt, AMessageIsShownByDeliveryOrClickAndAContactByItself) {
  EXPECT_EQ(shown_at(granted({mark(MarkKind::viewed, at(1)), mark(MarkKind::delivered, at(4))}), Medium::message), at(4));
  EXPECT_EQ(shown_at(granted({mark(MarkKind::contact, at(5))}), Medium::message), std::nullopt);
  EXPECT_EQ(shown_at(granted({mark(MarkKind::contact, at(5))}), Medium::human), at(5));
  Entry elsewhere = granted({mark(MarkKind::viewed, at(9))});
  elsewhere.origin = EntryOrigin::elsewhere;
  EXPECT_EQ(shown_at(elsewhere, Medium::screen), at(0));
}

TEST(State, FollowsFromMarksAndTimeAlone) {
  const Entry plain = granted({});
  EXPECT_EQ(state_of(plain, Medium::screen, at(15, -1)), EntryState::reserved);
  EXPECT_TRUE(is_live(plain, Medium::screen, at(15, -1)));
  EXPECT_EQ(state_of(plain, Medium::screen, at(15)), EntryState::expired);
  EXPECT_FALSE(is_live(plain, Medium::screen, at(15)));
  const Entry released = granted({mark(MarkKind::released, at(1))});
  EXPECT_EQ(state_of(released, Medium::screen, at(2)), EntryState::released);
  EXPECT_FALSE(is_live(released, Medium::screen, at(2)));
  const Entry shown_after_release = granted({mark(MarkKind::released, at(1)), mark(MarkKind::viewed, at(20))});
  EXPECT_EQ(state_of(shown_after_release, Medium::screen, at(30)), EntryState::shown);
}

TEST(Reshown, CountsViewsHalfAnHourAfterTheLastCountedOne) {
  const auto views = [](std::initializer_list<UtcTime> times) {
    MarkList marks;
    for (const UtcTime time : times) marks.push_back(mark(MarkKind::viewed, time));
    return granted(marks);
  };
  EXPECT_TRUE(reshown_at(views({at(1), at(5), at(31, -1)}), Medium::screen).empty());
  EXPECT_EQ(reshown_at(views({at(1), at(20), at(31)}), Medium::screen), std::vector{at(31)});
  EXPECT_EQ(reshown_at(views({at(1), at(31), at(60), at(61)}), Medium::screen), (std::vector{at(31), at(61)}));
  EXPECT_TRUE(reshown_at(views({at(1), at(500)}), Medium::message).empty());
}

TEST(Reshown, StartsFromTheFirstMarkThatShows) {
  const Entry entry = granted({mark(MarkKind::clicked, at(1)), mark(MarkKind::viewed, at(30)), mark(MarkKind::viewed, at(31))});
  EXPECT_EQ(reshown_at(entry, Medium::screen), std::vector{at(31)});
}

TEST(Labels, AreInternedOnce) {
  Ledger ledger;
  EXPECT_EQ(intern_labels(ledger, product(1)), 0U);
  EXPECT_EQ(intern_labels(ledger, product(2)), 1U);
  EXPECT_EQ(intern_labels(ledger, product(1)), 0U);
  EXPECT_EQ(ledger.label_sets.size(), 2U);
}

TEST(FindEntry, ByTheWholeId) {
  LedgerBuilder builder;
  builder.grant(product(1), 1, at(0));
  builder.grant(product(2), 1, at(0));
  const ExposureId second = builder.ledger.entries[1].id;
  EXPECT_EQ(find_entry(builder.ledger, second), &builder.ledger.entries[1]);
  EXPECT_EQ(find_entry(builder.ledger, {second.origin, 1, second.slot}), nullptr);
}

TEST(Selector, IsAndBetweenKeysAndOrWithin) {
  LabelSet labels = product(1);
  labels.tags = {sym(50), sym(51)};
  labels.category = {sym(60), sym(61)};
  Selector selector;
  EXPECT_TRUE(selector.selects_everything());
  EXPECT_TRUE(selector.selects(labels));
  selector.tags = {sym(49), sym(51)};
  selector.categories = {sym(60)};
  EXPECT_FALSE(selector.selects_everything());
  EXPECT_TRUE(selector.selects(labels));
  selector.brands = {sym(70)};
  EXPECT_FALSE(selector.selects(labels)) << "the item has no brand";
  selector.brands = std::vector<Symbol>{};
  EXPECT_FALSE(selector.selects(labels)) << "an empty list selects nothing";
}

} // namespace
} // namespace takt::tests
