#include "api/commands/command.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

int run(App& app, Terminal& terminal, const CommonOptions& common) {
  Result<std::string> summary = [&] {
    ProgressLine line(terminal);
    return app.rebuild([&](std::size_t done, std::size_t total) { line.show(fmt::format("{} of {} customers", done, total)); });
  }();
  if (!summary) return report_error(terminal, common, summary.error());
  const auto json = nlohmann::json::parse(*summary);
  if (common.json) terminal.out(*summary + "\n");
  else terminal.out(fmt::format("{} customers folded again in {:.1f} s\n", json["customers"].get<std::uint64_t>(), json["seconds"].get<double>()));
  return 0;
}

int check(App& app, Terminal& terminal, const CommonOptions& common) {
  Result<std::string> checked = [&] {
    ProgressLine line(terminal);
    return app.check_records([&](std::size_t customers) {
      if (customers % 256 == 0) line.show(fmt::format("{} customers", customers));
    });
  }();
  if (!checked) return report_error(terminal, common, checked.error());
  const auto json = nlohmann::json::parse(*checked);
  if (common.json) {
    terminal.out(*checked + "\n");
  } else {
    terminal.out(fmt::format("{} customers, {} differ from their journal ({:.1f} s, digest {})\n", json["customers"].get<std::uint64_t>(), json["differ"].get<std::uint64_t>(),
                             json["seconds"].get<double>(), json["digest"].get<std::string>()));
    for (const auto& customer : json["first_different"]) terminal.out("  " + customer.get<std::string>() + "\n");
  }
  return json["differ"] == 0 ? 0 : 1;
}

} // namespace

void add_rebuild(CLI::App& root, Invocation& invocation) {
  auto checks_only = std::make_shared<bool>(false);
  CLI::App* command = root.add_subcommand("rebuild", "drop every snapshot and fold the journal again");
  command->add_flag("--check", *checks_only, "change nothing: is every record, byte for byte, what its journal says?");
  command->callback([&invocation, checks_only] {
    invocation.work = [checks_only, &common = invocation.common](App& app, Terminal& terminal) {
      return *checks_only ? check(app, terminal, common) : run(app, terminal, common);
    };
  });
}

} // namespace takt
