#include "api/upkeep.h"

#include "api/config.h"

#include <chrono>
#include <fmt/format.h>

namespace takt {
namespace {

constexpr auto disk_every = std::chrono::seconds(1); // a disk fills by gigabytes a second at the very most; 5 % of it is more than that

constexpr auto books_every = std::chrono::minutes(10);

} // namespace

Upkeep::Upkeep(const Config& config, std::string program, Checkpoints* checkpoints, Retention* books, const Clock& clock)
    : clock_(clock),
      disk_([directory = config.data_dir] { return read_disk_space(directory); }, config.upkeep.disk_free_min),
      backups_(config.data_dir, std::move(program), checkpoints, clock, {config.upkeep.backup_dir, config.upkeep.backup_every, config.upkeep.backup_keep}),
      forgetting_(config.simulation ? nullptr : books, config.upkeep) {}

std::vector<std::string> Upkeep::look() {
  std::vector<std::string> sentences = backups_.look();
  const SteadyTime now = clock_.steady_now();
  if (!disk_looked_at_ || now >= *disk_looked_at_ + disk_every) {
    disk_looked_at_ = now;
    if (auto sentence = disk_.look()) sentences.push_back(std::move(*sentence));
  }
  if (!books_looked_at_ || now >= *books_looked_at_ + books_every) {
    books_looked_at_ = now;
    for (std::string& sentence : forgetting_.look(clock_.utc_now())) sentences.push_back(std::move(sentence));
  }
  for (std::string& sentence : forgetting_.look_at_journals(clock_.utc_now())) sentences.push_back(std::move(sentence));
  return sentences;
}

UpkeepFigures Upkeep::figures() const { return {disk_.space(), disk_.is_low(), backups_.state(), forgetting_.state()}; }

std::vector<UpkeepLine> Upkeep::lines() const {
  std::vector<UpkeepLine> lines;
  const auto space = disk_.space();
  lines.push_back({"disk", !disk_.is_low(),
                   space ? fmt::format("{:.1f} % of {:.1f} GB of disk are free", 100 * space->free_share(), static_cast<double>(space->total_bytes) * 1e-9) : "no look at the disk yet",
                   "Events are refused until there is room: remove what else lies on this disk, shorten retention, or enlarge it."});
  const BackupState state = backups_.state();
  std::string text = "no backups by themselves (backup_dir, backup_every)";
  if (state.latest) text = fmt::format("latest backup of {}, {:.1f} MB new of {:.1f} MB", format_utc(state.latest->at), static_cast<double>(state.latest->bytes_added) * 1e-6, static_cast<double>(state.latest->bytes) * 1e-6);
  else if (!state.plan.directory.empty()) text = "no backup yet";
  if (state.failed_at) text += fmt::format("; failed at {}: {}", format_utc(*state.failed_at), state.failure);
  lines.push_back({"backup", !backups_.is_late(), std::move(text), "A lost machine loses what came since the latest backup: see that its directory is there, writable and not full."});
  if (const auto books = forgetting_.state())
    lines.push_back({"retention", !books->is_near(),
                     fmt::format("journal {:.1f} MB; decisions {:.1f} MB{}{}", static_cast<double>(books->journal_bytes) * 1e-6, static_cast<double>(books->decisions_bytes) * 1e-6,
                                 books->decisions_bytes_max > 0 ? fmt::format(" of {:.0f}", static_cast<double>(books->decisions_bytes_max) * 1e-6) : "",
                                 books->decisions_from ? " since " + format_utc(*books->decisions_from) : ""),
                     "Decisions will be forgotten before their time: raise retention.decisions_bytes, or shorten retention.decisions."});
  return lines;
}

} // namespace takt
