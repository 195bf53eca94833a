// What-if beside the truth: drafts of the demo town, foretold from its log and then lived. Prints a line per draft and a summary.
// usage: what_if_truth [--drafts=N | --looser=1] [--customers=N] [--days=N] [--seed=N] [--threads=N]
// --looser=1: the log is of a tight cap, the drafts of looser ones.
#include "tests/simulation/what_if_truth.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace {

std::uint64_t number_of(int count, char** words, std::string_view name, std::uint64_t otherwise) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word.starts_with(name)) std::from_chars(word.data() + name.size(), word.data() + word.size(), otherwise);
  }
  return otherwise;
}

} // namespace

int main(int count, char** words) {
  takt::simulation::TruthOptions options;
  options.customers = static_cast<std::uint32_t>(number_of(count, words, "--customers=", options.customers));
  options.days = static_cast<std::uint32_t>(number_of(count, words, "--days=", options.days));
  options.seed = number_of(count, words, "--seed=", options.seed);
  options.threads = number_of(count, words, "--threads=", 2);
  std::vector<takt::simulation::TruthDraft> drafts;
  const bool is_looser = number_of(count, words, "--looser=", 0) != 0;
  if (is_looser) {
    options.change_policy = takt::simulation::at_most_ten_a_week;
    drafts = takt::simulation::looser_drafts();
  }
  for (std::uint64_t seed = 0; !is_looser && seed < number_of(count, words, "--drafts=", 50); ++seed) drafts.push_back(takt::simulation::draft_of(seed));
  std::printf("%-32s %8s %8s %8s %7s  %9s %-21s %9s %6s\n", "draft", "before", "foretold", "true", "error", "value", "", "true", "ESS");
  std::size_t told = 0, covered = 0, within = 0;
  double worst = 0;
  takt::simulation::foretell(options, drafts, [&](const takt::simulation::Foretold& one) {
    std::printf("%-32s %8.2f %8.2f %8.2f %6.2f%%  ", one.draft.c_str(), one.exposures_before, one.exposures_foretold, one.exposures_true, 100 * one.error());
    if (one.can_tell()) std::printf("%9.1f [%8.1f, %8.1f] %9.1f %6.0f %s\n", one.weighted.value.value, one.weighted.value.low, one.weighted.value.high, one.value_true,
                                    one.weighted.effective_sample, one.covers() ? "" : "MISSED");
    else std::printf("cannot know: %s\n", one.weighted.doubts.front().c_str());
    std::fflush(stdout);
    worst = std::max(worst, std::abs(one.error()));
    within += std::abs(one.error()) <= 0.02 ? 1 : 0;
    told += one.can_tell() ? 1 : 0;
    covered += one.can_tell() && one.covers() ? 1 : 0;
  });
  std::printf("exposures within 2 %%: %zu of %zu drafts, worst %.2f %%; value: told of %zu, interval covers %zu, cannot know %zu\n", within, drafts.size(), 100 * worst, told, covered,
              drafts.size() - told);
  return within == drafts.size() && 10 * covered >= 9 * told ? 0 : 1;
}
