#include "api/commands/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

int run(App& app, Terminal& terminal, const CommonOptions& common, std::size_t threads) {
  Result<std::string> summary = [&] {
    ProgressLine line(terminal);
    return app.train([&](std::string_view step, double fraction) { line.show(fmt::format("{} {:.0f} %", step, 100 * fraction)); }, threads);
  }();
  if (!summary) return report_error(terminal, common, summary.error());
  if (common.json) {
    terminal.out(*summary + "\n");
    return 0;
  }
  const auto json = nlohmann::json::parse(*summary);
  terminal.out(fmt::format("{} from events of {} to {} in {:.1f} s\n", json["name"].get<std::string>(), json["trained_from"].get<std::string>(),
                           json["trained_until"].get<std::string>(), json["seconds"].get<double>()));
  if (!json["resumed"].empty())
    terminal.out(fmt::format("  went on with a training that was killed, as of {}: what came since is for the next one. Not computed again: {}\n", json["as_of"].get<std::string>(),
                             fmt::join(json["resumed"].get<std::vector<std::string>>(), ", ")));
  for (const auto& part : json["artefacts"]) {
    const std::string recall = part["recall_at_100"].is_null() ? "" : fmt::format(", recall@100 {:.4f}", part["recall_at_100"].get<double>());
    terminal.out(fmt::format("  {:<18} {:>9} rows{}\n", part["name"].get<std::string>(), part["metrics"]["rows"].get<std::uint64_t>(), recall));
    for (const auto& note : part.value("notes", nlohmann::json::array())) terminal.out(fmt::format("    {}\n", note.get<std::string>()));
  }
  return 0;
}

} // namespace

void add_train(CLI::App& root, Invocation& invocation) {
  CLI::App* command = root.add_subcommand("train", "learn from the journal, check, publish; what a training that was killed within a day had finished is not computed again");
  auto threads = std::make_shared<std::size_t>(0);
  command->add_option("--threads", *threads, "of training; changes no result (all cores; beside a server all but one, and requests go first)")->check(CLI::Range(1, 64));
  command->callback([&invocation, threads] {
    invocation.work = [&common = invocation.common, threads](App& app, Terminal& terminal) { return run(app, terminal, common, *threads); };
  });
}

} // namespace takt
