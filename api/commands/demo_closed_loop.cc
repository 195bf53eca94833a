#include "api/commands/demo_closed_loop.h"

#include "api/demo/simulation.h"
#include "api/json/writer.h"
#include "api/workers.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>

namespace takt {
namespace {

constexpr std::uint64_t pilot_customers_min = 50, pilot_customers_max = 2000;

/// The truth, line by line. A disk that fills up is noticed at the end, before anything is called done.
class TruthFile {
public:
  explicit TruthFile(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "w")) {}
  ~TruthFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  TruthFile(const TruthFile&) = delete;
  TruthFile& operator=(const TruthFile&) = delete;

  void add(const std::string& line) {
    is_whole_ = is_whole_ && file_ != nullptr && std::fwrite(line.data(), 1, line.size(), file_) == line.size() && std::fputc('\n', file_) != EOF;
  }
  Status close() {
    const bool is_closed = file_ != nullptr && std::fclose(file_) == 0;
    file_ = nullptr;
    if (!is_whole_ || !is_closed) return fail(ErrorCode::unavailable, "cannot write " + path_ + ": is the disk full?");
    return {};
  }

private:
  std::string path_;
  std::FILE* file_;
  bool is_whole_ = true;
};

Status put_town(App& app, const demo::Town& town) {
  std::vector<ImportLine> lines;
  for (const Placement& placement : town.placements) lines.push_back({ImportLine::Kind::placement, std::nullopt, placement.id.text(), write_placement(placement)});
  for (const Item& item : town.items) lines.push_back({ImportLine::Kind::item, std::nullopt, item.id.text(), write_item(item)});
  Status refused;
  TAKT_TRY(count, app.put_documents(lines, false, [&](std::size_t, const Error& error) { refused = tl::unexpected(error); }));
  static_cast<void>(count);
  return refused;
}

demo::TownOptions town_options(const App& app, const DemoOptions& shop) {
  demo::TownOptions options;
  options.items = shop.items;
  options.seed = shop.seed;
  options.days = shop.days;
  options.start = std::chrono::floor<std::chrono::days>(app.clock().utc_now()) - days(shop.days);
  return options;
}

/// Others live the month before, and the models learn from them.
Status live_pilot(App& app, const demo::Town& town, std::uint64_t customers, ProgressLine& line) {
  const demo::Town before = demo::month_before(town);
  demo::PopulationOptions pilot;
  pilot.first_customer = demo::pilot_numbers;
  pilot.customers = std::clamp(customers / 4, pilot_customers_min, pilot_customers_max);
  pilot.threads = workers_count;
  pilot.has_end = false;
  pilot.progress = [&](std::uint64_t done) { line.show(fmt::format("pilot: {} customers", done)); };
  if (demo::live_population(before, pilot, demo::store_block(before, app.store(), app.world())).failures > 0)
    return fail(ErrorCode::unavailable, "the store did not take every event of the pilot");
  TAKT_TRY(trained, app.train([&](std::string_view step, double done) { line.show(fmt::format("training: {} {:.0f} %", step, 100 * done)); }));
  static_cast<void>(trained);
  return {};
}

struct Lived { demo::PopulationCounts counts; double seconds = 0; std::string truth_file; };

Result<Lived> live(App& app, Terminal& terminal, const DemoOptions& shop) {
  ProgressLine line(terminal);
  const demo::Town town = demo::make_town(town_options(app, shop));
  TAKT_TRY_VOID(put_town(app, town));
  TAKT_TRY_VOID(live_pilot(app, town, shop.customers, line));
  Lived lived;
  lived.truth_file = app.config().data_dir + "/truth.ndjson";
  TruthFile truth(lived.truth_file);
  for (std::size_t item = 0; item < town.items.size(); ++item) truth.add(truth_json(town, item));
  demo::PopulationOptions population;
  population.customers = shop.customers;
  population.threads = workers_count;
  population.on_life = [&](const demo::Life& life) { truth.add(truth_json(town, life)); };
  population.progress = [&](std::uint64_t done) { line.show(fmt::format("{} of {} customers", done, shop.customers)); };
  const SteadyTime begin = app.clock().steady_now();
  lived.counts = demo::live_population(town, population, demo::store_block(town, app.store(), app.world()));
  lived.seconds = std::chrono::duration<double>(app.clock().steady_now() - begin).count();
  TAKT_TRY_VOID(app.store().records().sync());
  TAKT_TRY_VOID(truth.close());
  if (lived.counts.failures > 0) return fail(ErrorCode::unavailable, fmt::format("the store did not take {} questions and events", lived.counts.failures));
  return lived;
}

} // namespace

int run_closed_loop(App& app, Terminal& terminal, const CommonOptions& common, const DemoOptions& shop) {
  const auto lived = live(app, terminal, shop);
  if (!lived) return report_error(terminal, common, lived.error());
  const demo::LifeCounts& counts = lived->counts.lives;
  const double per_second = lived->seconds > 0 ? static_cast<double>(counts.days) / lived->seconds : 0;
  if (common.json) {
    JsonWriter json;
    json.begin_object().field("customers", counts.customers).field("customer_days", counts.days).field("decisions", counts.opportunities);
    json.field("events", counts.events + counts.repeated_events).field("impressions", counts.impressions).field("clicks", counts.clicks);
    json.field("accidents", counts.accidents).field("purchases", counts.purchases).field("opt_outs", counts.opt_outs).field("truth", lived->truth_file);
    json.field("seconds", lived->seconds).field("customer_days_per_second", per_second).end_object();
    terminal.out(json.take() + "\n");
  } else {
    terminal.out(fmt::format("closed loop: {} customers, {} decisions, {} events, {} impressions, {} clicks and {} accidents, {} purchases; {:.0f} customer-days/s\n"
                             "truth: {}\n",
                             counts.customers, counts.opportunities, counts.events, counts.impressions, counts.clicks, counts.accidents, counts.purchases, per_second, lived->truth_file));
  }
  return 0;
}

} // namespace takt
