#include "api/commands/command.h"
#include "api/commands/demo_closed_loop.h"
#include "api/demo/pink_pumps.h"
#include "api/demo/shop.h"
#include "api/json/writer.h"
#include "api/workers.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>

namespace takt {
namespace {

/// The file is the same on every machine; importing it with --shift-to-now makes its last event happen now.
constexpr std::int64_t demo_end_ms = 1'767'225'600'000;       // 2026-01-01T00:00:00Z

struct Options {
  DemoOptions shop;
  bool is_closed_loop = false;
};

Status write_file(const std::string& path, const DemoOptions& options) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return fail(ErrorCode::unavailable, "cannot write " + path);
  bool written = true;
  write_demo_shop(options, [&](std::string_view line) {
    written = written && std::fwrite(line.data(), 1, line.size(), file) == line.size() && std::fputc('\n', file) != EOF;
  });
  if (std::fclose(file) != 0 || !written) return fail(ErrorCode::unavailable, "cannot write " + path + ": is the disk full?");
  return {};
}

int run(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  if (app.world()->catalogue->size() > 0)
    return report_error(terminal, common, {ErrorCode::conflict, "the data directory has items already; the demo shop goes into an empty one"});
  if (options.is_closed_loop) return run_closed_loop(app, terminal, common, options.shop);
  const std::string spool = app.config().data_dir + "/spool", path = spool + "/demo.ndjson";
  std::error_code error;
  std::filesystem::create_directories(spool, error);
  DemoOptions shop = options.shop;
  shop.end = utc_from_ms(demo_end_ms);
  if (auto written = write_file(path, shop); !written) return report_error(terminal, common, written.error());
  ImportOptions import;
  import.source = "demo";
  import.shift_to_now = true;
  auto summary = [&] {
    ProgressLine line(terminal);
    import.progress = [&](std::uint64_t done, std::uint64_t total, std::uint64_t lines) {
      line.show(fmt::format("{} lines, {:.0f} %", lines, total == 0 ? 0.0 : 100.0 * static_cast<double>(done) / static_cast<double>(total)));
    };
    return app.import_file(path, import);
  }();
  std::filesystem::remove(path, error);
  if (!summary) return report_error(terminal, common, summary.error());
  if (common.json) {
    JsonWriter json;
    json.begin_object().field("accepted", summary->accepted).field("documents", summary->documents).field("rejected", summary->rejected);
    json.field("seconds", summary->seconds).end_object();
    terminal.out(json.take() + "\n");
  } else {
    terminal.out(fmt::format("demo shop: {} documents, {} events, {} rejected, {:.1f} s\n", summary->documents, summary->accepted, summary->rejected, summary->seconds));
  }
  return summary->rejected == 0 ? 0 : 1;
}

Status write_text(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return fail(ErrorCode::unavailable, "cannot write " + path);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written) return fail(ErrorCode::unavailable, "cannot write " + path + ": is the disk full?");
  return {};
}

struct PinkPumpsArguments {
  demo::PinkPumpsOptions story;
  std::string plot = "pink-pumps.svg";
};

int run_pink_pumps(Terminal& terminal, const CommonOptions& common, const PinkPumpsArguments& arguments) {
  const auto seconds_now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
  const demo::PinkPumps told = [&] {
    ProgressLine line(terminal);
    return demo::tell_pink_pumps(arguments.story, [&](double done, std::string_view what) { line.show(fmt::format("{:.0f} %, {}", 100 * done, what)); }, seconds_now);
  }();
  if (!arguments.plot.empty())
    if (auto written = write_text(arguments.plot, demo::pink_pumps_svg(told)); !written) return report_error(terminal, common, written.error());
  if (common.json) {
    terminal.out(demo::pink_pumps_json(told) + "\n");
    return 0;
  }
  terminal.out(demo::pink_pumps_text(told));
  if (!arguments.plot.empty()) terminal.out("plot: " + arguments.plot + "\n");
  return 0;
}

/// Needs no data directory: everybody in it is made up, and gone afterwards.
CLI::App* add_pink_pumps(CLI::App& demo_command, Invocation& invocation) {
  auto arguments = std::make_shared<PinkPumpsArguments>();
  arguments->story.threads = workers_count;
  CLI::App* command = demo_command.add_subcommand("pink-pumps", "one accidental tap, 28 days: retargeting beside Takt");
  command->add_option("--customers", arguments->story.customers, "simulated customers beside the one of the story")->check(CLI::Range(1, 1'000'000));
  command->add_option("--items", arguments->story.items, "item documents")->check(CLI::Range(200, 200'000));
  command->add_option("--days", arguments->story.days, "length of the month")->check(CLI::Range(1, 90));
  command->add_option("--seed", arguments->story.seed, "another seed, other people");
  command->add_option("--threads", arguments->story.threads, "workers; the answer is the same with any number")->check(CLI::Range(1, 64));
  command->add_option("--wear-out", arguments->story.beta_scale, "how fast people tire, 1 = as published, 0 = never")->check(CLI::Range(0.0, 5.0));
  command->add_option("--annoyance", arguments->story.annoyance_scale, "how soon people leave, 1 = as assumed, 0 = never")->check(CLI::Range(0.0, 20.0));
  command->add_option("--plot", arguments->plot, "where the plot goes (pink-pumps.svg); \"\" = none");
  command->callback([&invocation, arguments] {
    invocation.alone = [arguments, &common = invocation.common](const Config&, Terminal& terminal) { return run_pink_pumps(terminal, common, *arguments); };
  });
  return command;
}

} // namespace

void add_demo(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("demo", "a shop with a month of journeys, in an empty data directory");
  command->add_option("--items", options->shop.items, "item documents")->check(CLI::Range(200, 200'000));
  command->add_option("--customers", options->shop.customers, "customers, anna and ben among them")->check(CLI::Range(2, 1'000'000));
  command->add_option("--days", options->shop.days, "length of the journeys")->check(CLI::Range(14, 365));
  command->add_option("--seed", options->shop.seed, "another seed, another shop");
  command->add_flag("--closed-loop", options->is_closed_loop, "live the month with the engine's own decisions; the truth is written beside, truth.ndjson");
  const CLI::App* pink_pumps = add_pink_pumps(*command, invocation);
  command->callback([&invocation, options, pink_pumps] {
    if (pink_pumps->parsed()) return;
    invocation.bulk_load = true;
    invocation.makes_directory = true;
    invocation.fresh_is_simulation = true;
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common, *options); };
  });
}

} // namespace takt
