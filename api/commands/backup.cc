#include "api/commands/command.h"
#include "api/upkeep.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string directory, every;
  std::size_t keep = 0;                        ///< 0 = as configured
  bool verify = false, list = false;
};

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) * 1e-6; }

std::string line_of(const Backup& backup) {
  return fmt::format("{}  {:>9.1f} MB, {:>9.1f} MB new, {} files, {:.1f} s\n", backup.id, megabytes(backup.bytes), megabytes(backup.bytes_added), backup.files.size(), backup.seconds);
}

Json json_of(const Backup& backup) {
  return {{"id", backup.id}, {"at", format_utc(backup.at)}, {"takt", backup.takt}, {"files", backup.files.size()}, {"bytes", backup.bytes}, {"bytes_added", backup.bytes_added}, {"seconds", backup.seconds}};
}

int list(const std::string& directory, Terminal& terminal, const CommonOptions& common) {
  auto folder = BackupFolder::open_to_read(directory);
  if (!folder) return report_error(terminal, common, folder.error());
  Json damaged = Json::array();
  auto backups = folder->backups([&](const Damage& damage) { damaged.push_back({{"id", damage.backup}, {"why", damage.why}}); });
  if (!backups) return report_error(terminal, common, backups.error());
  if (common.json) {
    Json data = Json::array();
    for (const Backup& backup : *backups) data.push_back(json_of(backup));
    terminal.out(Json{{"data", std::move(data)}, {"damaged", std::move(damaged)}}.dump() + "\n");
    return 0;
  }
  for (const Backup& backup : *backups) terminal.out(line_of(backup));
  for (const Json& one : damaged) terminal.out(fmt::format("{}  {}\n", one["id"].get<std::string>(), one["why"].get<std::string>()));
  return 0;
}

int verify(const std::string& directory, Terminal& terminal, const CommonOptions& common) {
  auto folder = BackupFolder::open_to_read(directory);
  if (!folder) return report_error(terminal, common, folder.error());
  auto verified = [&] {
    ProgressLine line(terminal);
    std::uint64_t done = 0;
    return folder->verify([&](std::uint64_t bytes) {
      done += bytes;
      line.show(fmt::format("{:.0f} MB read", megabytes(done)));
      return true;
    });
  }();
  if (!verified) return report_error(terminal, common, verified.error());
  if (common.json) {
    Json damaged = Json::array();
    for (const Damage& damage : verified->damages) damaged.push_back({{"backup", damage.backup}, {"path", damage.path}, {"why", damage.why}});
    terminal.out(Json{{"backups", verified->backups}, {"files", verified->files}, {"bytes", verified->bytes}, {"damaged", std::move(damaged)}}.dump() + "\n");
  } else {
    terminal.out(fmt::format("{} backups, {} files, {:.1f} MB: {} damaged\n", verified->backups, verified->files, megabytes(verified->bytes), verified->damages.size()));
    for (const Damage& damage : verified->damages) terminal.out(fmt::format("  {} {}: {}\n", damage.backup, damage.path, damage.why));
  }
  return verified->damages.empty() ? 0 : 1;
}

int run(App& app, Terminal& terminal, const CommonOptions& common, const Options& options, const std::string& directory) {
  BackupPlan plan{directory, {}, options.keep > 0 ? options.keep : app.config().upkeep.backup_keep};
  if (!options.every.empty()) {
    const auto every = parse_duration(options.every);
    if (!every || *every < std::chrono::seconds(1)) return report_error(terminal, common, {ErrorCode::invalid, "--every is a duration of a second at least, such as 5m", {}});
    if (!app.is_serving())
      return report_error(terminal, common, {ErrorCode::conflict, "--every is kept by a running server, and none runs on this data directory: start takt serve, or set backup_dir and backup_every for it", {}});
    plan.every = *every;
  }
  auto made = [&] {
    ProgressLine line(terminal);
    return app.upkeep().backups().make(plan.directory, plan.kept, [&](std::uint64_t done, std::uint64_t total) {
      line.show(fmt::format("{:.0f} of {:.0f} MB", megabytes(done), megabytes(total)));
      return true;
    });
  }();
  if (!made) return report_error(terminal, common, made.error());
  if (plan.every > Duration(0)) app.upkeep().backups().follow(plan);
  if (common.json) {
    Json json = json_of(made->backup);
    json["backups"] = made->kept;
    json["forgotten"] = made->forgotten;
    json["every"] = plan.every > Duration(0) ? Json(format_duration(plan.every)) : Json(nullptr);
    terminal.out(json.dump() + "\n");
    return 0;
  }
  terminal.out(line_of(made->backup));
  if (!made->forgotten.empty()) terminal.out(fmt::format("{} older ones forgotten, {} kept\n", made->forgotten.size(), made->kept));
  if (plan.every > Duration(0)) terminal.out(fmt::format("the server makes one every {} until it stops\n", format_duration(plan.every)));
  return 0;
}

} // namespace

void add_backup(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("backup", "copy the data directory as it is now, beside a running server too");
  command->add_option("DIR", options->directory, "where backups go: an empty directory, or one of backups, best on another disk")->required();
  command->add_option("--every", options->every, "the running server makes one every so often from now on (5m)");
  command->add_option("--keep", options->keep, "so many backups are kept, older ones forgotten (24)")->check(CLI::Range(1, 100'000));
  auto* verifies = command->add_flag("--verify", options->verify, "make none: read all backups and compare every checksum");
  command->add_flag("--list", options->list, "make none: say which there are")->excludes(verifies);
  command->callback([&invocation, options] {
    CommonOptions& common = invocation.common;
    if (options->verify || options->list) {
      invocation.alone = [options, &common](const Config&, Terminal& terminal) {
        return options->verify ? verify(options->directory, terminal, common) : list(options->directory, terminal, common);
      };
      return;
    }
    invocation.work = [options, &common](App& app, Terminal& terminal) {
      if (options->directory == "-") return report_error(terminal, common, {ErrorCode::invalid, "a backup goes into a directory", {}});
      auto directory = terminal.input_file(options->directory, app.config().data_dir); // as the caller sees it
      if (!directory) return report_error(terminal, common, directory.error());
      return run(app, terminal, common, *options, *directory);
    };
  });
}

} // namespace takt
