#include "api/backup/erasures.h"

#include "api/backup/durable_files.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace takt {
namespace {

namespace fs = std::filesystem;

constexpr const char* erasures_name = "erasures";
constexpr const char* places_name = "backup_places";

bool is_subject(std::string_view text) {
  return !text.empty() && text.size() <= erasure_subject_bytes_max && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// Whole lines; `end` is where the last of them ends.
std::vector<std::string_view> whole_lines(std::string_view text, std::size_t& end) {
  std::vector<std::string_view> lines;
  end = 0;
  for (std::size_t stop; (stop = text.find('\n', end)) != std::string_view::npos; end = stop + 1) lines.push_back(text.substr(end, stop - end));
  return lines;
}

Result<std::string> text_of(const fs::path& path) {
  auto text = read_whole_file(path);
  if (!text && text.error().code == ErrorCode::not_found) return std::string();
  return text;
}

/// At the end of the last whole line: a torn one, which was not acknowledged, must not become a part of the next. Two at once follow each other.
Status append(const fs::path& path, std::string_view lines) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail(ErrorCode::unavailable, "cannot write " + path.string());
  bool done = ::flock(file, LOCK_EX) == 0; // let go of with the descriptor
  const auto before = text_of(path);
  std::size_t end = 0;
  if (before) whole_lines(*before, end);
  done = done && before && ::ftruncate(file, static_cast<off_t>(end)) == 0 && ::lseek(file, 0, SEEK_END) >= 0;
  while (done && !lines.empty()) {
    const ssize_t written = ::write(file, lines.data(), lines.size());
    done = written > 0;
    if (done) lines.remove_prefix(static_cast<std::size_t>(written));
  }
  done = done && ::fsync(file) == 0;
  ::close(file);
  if (!done) return fail(ErrorCode::unavailable, "cannot write " + path.string());
  return sync_directory(path.parent_path());
}

} // namespace

Result<std::vector<ErasureNote>> read_erasures(const fs::path& directory) {
  TAKT_TRY(text, text_of(directory / erasures_name));
  std::vector<ErasureNote> erasures;
  std::size_t end = 0;
  for (const std::string_view line : whole_lines(text, end)) {
    const std::size_t blank = line.find(' ');
    const auto at = parse_utc(line.substr(0, std::min(blank, line.size())));
    // Nothing is guessed: somebody left out would come back.
    if (blank == std::string_view::npos || !at || !is_subject(line.substr(blank + 1)))
      return fail(ErrorCode::corrupt, (directory / erasures_name).string() + " is damaged in line " + std::to_string(erasures.size() + 1));
    erasures.push_back({*at, std::string(line.substr(blank + 1))});
  }
  return erasures;
}

Status append_erasures(const fs::path& directory, std::span<const ErasureNote> erasures) {
  std::string lines;
  for (const ErasureNote& erasure : erasures) {
    if (!is_subject(erasure.subject)) return fail(ErrorCode::invalid, "the subject of an erasure is one printable word of at most 4096 bytes");
    lines += format_utc(erasure.at) + " " + erasure.subject + "\n";
  }
  if (lines.empty()) return {};
  return append(directory / erasures_name, lines);
}

Status copy_erasures(const fs::path& from, const fs::path& to) {
  TAKT_TRY(wanted, read_erasures(from));
  TAKT_TRY(known, read_erasures(to));
  std::vector<ErasureNote> missing;
  for (const ErasureNote& erasure : wanted)
    if (std::find(known.begin(), known.end(), erasure) == known.end()) missing.push_back(erasure);
  return append_erasures(to, missing);
}

Result<std::vector<std::string>> backup_places(const fs::path& data_directory) {
  TAKT_TRY(text, text_of(data_directory / places_name));
  std::size_t end = 0;
  std::vector<std::string> places;
  for (const std::string_view line : whole_lines(text, end)) places.emplace_back(line);
  return places;
}

Status remember_backup_place(const fs::path& data_directory, const fs::path& place) {
  std::error_code error;
  const std::string name = fs::absolute(place, error).lexically_normal().string();
  if (error || name.find('\n') != std::string::npos) return fail(ErrorCode::invalid, "a directory of backups needs a plain name");
  TAKT_TRY(known, backup_places(data_directory));
  if (std::find(known.begin(), known.end(), name) != known.end()) return {};
  return append(data_directory / places_name, name + "\n");
}

Result<ToldPlaces> note_erasure(const fs::path& data_directory, const ErasureNote& erasure) {
  TAKT_TRY_VOID(append_erasures(data_directory, {&erasure, 1}));
  ToldPlaces places;
  TAKT_TRY(known, backup_places(data_directory));
  for (const std::string& place : known) {
    std::error_code error;
    const bool is_there = fs::is_directory(place, error);
    (is_there && append_erasures(place, {&erasure, 1}) ? places.told : places.not_reached).push_back(place);
  }
  return places;
}

} // namespace takt
