// The full bar of fatigue recovery: a million impressions with confounded targeting, β and half-life known. Prints one line per truth and exits 1
// where a bar is missed. usage: fatigue_recovery [--impressions N] [--base RATE] [--runs N] [--beta B --days D] [--none]
#include "engine/train/fit_fatigue.h"
#include "tests/simulation/fatigue_world.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace takt {
namespace {

struct Asked {
  std::size_t impressions = 1'000'000;
  double base = 0.2;
  std::size_t runs = 1;
  std::optional<double> beta, days_known;
  bool none = false;
};

double days_of(Duration length) { return static_cast<double>(length.count()) / static_cast<double>(days(1).count()); }

/// What one truth's runs found.
struct Tally {
  std::size_t runs = 0, covered = 0, told = 0, half_life_covered = 0;
  double worst_beta = 0, worst_half_life = 0, error = 0, bias = 0, width = 0;

  void add(const FatigueTruth& truth, const FatigueFit& fit) {
    const FatigueEstimate& beta = fit.betas.front();
    ++runs;
    covered += beta.low <= truth.beta && truth.beta <= beta.high ? 1 : 0;
    worst_beta = std::max(worst_beta, std::abs(beta.value - truth.beta));
    bias += beta.value - truth.beta;
    error += beta.error;
    width += beta.high - beta.low;
    if (!fit.half_life_doubts.empty()) return;
    ++told;
    half_life_covered += fit.half_life_low <= truth.half_life && truth.half_life <= fit.half_life_high ? 1 : 0;
    worst_half_life = std::max(worst_half_life, std::abs(days_of(fit.half_life) / days_of(truth.half_life) - 1));
  }
};

/// The bar: near where responses are many, honest where they are few.
bool is_met(const FatigueTruth& truth, const Tally& tally) {
  if (truth.beta == 0) return tally.told == 0 && tally.worst_beta <= 0.03;
  if (truth.base_rate >= 0.2) return tally.worst_beta <= 0.03 && (truth.beta < 0.43 || (tally.told == tally.runs && tally.worst_half_life <= 0.1));
  return static_cast<double>(tally.covered) >= 0.9 * static_cast<double>(tally.runs);
}

bool recover(const Asked& asked, double beta, double half_life_days) {
  Tally tally;
  FatigueTruth truth;
  truth.impressions = asked.impressions;
  truth.base_rate = asked.base;
  truth.beta = beta;
  truth.half_life = Duration(std::llround(half_life_days * static_cast<double>(days(1).count())));
  for (std::size_t run = 0; run < asked.runs; ++run) {
    truth.seed = 1 + run;
    tally.add(truth, fit_fatigue(make_fatigue_world(truth)));
  }
  const auto runs = static_cast<double>(tally.runs);
  const bool met = is_met(truth, tally);
  std::printf("base %.2f  beta %.2f  half-life %4.1f d  runs %zu | bias %+.4f  worst %.4f  error %.4f  interval %.3f  covered %zu | half-life told %zu  worst %.1f %%  covered %zu | %s\n", asked.base, beta,
              half_life_days, tally.runs, tally.bias / runs, tally.worst_beta, tally.error / runs, tally.width / runs, tally.covered, tally.told, 100 * tally.worst_half_life, tally.half_life_covered,
              met ? "met" : "MISSED");
  std::fflush(stdout);
  return met;
}

std::optional<Asked> parse(int count, char** arguments) {
  Asked asked;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (name == "--none") {
      asked.none = true;
      continue;
    }
    if (i + 1 >= count) return std::nullopt;
    const double value = std::atof(arguments[++i]);
    if (name == "--impressions") asked.impressions = static_cast<std::size_t>(value);
    else if (name == "--base") asked.base = value;
    else if (name == "--runs") asked.runs = static_cast<std::size_t>(value);
    else if (name == "--beta") asked.beta = value;
    else if (name == "--days") asked.days_known = value;
    else return std::nullopt;
  }
  return asked;
}

int run(const Asked& asked) {
  const std::vector<double> betas = asked.none ? std::vector<double>{0} : asked.beta ? std::vector<double>{*asked.beta} : std::vector<double>{0.2, 0.43, 0.8};
  const std::vector<double> half_lives = asked.none ? std::vector<double>{7} : asked.days_known ? std::vector<double>{*asked.days_known} : std::vector<double>{3, 7, 15};
  bool all_met = true;
  for (const double beta : betas)
    for (const double half_life : half_lives) all_met = recover(asked, beta, half_life) && all_met;
  return all_met ? 0 : 1;
}

} // namespace
} // namespace takt

int main(int count, char** arguments) {
  const auto asked = takt::parse(count, arguments);
  if (!asked) {
    std::fprintf(stderr, "usage: fatigue_recovery [--impressions N] [--base RATE] [--runs N] [--beta B] [--days D] [--none]\n");
    return 2;
  }
  return takt::run(*asked);
}
