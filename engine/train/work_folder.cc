#include "engine/train/work_folder.h"

#include "core/bytes.h"
#include "core/hash.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace takt {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "taktpart";
constexpr std::uint64_t format_version = 1;
constexpr std::size_t header_bytes = magic.size() + 4 * sizeof(std::uint64_t); // version, fingerprint, length, checksum
constexpr std::string_view begun_name = "begun";
constexpr std::uint64_t begun_print = 0x6265'6775'6e00ULL;

std::string header_of(std::uint64_t fingerprint, std::string_view bytes) {
  ByteWriter out;
  out.raw(magic);
  for (const std::uint64_t number : {format_version, fingerprint, static_cast<std::uint64_t>(bytes.size()), hash64(bytes, fingerprint)}) out.fixed(number, 8);
  return out.take();
}

std::optional<std::string> read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)), '\0');
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) return std::nullopt;
  return bytes;
}

/// Anything worth going on with.
bool has_parts(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator file(directory, error), end; !error && file != end; file.increment(error))
    if (file->path().extension() == ".part" && file->path().stem() != begun_name) return true;
  return false;
}

} // namespace

WorkFolder::WorkFolder(std::string directory, std::function<void(std::string_view name)> on_resumed)
    : directory_(std::move(directory)), on_resumed_(std::move(on_resumed)) {}

UtcTime WorkFolder::begin(UtcTime now, std::uint64_t version) {
  resumed_.clear();
  if (const auto bytes = find(begun_name, begun_print)) {
    ByteReader in(*bytes);
    const UtcTime begun = utc_from_ms(in.svarint());
    const bool is_same = in.varint() == version && in.ok() && in.done();
    if (is_same && begun <= now && now - begun < work_kept && has_parts(directory_)) return begun;
  }
  remove();
  ByteWriter out;
  out.svarint(ms_of(now));
  out.varint(version);
  keep(begun_name, begun_print, out.bytes());
  return now;
}

void WorkFolder::remove() {
  std::error_code ignored; // what stays has a fingerprint and an age
  fs::remove_all(directory_, ignored);
}

std::optional<std::string> WorkFolder::find(std::string_view name, std::uint64_t fingerprint) {
  auto bytes = read_all(path_of(name));
  if (!bytes || bytes->size() < header_bytes) return std::nullopt;
  const std::string_view content = std::string_view(*bytes).substr(header_bytes);
  if (std::string_view(*bytes).substr(0, header_bytes) != header_of(fingerprint, content)) return std::nullopt;
  return bytes->substr(header_bytes);
}

void WorkFolder::keep(std::string_view name, std::uint64_t fingerprint, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(directory_, error);
  const std::string beside = path_of(name) + ".writing";
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  const std::string header = header_of(fingerprint, bytes);
  out.write(header.data(), static_cast<std::streamsize>(header.size()));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) fs::rename(beside, path_of(name), error);
  if (!out || error) fs::remove(beside, error); // no room: half a part is none
}

void WorkFolder::resumed(std::string_view name) {
  resumed_.emplace_back(name);
  if (on_resumed_) on_resumed_(name);
}

void WorkFolder::forget(std::string_view name) {
  std::error_code ignored; // a part that stays is not found by another fingerprint
  fs::remove(path_of(name), ignored);
}

} // namespace takt
