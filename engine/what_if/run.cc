#include "engine/what_if/what_if.h"

#include "engine/relevance/parallel.h"

#include <algorithm>

namespace takt::what_if {
namespace {

/// What the threads share out. Constant, so that sums are grouped alike whoever computes them; a round is what lies between two looks at the
/// limits, for the same reason.
constexpr std::size_t block_customers = 8, round_customers = 128;
/// Habits are rates of all slots of a placement: 500 people tell them to a per cent.
constexpr std::size_t habit_customers_max = 500;

bool is_cancelled(const Options& options) { return options.cancel && options.cancel->load(std::memory_order_relaxed); }

/// The sampled customers by their place: the first of them are a sample of all, too.
Result<std::vector<CustomerId>> customers_in_sample(Store& store, double sample, std::uint64_t& known) {
  std::vector<std::pair<double, CustomerId>> placed;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    ++known;
    if (const double place = sample_place_of(customer); place < sample) placed.emplace_back(place, customer);
    return true;
  }));
  std::sort(placed.begin(), placed.end());
  std::vector<CustomerId> customers;
  customers.reserve(placed.size());
  for (const auto& [place, customer] : placed) customers.push_back(customer);
  return customers;
}

Result<ViewHabits> habits_of(Store& store, std::span<const CustomerId> customers, const Policy& in_force, const Options& options) {
  ViewHabits habits;
  for (const CustomerId customer : customers.first(std::min(customers.size(), habit_customers_max))) {
    if (is_cancelled(options)) break;
    TAKT_TRY(record, store.records().read(customer, {}));
    TAKT_TRY(past, read_past(store, *record, options.range, in_force.consent, ReadDecisions::no));
    if (past.left_out == LeftOut::none) habits.note(past);
  }
  habits.finish();
  return habits;
}

Figures empty_figures(const Policy& in_force, const Policy& draft) {
  Figures figures;
  figures.yardsticks = yardsticks_of(in_force, false);
  for (Yardstick& yardstick : yardsticks_of(draft, true)) figures.yardsticks.push_back(std::move(yardstick));
  return figures;
}

/// One customer after the other, on whichever thread.
class Runner {
public:
  Runner(Store& store, DraftWorlds& worlds, const ViewHabits& habits, const Policy& in_force, const Options& options, const Clock& clock)
      : store_(store), worlds_(worlds), habits_(habits), in_force_(in_force), options_(options), simulation_{options.range, options.checked_share}, clock_(clock) {}

  Status add_to(Figures& figures, std::span<const CustomerId> customers) const {
    for (const CustomerId customer : customers) {
      if (is_cancelled(options_)) return {};
      TAKT_TRY(record, store_.records().read(customer, {}));
      TAKT_TRY(past, read_past(store_, *record, options_.range, in_force_.consent, ReadDecisions::yes));
      if (past.left_out != LeftOut::none) {
        ++figures.left_out[static_cast<std::size_t>(past.left_out)];
        continue;
      }
      TAKT_TRY(lived, simulate(past, customer, worlds_, habits_, simulation_, clock_));
      add(figures, lived);
    }
    return {};
  }

  /// Customers in blocks on all threads, joined in their order.
  Status add_round(Figures& figures, std::span<const CustomerId> customers, const Figures& empty) const {
    std::vector<Figures> of_block((customers.size() + block_customers - 1) / block_customers, empty);
    std::vector<Status> status(of_block.size());
    for_blocks(customers.size(), block_customers, options_.threads, [&](std::size_t, std::size_t begin, std::size_t end) {
      const std::size_t block = begin / block_customers;
      status[block] = add_to(of_block[block], customers.subspan(begin, end - begin));
    });
    for (std::size_t block = 0; block < of_block.size(); ++block) {
      TAKT_TRY_VOID(std::move(status[block]));
      join(figures, std::move(of_block[block]));
    }
    return {};
  }

private:
  Store& store_;
  DraftWorlds& worlds_;
  const ViewHabits& habits_;
  const Policy& in_force_;
  const Options& options_;
  SimulationOptions simulation_;
  const Clock& clock_;
};

Status check_options(const Options& options) {
  if (options.range.from >= options.range.to) return fail_at("/from", "must be before 'to': nothing lies between them");
  if (!(options.sample > 0 && options.sample <= 1)) return fail_at("/sample", "must be above 0 and at most 1: a share of the customers");
  return {};
}

Options without_functions(Options options) {
  options.progress = nullptr;
  options.cancel = nullptr;
  return options;
}

} // namespace

Result<Report> run(Store& store, const WorldOfVersions& world_of, const Policy& in_force, std::shared_ptr<const Policy> draft, const Options& options,
                   const Clock& clock) {
  TAKT_TRY_VOID(check_options(options));
  Report report;
  report.options = without_functions(options);
  TAKT_TRY(sampled, customers_in_sample(store, options.sample, report.customers_known));
  report.customers_sampled = sampled.size();
  const std::span<const CustomerId> customers = std::span<const CustomerId>(sampled).first(std::min(sampled.size(), options.customers_max));
  TAKT_TRY(habits, habits_of(store, customers, in_force, options));
  const Figures empty = empty_figures(in_force, *draft);
  report.figures = empty;
  DraftWorlds worlds(world_of, std::move(draft));
  const Runner runner(store, worlds, habits, in_force, options, clock);
  while (report.customers_read < customers.size() && !is_cancelled(options) && report.figures.decisions < options.decisions_max) {
    const std::size_t count = std::min<std::size_t>(round_customers, customers.size() - report.customers_read);
    TAKT_TRY_VOID(runner.add_round(report.figures, customers.subspan(report.customers_read, count), empty));
    report.customers_read += count;
    if (options.progress) options.progress(report.customers_read, customers.size(), report.figures.decisions);
  }
  report.is_cancelled = is_cancelled(options);
  report.is_cut_short = report.customers_read < report.customers_sampled;
  if (report.customers_known > 0) report.sampled = static_cast<double>(report.customers_read) / static_cast<double>(report.customers_known);
  tell_estimates(report);
  return report;
}

} // namespace takt::what_if
