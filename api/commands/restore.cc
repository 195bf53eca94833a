#include "api/backup/restore.h"
#include "api/commands/command.h"
#include "api/forget.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string directory, backup;
  bool force = false;
};

int run(const Config& config, Terminal& terminal, const CommonOptions& common, const Options& options) {
  RestoreOrder order{options.directory, config.data_dir, options.backup, options.force, apply_erasure_notes, {}};
  auto restored = [&] {
    ProgressLine line(terminal);
    order.progress = [&](std::uint64_t done, std::uint64_t total) {
      line.show(fmt::format("{:.0f} of {:.0f} MB", static_cast<double>(done) * 1e-6, static_cast<double>(total) * 1e-6));
    };
    return restore_backup(order);
  }();
  if (!restored) return report_error(terminal, common, restored.error());
  const Backup& backup = restored->backup;
  if (common.json) {
    Json json{{"id", backup.id}, {"at", format_utc(backup.at)}, {"takt", backup.takt}, {"files", backup.files.size()}, {"bytes", backup.bytes}, {"erased", restored->erased}};
    json["set_aside"] = restored->set_aside.empty() ? Json(nullptr) : Json(restored->set_aside);
    terminal.out(json.dump() + "\n");
    return 0;
  }
  terminal.out(fmt::format("{} is as it was at {}\n", config.data_dir, format_utc(backup.at)));
  if (restored->erased > 0) terminal.out(fmt::format("{} people who were erased since stay erased\n", restored->erased));
  if (!restored->set_aside.empty()) terminal.out(fmt::format("what was there before is in {}\n", restored->set_aside));
  return 0;
}

} // namespace

void add_restore(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("restore", "make an empty data directory what it was when a backup was made");
  command->add_option("DIR", options->directory, "a directory of backups")->required();
  command->add_option("--backup", options->backup, "which one, as takt backup DIR --list names it (the newest)");
  command->add_flag("--force", options->force, "the data directory need not be empty: what is there is set aside");
  command->callback([&invocation, options] {
    invocation.alone = [options, &common = invocation.common](const Config& config, Terminal& terminal) { return run(config, terminal, common, *options); };
  });
}

} // namespace takt
