#pragma once
/// Tells ThreadSanitizer that this thread is inside librocksdb, as long as it lives; nothing in every other build.
/// Debian's librocksdb is not built with the sanitizer, so its frames are on no stack unless they are the very caller of an
/// intercepted function. memset from libstdc++ or libzstd, called from librocksdb, then looks as if we had called it, and
/// tools/tsan.supp, which names librocksdb and must not name our own code, does not match. Accesses and locks are recorded as before.
/// Only around the call itself: what is ours must not stand under it.
#include <string>
#include <string_view>

#if defined(__SANITIZE_THREAD__)
#include <rocksdb/version.h>

extern "C" {
void __tsan_func_entry(void* call_address);
void __tsan_func_exit();
}

namespace takt {

class LibraryFrame {
public:
  /// Any address in the library will do, for it is the library that is named; + 1, because frames are return addresses. Inlined, or
  /// the frame of this very function would come off in its place.
  [[gnu::always_inline]] LibraryFrame() { __tsan_func_entry(reinterpret_cast<char*>(&rocksdb::GetRocksVersionAsString) + 1); }
  [[gnu::always_inline]] ~LibraryFrame() { __tsan_func_exit(); }
  LibraryFrame(const LibraryFrame&) = delete;
  LibraryFrame& operator=(const LibraryFrame&) = delete;
};

/// Bytes that lie in the library's memory, in a memtable or a block that another thread has unpacked. The sanitizer forgets who wrote them
/// long before a long journal is read to its end; so they are read once, as if by the library, and then are ours.
class LibraryBytes {
public:
  /// Until the next call.
  std::string_view of(std::string_view bytes) {
    const LibraryFrame frame;
    copy_.assign(bytes);
    return copy_;
  }

private:
  std::string copy_;
};

} // namespace takt
#else
namespace takt {

class [[maybe_unused]] LibraryFrame {};

class LibraryBytes {
public:
  static std::string_view of(std::string_view bytes) { return bytes; }
};

} // namespace takt
#endif
