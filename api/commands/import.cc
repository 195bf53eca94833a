#include "api/commands/command.h"
#include "api/json/writer.h"

#include <fmt/format.h>

namespace takt {
namespace {

struct Options {
  std::vector<std::string> files;
  ImportOptions import;
};

void add_to(ImportSummary& total, const ImportSummary& summary) {
  total.accepted += summary.accepted;
  total.duplicates += summary.duplicates;
  total.rejected += summary.rejected;
  total.documents += summary.documents;
  total.seconds += summary.seconds;
  for (const auto& [currency, events] : summary.prices_without_rate) total.prices_without_rate[currency] += events;
  if (total.rejects_file.empty()) total.rejects_file = summary.rejects_file;
}

std::string json_of(const ImportSummary& summary) {
  JsonWriter json;
  json.begin_object().field("accepted", summary.accepted).field("duplicates", summary.duplicates).field("rejected", summary.rejected);
  json.field("documents", summary.documents).field_or_null("rejects_file", summary.rejects_file).field("seconds", summary.seconds);
  json.field("events_per_second", summary.events_per_second());
  if (!summary.prices_without_rate.empty()) {
    json.key("prices_without_rate").begin_object();
    for (const auto& [currency, events] : summary.prices_without_rate) json.field(currency, events);
    json.end_object();
  }
  return json.end_object().take();
}

std::string progress_of(std::uint64_t done, std::uint64_t total, std::uint64_t lines) {
  const double share = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
  const auto filled = static_cast<std::size_t>(share * 30);
  return fmt::format("[{}{}] {:3.0f} %  {} lines", std::string(filled, '#'), std::string(30 - filled, '.'), 100 * share, lines);
}

int run(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  ImportSummary total;
  for (const std::string& file : options.files) {
    auto path = terminal.input_file(file, app.config().data_dir + "/spool");
    if (!path) return report_error(terminal, common, path.error());
    ProgressLine line(terminal);
    ImportOptions import = options.import;
    import.progress = [&](std::uint64_t done, std::uint64_t bytes, std::uint64_t lines) { line.show(progress_of(done, bytes, lines)); };
    auto summary = app.import_file(*path, import);
    if (file == "-") std::remove(path->c_str());
    if (!summary) return report_error(terminal, common, summary.error());
    add_to(total, *summary);
  }
  if (common.json) {
    terminal.out(json_of(total) + "\n");
    return 0;
  }
  terminal.out(fmt::format("{} events and {} documents taken, {} duplicates, {} rejected; {:.1f} s, {:.0f} events/s\n", total.accepted, total.documents,
                           total.duplicates, total.rejected, total.seconds, total.events_per_second()));
  for (const auto& [currency, events] : total.prices_without_rate)
    terminal.out(fmt::format("{} events have prices in {}, for which the configuration has no rate: they count without their prices\n", events, currency));
  if (!total.rejects_file.empty()) terminal.out("rejected lines and why: " + total.rejects_file + "\n");
  return 0;
}

} // namespace

void add_import(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("import", "events, items and placements from files (NDJSON or a Merchant feed)");
  command->add_option("files", options->files, "files; - is standard input; .gz, .xz and .zst are unpacked")->required();
  command->add_option("--format", options->import.format, "ndjson or google-merchant")->check(CLI::IsMember({"ndjson", "google-merchant"}));
  command->add_option("--source", options->import.source, "name of the source (import)");
  command->add_flag("--shift-to-now", options->import.shift_to_now, "move all times so that the newest event is now");
  command->callback([&invocation, options] {
    invocation.bulk_load = true;
    invocation.makes_directory = true;
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common, *options); };
  });
}

} // namespace takt
