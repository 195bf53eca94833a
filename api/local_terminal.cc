#include "api/local_terminal.h"

#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace takt {

void LocalTerminal::out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}
void LocalTerminal::err(std::string_view text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}
bool LocalTerminal::shows_progress() const { return ::isatty(STDERR_FILENO) == 1; }

Result<std::string> LocalTerminal::input_file(const std::string& argument, const std::string& spool_directory) {
  if (argument != "-") return argument;
  return spool(spool_directory, []() -> Result<std::string> {
    std::string piece(65536, '\0');
    piece.resize(std::fread(piece.data(), 1, piece.size(), stdin));
    return piece;
  });
}

Result<std::string> spool(const std::string& directory, const std::function<Result<std::string>()>& next_piece) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::string path = directory + "/input-XXXXXX";
  const int descriptor = ::mkstemp(path.data()); // 0600
  std::FILE* file = descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb");
  if (file == nullptr) return fail(ErrorCode::unavailable, "cannot write into " + directory);
  const auto stop = [&](Error why) -> Result<std::string> {
    std::fclose(file);
    std::filesystem::remove(path, error);
    return tl::unexpected(std::move(why));
  };
  for (;;) {
    auto piece = next_piece();
    if (!piece) return stop(piece.error());
    if (piece->empty()) break;
    if (std::fwrite(piece->data(), 1, piece->size(), file) != piece->size()) return stop({ErrorCode::unavailable, "cannot write " + path + ": is the disk full?", {}});
  }
  std::fclose(file);
  return path;
}

} // namespace takt
