#include "core/reason.h"

#include "core/decision.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace takt {
namespace {

TEST(Reason, CodesAreThoseOfTheContractInOrder) {
  std::istringstream codes("capped gap fatigued post_purchase gated quiet_hours consent ineligible inactive out_of_schedule out_of_stock "
                           "placement_mismatch excluded filtered duplicate group_duplicate diversity holdout below_hold dismissed "
                           "budget_exhausted paused hidden outranked not_retrieved unknown_item anchor no_rate deadline_skipped contention "
                           "no_candidates store_unavailable bot calibration launch boosted pinned");
  std::string code;
  std::size_t count = 0;
  for (; codes >> code; ++count) EXPECT_EQ(to_text(static_cast<ReasonCode>(count)), code);
  EXPECT_EQ(count, reason_codes_count);
}

TEST(Reason, SourcesAreThoseOfTheContract) {
  std::istringstream sources("similar bought_together viewed_together taste session recently_viewed trending new popular pinned service list caller relevance launch");
  std::string source;
  std::size_t count = 0;
  for (; sources >> source; ++count) {
    EXPECT_EQ(to_text(static_cast<Source>(count)), source);
    EXPECT_EQ(parse_source(source), static_cast<Source>(count));
  }
  EXPECT_EQ(count, sources_count);
  EXPECT_EQ(parse_source("new_items"), std::nullopt);
}

TEST(Reason, StagesOutcomesAndHoldsHaveTheirNames) {
  EXPECT_EQ(to_text(Stage::profile), "profile");
  EXPECT_EQ(to_text(Stage::caps), "caps");
  EXPECT_EQ(to_text(Stage::log), "log");
  EXPECT_EQ(to_text(Outcome::defer), "defer");
  EXPECT_EQ(to_text(HoldKind::no_candidates), "no_candidates");
}

TEST(Reason, EveryCodeHasOneSentenceInTwoLanguages) {
  std::set<std::string> sentences;
  for (std::size_t i = 0; i < reason_codes_count; ++i) {
    Reason reason;
    reason.code = static_cast<ReasonCode>(i);
    for (const char* locale : {"en", "de"}) {
      const std::string text = describe(reason, locale);
      EXPECT_GT(text.size(), 10U);
      EXPECT_EQ(text.back(), '.');
      EXPECT_TRUE(sentences.insert(text).second) << text;
    }
  }
}

TEST(Reason, NamesRuleCountAndWhenItIsPossibleAgain) {
  Reason reason;
  reason.code = ReasonCode::capped;
  reason.rule = "same-item-weekly";
  reason.observed = 3;
  reason.limit = 3;
  reason.eligible_again = parse_utc("2026-03-05T09:12:00Z").value();
  EXPECT_EQ(describe(reason, "en-GB"),
            "The limit is reached (rule “same-item-weekly”): 3 of at most 3. Possible again from 2026-03-05 09:12 UTC.");
  EXPECT_EQ(describe(reason, "de-DE"),
            "Die Obergrenze ist erreicht (Regel „same-item-weekly“): 3 von höchstens 3. Wieder möglich ab 05.03.2026, 09:12 Uhr (UTC).");
  reason.provisional = true;
  EXPECT_NE(describe(reason, "en").find("may change"), std::string::npos);
}

TEST(Reason, NamesAFactor) {
  Reason reason;
  reason.code = ReasonCode::fatigued;
  reason.factor = 0.74;
  EXPECT_NE(describe(reason, "").find("factor 0.74"), std::string::npos);
  EXPECT_NE(describe(reason, "DE").find("Faktor 0,74"), std::string::npos);
}

TEST(Reason, OnlyGermanIsGerman) {
  for (const char* locale : {"de", "DE", "de-AT", "de_CH"}) EXPECT_EQ(describe(Because::popular, "", locale), "Gerade beliebt") << locale;
  for (const char* locale : {"", "d", "den", "en-DE", "fr"}) EXPECT_EQ(describe(Because::popular, "", locale), "Popular right now") << locale;
}

TEST(Because, HasACodeAndASentenceWithAndWithoutSubject) {
  EXPECT_EQ(to_text(Because::viewed), "because_viewed");
  EXPECT_EQ(to_text(Because::bought), "because_bought");
  EXPECT_EQ(to_text(Because::new_item), "because_new");
  EXPECT_EQ(describe(Because::viewed, "Pink pumps", "en"), "Because you looked at Pink pumps");
  EXPECT_EQ(describe(Because::viewed, "", "en"), "Because of what you looked at");
  for (int i = 0; i <= static_cast<int>(Because::picked); ++i)
    for (const char* subject : {"", "Pink pumps"})
      for (const char* locale : {"en", "de"}) EXPECT_FALSE(describe(static_cast<Because>(i), subject, locale).empty());
}

} // namespace
} // namespace takt
