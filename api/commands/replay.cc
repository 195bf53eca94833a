#include "api/commands/command.h"
#include "engine/history.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

struct Options { std::string policy, from, to; double sample = 1; };

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

int run_what_if(Terminal& terminal, const CommonOptions& common) {
  return report_error(terminal, common, {ErrorCode::not_built, "takt replay --policy (what-if) is not built in this release (501)"});
}

} // namespace

void add_replay(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("replay", "make every logged decision again and compare, bit for bit");
  command->add_option("--policy", options->policy, "what if this policy had been in force (not built in this release)");
  command->add_option("--from", options->from, "RFC 3339: decisions from then on");
  command->add_option("--to", options->to, "RFC 3339: decisions before then");
  command->add_option("--sample", options->sample, "share of the customers, 0 to 1")->check(CLI::Range(0.0, 1.0));
  command->callback([&invocation, options] {
    const CommonOptions& common = invocation.common;
    // Refused here already: nothing is opened for it.
    if (!options->policy.empty()) invocation.alone = [&common](const Config&, Terminal& terminal) { return run_what_if(terminal, common); };
    else invocation.work = [options, &common](App& app, Terminal& terminal) { return run(app, terminal, common, *options); };
  });
}

} // namespace takt
