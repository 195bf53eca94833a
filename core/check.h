#pragma once
/// TAKT_CHECK(condition, why): a programmer error stops the process, in every build. Never for input.
#include <cstdio>
#include <cstdlib>

namespace takt::detail {
[[noreturn]] inline void check_failed(const char* condition, const char* why, const char* file, int line) {
  std::fprintf(stderr, "takt: broken invariant: %s (%s) at %s:%d\n", why, condition, file, line);
  std::abort();
}
} // namespace takt::detail

#define TAKT_CHECK(condition, why) \
  ((condition) ? static_cast<void>(0) : ::takt::detail::check_failed(#condition, why, __FILE__, __LINE__))
