// Wear-out in public data: a curve that cannot be trusted is drawn and not served, and where contacts hardly tire nobody is said to.
// The files are not part of this tree: absent, the tests say so.
#include "api/line_reader.h"
#include "engine/train/fit_fatigue.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace takt {
namespace {

std::string shared_file(const std::string& name) {
  const char* shared = std::getenv("TAKT_SHARED");
  return std::string(shared && *shared ? shared : "../shared") + "/data/" + name;
}

/// Fields of each line but the head; none where the file is not there.
std::vector<std::vector<std::string>> table(const std::string& name, char separator) {
  auto lines = LineReader::open(shared_file(name));
  std::vector<std::vector<std::string>> rows;
  if (!lines) return rows;
  std::string line;
  for (bool is_head = true; lines->next(line).value_or(false); is_head = false) {
    if (is_head) continue;
    std::vector<std::string>& row = rows.emplace_back(1);
    for (const char c : line) {
      if (c == separator) row.emplace_back();
      else if (c != '"' && c != '\r') row.back() += c;
    }
  }
  return rows;
}

UtcTime day_of(const std::string& date) { return parse_utc(date + "T00:00:00Z").value_or(UtcTime{}); }

/// Each client was called `campaign` times, and at most the last call was a success.
TEST(FatigueInPublicData, BankCallsGiveACurveAndNoModel) {
  const auto clients = table("bank_marketing/bank-additional-full.csv.xz", ';');
  if (clients.empty()) GTEST_SKIP() << "bank_marketing is not below $TAKT_SHARED/data (docs/datasets.md says where to get it)";
  FatigueSights sights(1);
  std::map<std::uint32_t, std::pair<double, double>> plain; // calls before → calls, successes
  for (const auto& client : clients) {
    const int calls = std::atoi(client[11].c_str());
    FatigueStory story;
    for (int call = 0; call < calls; ++call) {
      const bool succeeds = call + 1 == calls && client.back() == "yes";
      story.exposures.push_back({UtcTime(days(call)), true, succeeds ? 1.0F : 0.0F, 0, 0, 0, {{0, 1}}, {{0, 1}}});
      auto& [all, successes] = plain[static_cast<std::uint32_t>(std::min(call, 12))];
      ++all;
      successes += succeeds ? 1 : 0;
    }
    sights.add(story);
  }
  const FatigueFit fit = fit_fatigue(sights);
  EXPECT_TRUE(fit.observational);
  EXPECT_EQ(fit.betas[0].value, 0.43);
  EXPECT_FALSE(fit.betas[0].learnt());
  ASSERT_EQ(fit.points.size(), plain.size());
  const double base = plain[0].second / plain[0].first;
  for (const FatiguePoint& point : fit.points) {
    const auto& [all, successes] = plain[point.exposures];
    EXPECT_NEAR(point.observed, successes / all / base, 1e-9);
    EXPECT_EQ(point.sights, all);
    std::printf("call %2u: %.3f of the first one's, [%.3f, %.3f], %.0f calls\n", point.exposures + 1, point.observed, point.low, point.high, point.sights);
  }
  EXPECT_LT(fit.points.back().high, fit.points.front().low); // the curve is there …
}

/// Households got mail of campaigns and redeemed coupons, or not. Nobody logged a chance; and taken as if it had been drawn, it shows no wear-out.
TEST(FatigueInPublicData, MailOfTheCompleteJourneyTiresNobody) {
  const auto mailed = table("complete_journey/campaigns.csv.xz", ','), campaigns = table("complete_journey/campaign_descriptions.csv.xz", ','),
             redeemed = table("complete_journey/coupon_redemptions.csv.xz", ',');
  if (mailed.empty() || campaigns.empty() || redeemed.empty()) GTEST_SKIP() << "complete_journey is not below $TAKT_SHARED/data (docs/datasets.md says where to get it)";
  std::map<std::string, UtcTime> start;
  for (const auto& campaign : campaigns) start[campaign[0]] = day_of(campaign[2]);
  std::set<std::pair<std::string, std::string>> responses;
  for (const auto& one : redeemed) responses.insert({one[0], one[2]});
  std::map<std::string, std::pair<double, double>> by_campaign;
  std::map<std::string, std::vector<std::pair<UtcTime, std::string>>> households;
  for (const auto& one : mailed) {
    if (!start.contains(one[0])) continue;
    households[one[1]].push_back({start[one[0]], one[0]});
    ++by_campaign[one[0]].first;
    by_campaign[one[0]].second += static_cast<double>(responses.count({one[1], one[0]}));
  }
  for (const float chance : {0.0F, 0.5F}) {
    FatigueSights sights(1);
    for (auto& [household, letters] : households) {
      std::sort(letters.begin(), letters.end());
      FatigueStory story;
      for (const auto& [at, campaign] : letters) {
        const bool responds = responses.contains({household, campaign});
        const auto& [sent, answered] = by_campaign[campaign];
        if (responds) story.clicks.push_back({at, story.exposures.size()});
        story.exposures.push_back({at, true, responds ? 1.0F : 0.0F, chance, static_cast<float>(std::log((answered + 0.5) / (sent + 1))), 0, {{0, 1}}, {{0, 1}}});
      }
      sights.add(story);
    }
    const FatigueFit fit = fit_fatigue(sights);
    const FatigueEstimate& beta = fit.betas[0];
    std::printf("chance %.1f: %s, beta %.3f [%.3f, %.3f], %.0f responses of %lu\n", static_cast<double>(chance), beta.learnt() ? "learnt" : std::string(to_text(beta.doubts[0])).c_str(), beta.value, beta.low,
                beta.high, fit.responses, static_cast<unsigned long>(fit.sights));
    EXPECT_FALSE(fit.half_life_doubts.empty());
    EXPECT_EQ(fit.half_life, days(7));
    EXPECT_EQ(fit.observational, chance == 0);
    EXPECT_LE(beta.low, 0);                            // nothing says that they tire
    EXPECT_TRUE(!beta.learnt() || beta.value < 0.1);
  }
}

} // namespace
} // namespace takt
