// Which files of a data directory hold some bytes, for whoever has to prove that none does.
#include "store/rocksdb/database.h"

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

namespace takt {
namespace {

namespace fs = std::filesystem;

bool holds(std::string_view bytes, std::string_view text) {
  return std::search(bytes.begin(), bytes.end(), std::boyer_moore_horspool_searcher(text.begin(), text.end())) != bytes.end();
}

/// In pieces that overlap by the length of the text.
Result<bool> file_holds(const fs::path& path, std::string_view text) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false; // gone meanwhile: tables are replaced while we look
  std::string piece;
  std::vector<char> buffer(std::size_t{1} << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0) {
    piece.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    if (holds(piece, text)) return true;
    piece.erase(0, piece.size() - std::min(piece.size(), text.size() - 1));
  }
  return false;
}

/// What is compressed hides from a search for bytes: a table is read entry by entry.
Result<bool> table_holds(const fs::path& path, std::string_view text) {
  const LibraryFrame frame;
  rocksdb::SstFileReader reader{rocksdb::Options()};
  const rocksdb::Status opened = reader.Open(path.string());
  std::error_code error;
  if (!opened.ok() && !fs::exists(path, error)) return false;
  if (!opened.ok()) return tl::unexpected<Error>(error_of(opened));
  const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator(rocksdb::ReadOptions()));
  for (at->SeekToFirst(); at->Valid(); at->Next())
    if (holds(view(at->key()), text) || holds(view(at->value()), text)) return true;
  if (!at->status().ok()) return tl::unexpected<Error>(error_of(at->status()));
  return false;
}

} // namespace

Result<std::vector<std::string>> files_holding(const std::string& directory, std::string_view text) {
  if (text.empty()) return fail(ErrorCode::invalid, "what to look for has at least one byte");
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory, error)) {
    if (!entry.is_regular_file(error)) continue;
    TAKT_TRY(as_bytes, file_holds(entry.path(), text));
    bool is_there = as_bytes;
    if (!is_there && entry.path().extension() == ".sst") {
      TAKT_TRY(in_table, table_holds(entry.path(), text));
      is_there = in_table;
    }
    if (is_there) found.push_back(entry.path().lexically_relative(directory).string());
  }
  if (error) return fail(ErrorCode::unavailable, "cannot read " + directory + ": " + error.message());
  std::sort(found.begin(), found.end());
  return found;
}

} // namespace takt
