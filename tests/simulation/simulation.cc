// Lives months, one per seed, and lets every checker judge each. Prints the first findings and the seed that shows them again.
// usage: simulation [--seed N] [--seeds COUNT] [--customers N] [--no-faults] [--quiet]      exit: 0 nothing found, 1 something was
#include "tests/simulation/month.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
  using namespace takt::simulation;
  std::uint64_t first_seed = 1, seeds = 10;
  MonthOptions options;
  bool is_quiet = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0ULL; };
    if (name == "--seed") {
      first_seed = number();
      seeds = 1;
    } else if (name == "--seeds") seeds = number();
    else if (name == "--customers") options.customers = static_cast<std::uint32_t>(number());
    else if (name == "--no-faults") options.has_faults = false;
    else if (name == "--quiet") is_quiet = true;
    else {
      std::fprintf(stderr, "simulation: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    options.seed = seed;
    const Month month(options);
    Findings findings = check_everything(month.evidence());
    if (month.failures > 0) findings.push_back("doors: " + std::to_string(month.failures) + " questions or events came to nothing");
    if (!is_quiet || !findings.empty())
      std::printf("seed %llu: %llu decisions asked, %llu events, %llu conflicts, %llu unknown outcomes, %zu findings\n", static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(month.counts.opportunities), static_cast<unsigned long long>(month.counts.events),
                  static_cast<unsigned long long>(month.faults.conflicts), static_cast<unsigned long long>(month.faults.unknown_before + month.faults.unknown_after), findings.size());
    for (std::size_t i = 0; i < findings.size() && i < 10; ++i) std::printf("  %s\n", findings[i].c_str());
    if (!findings.empty()) {
      std::printf("again: simulation --seed %llu%s\n", static_cast<unsigned long long>(seed), options.has_faults ? "" : " --no-faults");
      return 1;
    }
  }
  return 0;
}
