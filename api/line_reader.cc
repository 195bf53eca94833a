#include "api/line_reader.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <lzma.h>
#include <utility>
#include <vector>
#include <zlib.h>
#include <zstd.h>

namespace takt {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;                // packed
constexpr std::size_t plain_bytes_enough = std::size_t{1} << 20;
constexpr std::uint64_t lzma_memory_max = 512ULL << 20;

/// Packed bytes in, plain bytes out: some at a time, since 64 KiB of a bomb are gigabytes.
class Unpacker {
public:
  virtual ~Unpacker() = default;
  /// Takes from `packed` what it used and appends to `plain`, not much more than `plain_bytes_enough`. `last`: no more will come. False: a broken archive.
  virtual bool unpack(std::string_view& packed, bool last, std::string& plain) = 0;
  virtual bool has_more() const = 0;                 ///< something waits that needs no further input
  virtual bool complete() const = 0;                 ///< may the file end here?
};

class Plain final : public Unpacker {
public:
  bool unpack(std::string_view& packed, bool, std::string& plain) override {
    plain.append(std::exchange(packed, {}));
    return true;
  }
  bool has_more() const override { return false; }
  bool complete() const override { return true; }
};

class Gzip final : public Unpacker {
public:
  Gzip() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ~Gzip() override { inflateEnd(&stream_); }
  bool unpack(std::string_view& packed, bool, std::string& plain) override {
    if (!ready_) return false;
    const std::size_t enough = plain.size() + plain_bytes_enough;
    std::array<char, 65536> buffer;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data())); // zlib never writes to it
    stream_.avail_in = static_cast<uInt>(packed.size());
    do {
      has_more_ = false;
      if (at_end_ && stream_.avail_in > 0) { // members follow each other (RFC 1952 §2.2)
        if (inflateReset(&stream_) != Z_OK) return false;
        at_end_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(buffer.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_BUF_ERROR) break; // wants more input
      if (result != Z_OK && result != Z_STREAM_END) return false;
      at_end_ = result == Z_STREAM_END;
      has_more_ = !at_end_ && stream_.avail_out == 0;
      plain.append(buffer.data(), buffer.size() - stream_.avail_out);
    } while ((stream_.avail_in > 0 || has_more_) && plain.size() < enough);
    packed.remove_prefix(packed.size() - stream_.avail_in);
    return true;
  }
  bool has_more() const override { return has_more_; }
  bool complete() const override { return at_end_; }

private:
  z_stream stream_{};
  bool ready_ = false, has_more_ = false, at_end_ = false;
};

class Xz final : public Unpacker {
public:
  Xz() { ready_ = lzma_stream_decoder(&stream_, lzma_memory_max, LZMA_CONCATENATED) == LZMA_OK; }
  ~Xz() override { lzma_end(&stream_); }
  bool unpack(std::string_view& packed, bool last, std::string& plain) override {
    if (!ready_) return false;
    const std::size_t enough = plain.size() + plain_bytes_enough;
    std::array<std::uint8_t, 65536> buffer;
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
    stream_.avail_in = packed.size();
    do {
      has_more_ = false;
      stream_.next_out = buffer.data();
      stream_.avail_out = buffer.size();
      const lzma_ret result = lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN);
      if (result == LZMA_BUF_ERROR) {
        if (last) return false;
        break;
      }
      if (result != LZMA_OK && result != LZMA_STREAM_END) return false;
      at_end_ = result == LZMA_STREAM_END;
      has_more_ = !at_end_ && (last || stream_.avail_out == 0);
      plain.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream_.avail_out);
    } while (!at_end_ && (stream_.avail_in > 0 || has_more_) && plain.size() < enough);
    packed.remove_prefix(packed.size() - stream_.avail_in);
    return true;
  }
  bool has_more() const override { return has_more_; }
  bool complete() const override { return at_end_; }

private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false, has_more_ = false, at_end_ = false;
};

class Zstd final : public Unpacker {
public:
  Zstd() : stream_(ZSTD_createDStream()) {}
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  bool unpack(std::string_view& packed, bool, std::string& plain) override {
    const std::size_t enough = plain.size() + plain_bytes_enough;
    std::array<char, 131072> buffer;
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    do {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const std::size_t result = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(result) != 0) return false;
      at_end_ = result == 0;
      has_more_ = !at_end_ && out.pos == out.size; // a frame may end where the buffer does
      plain.append(buffer.data(), out.pos);
    } while ((in.pos < in.size || has_more_) && plain.size() < enough);
    packed.remove_prefix(in.pos);
    return true;
  }
  bool has_more() const override { return has_more_; }
  bool complete() const override { return at_end_; }

private:
  ZSTD_DStream* stream_;
  bool has_more_ = false, at_end_ = false;
};

std::unique_ptr<Unpacker> unpacker_for(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.starts_with("\x1f\x8b"sv)) return std::make_unique<Gzip>();
  if (head.starts_with("\xfd" "7zXZ\0"sv)) return std::make_unique<Xz>();
  if (head.starts_with("\x28\xb5\x2f\xfd"sv)) return std::make_unique<Zstd>();
  return std::make_unique<Plain>();
}

} // namespace

struct LineReader::Source {
  std::string path;
  std::FILE* file = nullptr;
  std::unique_ptr<Unpacker> unpacker;
  std::vector<char> packed = std::vector<char>(piece_bytes);
  std::string_view waiting;                          ///< of `packed`: what the unpacker has not taken yet
  std::string plain;
  std::size_t position = 0, line_bytes_max = 0;
  std::uint64_t bytes_read = 0, bytes_total = 0;
  bool is_last = false, at_end = false, cut = false;

  ~Source() {
    if (file != nullptr) std::fclose(file);
  }

  Error broken() const { return {ErrorCode::corrupt, path + " is a damaged archive"}; }

  Status fill() {
    if (position > 0) {
      plain.erase(0, position);
      position = 0;
    }
    if (waiting.empty() && !(unpacker && unpacker->has_more())) {
      const std::size_t size = std::fread(packed.data(), 1, packed.size(), file);
      if (size == 0 && std::ferror(file) != 0) return fail(ErrorCode::unavailable, "cannot read " + path);
      if (!unpacker) unpacker = unpacker_for({packed.data(), size});
      bytes_read += size;
      is_last = size == 0;
      waiting = {packed.data(), size};
    }
    const bool is_over = is_last && (bytes_read == 0 || unpacker->complete());
    if (!is_over && !unpacker->unpack(waiting, is_last, plain)) return tl::unexpected(broken());
    at_end = is_last && !unpacker->has_more();
    if (at_end && bytes_read > 0 && !unpacker->complete()) return tl::unexpected(broken());
    return {};
  }
};

LineReader::LineReader(std::unique_ptr<Source> source) : source_(std::move(source)) {}
LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

Result<LineReader> LineReader::open(const std::string& path, std::size_t line_bytes_max) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail(ErrorCode::not_found, path + " is a directory, not a file");
  auto source = std::make_unique<Source>();
  source->path = path;
  source->line_bytes_max = line_bytes_max;
  source->file = std::fopen(path.c_str(), "rb");
  if (source->file == nullptr) return fail(ErrorCode::not_found, "cannot open " + path);
  const auto size = std::filesystem::file_size(path, error);
  if (!error) source->bytes_total = size;
  return LineReader(std::move(source));
}

Result<bool> LineReader::next(std::string& line) {
  Source& source = *source_;
  line.clear();
  source.cut = false;
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = source.plain.find('\n', source.position + searched);
    if (end != std::string::npos) {
      if (!source.cut) line.assign(source.plain, source.position, end - source.position);
      source.position = end + 1;
      break;
    }
    searched = source.plain.size() - source.position;
    if (searched > source.line_bytes_max) { // what is over the limit is skipped, not kept
      if (!source.cut) line.assign(source.plain, source.position, 256);
      source.cut = true;
      source.position = source.plain.size();
      searched = 0;
    }
    if (source.at_end) {
      if (searched == 0 && !source.cut) return false;
      if (!source.cut) line.assign(source.plain, source.position, searched);
      source.position = source.plain.size();
      break;
    }
    TAKT_TRY_VOID(source.fill());
  }
  if (line.size() > source.line_bytes_max) {
    line.resize(256);
    source.cut = true;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

bool LineReader::too_long() const { return source_->cut; }
std::uint64_t LineReader::bytes_read() const { return source_->bytes_read; }
std::uint64_t LineReader::bytes_total() const { return source_->bytes_total; }

Result<std::string> read_whole_file(const std::string& path, std::size_t bytes_max) {
  TAKT_TRY(reader, LineReader::open(path));
  std::string text, line;
  for (;;) {
    TAKT_TRY(more, reader.next(line));
    if (!more) return text;
    if (reader.too_long() || text.size() + line.size() > bytes_max) return fail(ErrorCode::too_large, path + " is too large");
    text.append(line).push_back('\n');
  }
}

} // namespace takt
