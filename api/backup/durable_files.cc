#include "api/backup/durable_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace takt {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

std::string last_error() { return std::strerror(errno); }

class Sha256 {
public:
  Sha256() : digest_(BIO_new(BIO_f_md())), sink_(BIO_new(BIO_s_null())) {
    BIO_set_md(digest_.get(), EVP_sha256());
    BIO_push(digest_.get(), sink_.get());
  }
  void add(const char* bytes, std::size_t size) { BIO_write(digest_.get(), bytes, static_cast<int>(size)); }
  std::string hex() {
    std::array<char, EVP_MAX_MD_SIZE> digest{};
    const int size = BIO_gets(digest_.get(), digest.data(), EVP_MAX_MD_SIZE);
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) {
      text += digits[(digest[i] >> 4) & 15];
      text += digits[digest[i] & 15];
    }
    return text;
  }

private:
  struct Free {
    void operator()(BIO* link) const { BIO_free(link); }
  };
  std::unique_ptr<BIO, Free> digest_, sink_;
};

/// A descriptor that closes itself.
class File {
public:
  File(const fs::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  bool close() {
    const bool closed = descriptor_ < 0 || ::close(descriptor_) == 0;
    descriptor_ = -1;
    return closed;
  }

private:
  int descriptor_;
};

bool write_all(int descriptor, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

/// Every piece of the file, hashed; `take` false stops.
Result<HashedFile> read_pieces(const fs::path& path, const OnBytes& on_bytes, const std::function<bool(const char*, std::size_t)>& take) {
  const File file(path, O_RDONLY);
  if (!file.is_open()) return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable, "cannot read " + path.string() + ": " + last_error());
  ::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_SEQUENTIAL);
  Sha256 hash;
  HashedFile hashed;
  std::vector<char> piece(piece_bytes);
  for (;;) {
    const ssize_t got = ::read(file.descriptor(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::unavailable, "cannot read " + path.string() + ": " + last_error());
    if (got == 0) break;
    const auto size = static_cast<std::size_t>(got);
    hash.add(piece.data(), size);
    hashed.bytes += size;
    if (!take(piece.data(), size)) return fail(ErrorCode::unavailable, "cannot write a copy of " + path.string() + ": " + last_error());
    if (on_bytes && !on_bytes(size)) return fail(ErrorCode::unavailable, "stopped before the end");
  }
  hashed.sha256 = hash.hex();
  return hashed;
}

} // namespace

std::string sha256_of(std::string_view bytes) {
  Sha256 hash;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), piece_bytes))) hash.add(bytes.data(), std::min(bytes.size(), piece_bytes));
  return hash.hex();
}

Result<HashedFile> hash_file(const fs::path& path, const OnBytes& on_bytes) {
  return read_pieces(path, on_bytes, [](const char*, std::size_t) { return true; });
}

Result<HashedFile> copy_and_hash(const fs::path& from, const fs::path& to, const OnBytes& on_bytes) {
  File out(to, O_WRONLY | O_CREAT | O_TRUNC);
  if (!out.is_open()) return fail(ErrorCode::unavailable, "cannot write " + to.string() + ": " + last_error());
  TAKT_TRY(hashed, read_pieces(from, on_bytes, [&](const char* bytes, std::size_t size) { return write_all(out.descriptor(), bytes, size); }));
  const bool synced = ::fsync(out.descriptor()) == 0;
  ::posix_fadvise(out.descriptor(), 0, 0, POSIX_FADV_DONTNEED); // nobody reads it soon, and the server's own pages are worth more
  if (!synced || !out.close()) return fail(ErrorCode::unavailable, "cannot sync " + to.string() + ": " + last_error());
  return hashed;
}

Result<std::string> read_whole_file(const fs::path& path) {
  std::string text;
  TAKT_TRY_VOID(read_pieces(path, {}, [&](const char* bytes, std::size_t size) {
    text.append(bytes, size);
    return true;
  }));
  return text;
}

Status write_whole_file(const fs::path& path, std::string_view text) {
  const fs::path beside = path.string() + ".writing";
  File out(beside, O_WRONLY | O_CREAT | O_TRUNC);
  const bool written = out.is_open() && write_all(out.descriptor(), text.data(), text.size()) && ::fsync(out.descriptor()) == 0;
  if (!written || !out.close() || ::rename(beside.c_str(), path.c_str()) != 0) return fail(ErrorCode::unavailable, "cannot write " + path.string() + ": " + last_error());
  return sync_directory(path.parent_path());
}

Status sync_directory(const fs::path& directory) {
  const File file(directory, O_RDONLY | O_DIRECTORY);
  if (!file.is_open() || ::fsync(file.descriptor()) != 0) return fail(ErrorCode::unavailable, "cannot sync " + directory.string() + ": " + last_error());
  return {};
}

Status make_private_directory(const fs::path& directory) {
  std::error_code error;
  const bool is_new = fs::create_directories(directory, error);
  if (error || (is_new && ::chmod(directory.c_str(), 0700) != 0)) return fail(ErrorCode::unavailable, "cannot create " + directory.string() + ": " + (error ? error.message() : last_error()));
  return {};
}

} // namespace takt
