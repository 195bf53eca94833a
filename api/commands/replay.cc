#include "api/commands/command.h"
#include "api/what_if.h"
#include "api/workers.h"
#include "engine/history.h"
#include "engine/what_if/bars.h"

#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

struct Options { std::string policy, from, to, plot; double sample = 1; std::size_t threads = workers_count; };

Result<ReplayOptions> range_of(const Options& options) {
  ReplayOptions range;
  range.sample = options.sample;
  if (!options.from.empty()) {
    TAKT_TRY(from, parse_utc(options.from));
    range.from = from;
  }
  if (!options.to.empty()) {
    TAKT_TRY(to, parse_utc(options.to));
    range.to = to;
  }
  return range;
}

void write_table(Terminal& terminal, const nlohmann::json& counts) {
  const auto line = [&](const char* key, const char* text) { terminal.out(fmt::format("{:>10}  {}\n", counts[key].get<std::uint64_t>(), text)); };
  std::uint64_t not_held = 0;
  for (const auto& version : counts["not_held"]) not_held += version["decisions"].get<std::uint64_t>();
  line("decisions", "decisions");
  line("reproduced", "reproduced, bit for bit");
  line("differ", "differ");
  for (const auto& different : counts["first_different"])
    terminal.out(fmt::format("{:>12}{}: {}\n", "", different["decision_id"].get<std::string>(), different["what"].get<std::string>()));
  terminal.out(fmt::format("{:>10}  made with what is no longer held\n", not_held));
  for (const auto& version : counts["not_held"])
    terminal.out(fmt::format("{:>12}{}: {}\n", "", version["name"].get<std::string>(), version["decisions"].get<std::uint64_t>()));
  line("without_record", "older than the journal of their customer");
  terminal.out(fmt::format("{:>10.1f}  seconds\n", counts["seconds"].get<double>()));
}

int run(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto range = range_of(options);
  if (!range) {
    report_error(terminal, common, range.error());
    return 2;
  }
  Result<std::string> counted = [&] {
    ProgressLine line(terminal);
    range->progress = [&](std::size_t decisions) {
      if (decisions % 256 == 0) line.show(fmt::format("{} decisions", decisions));
    };
    return app.replay(*range);
  }();
  if (!counted) return report_error(terminal, common, counted.error());
  const auto counts = nlohmann::json::parse(*counted);
  if (common.json) terminal.out(*counted + "\n");
  else write_table(terminal, counts);
  return counts["differ"] == 0 ? 0 : 1;
}

Status write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return fail(ErrorCode::unavailable, "cannot write " + path);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written) return fail(ErrorCode::unavailable, "cannot write " + path + ": is the disk full?");
  return {};
}

Result<what_if::Report> lived_again(App& app, Terminal& terminal, const Options& options, const ReplayOptions& range) {
  TAKT_TRY(path, terminal.input_file(options.policy, app.config().data_dir + "/spool"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::not_found, "cannot read " + options.policy);
  const std::string policy{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  what_if::Options asked;
  asked.range = {range.from, range.to};
  asked.sample = range.sample;
  asked.threads = options.threads;
  ProgressLine line(terminal);
  asked.progress = [&](std::uint64_t customers, std::uint64_t of, std::uint64_t decisions) { line.show(fmt::format("{} of {} customers, {} decisions", customers, of, decisions)); };
  return what_if_of(app, policy, asked);
}

int run_what_if(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  const auto range = range_of(options);
  if (!range) {
    report_error(terminal, common, range.error());
    return 2;
  }
  const SteadyTime begin = app.clock().steady_now();
  const auto report = lived_again(app, terminal, options, *range);
  if (!report) return report_error(terminal, common, report.error());
  const double seconds = std::chrono::duration<double>(app.clock().steady_now() - begin).count();
  if (!options.plot.empty())
    if (auto written = write_file(options.plot, what_if::histogram_svg(report->figures)); !written) return report_error(terminal, common, written.error());
  const SymbolTable& symbols = app.store().symbols();
  terminal.out(common.json ? what_if_json(*report, symbols, seconds) + "\n" : what_if_text(*report, symbols, seconds));
  return 0;
}

} // namespace

void add_replay(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("replay", "make every logged decision again and compare, bit for bit; with --policy: what would have happened under that one?");
  command->add_option("--policy", options->policy, "what if this policy had been in force: a file, - for the input");
  command->add_option("--from", options->from, "RFC 3339: decisions from then on");
  command->add_option("--to", options->to, "RFC 3339: decisions before then");
  command->add_option("--sample", options->sample, "share of the customers, 0 to 1")->check(CLI::Range(0.0, 1.0));
  command->add_option("--threads", options->threads, "with --policy: workers; the report is the same with any number")->check(CLI::Range(1, 64));
  command->add_option("--plot", options->plot, "with --policy: where the picture of the histogram goes");
  command->callback([&invocation, options] {
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) {
      return options->policy.empty() ? run(app, terminal, common, *options) : run_what_if(app, terminal, common, *options);
    };
  });
}

} // namespace takt
