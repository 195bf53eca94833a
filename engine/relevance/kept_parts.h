#pragma once
/// What a long training has finished, kept where the next one finds it: a training that was killed goes on where it was. A part is known
/// by its name and the fingerprint of everything it was computed from, so what is found is what would be computed.
/// Threads: one. Errors: none; what cannot be kept is computed again.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace takt {

class KeptParts {
public:
  KeptParts() = default;
  KeptParts(const KeptParts&) = delete;
  KeptParts& operator=(const KeptParts&) = delete;
  virtual ~KeptParts() = default;
  /// None: never finished, of other inputs, or damaged.
  virtual std::optional<std::string> find(std::string_view name, std::uint64_t fingerprint) = 0;
  /// In place of what had that name. `bytes` are in full on return, or as if it had never been called.
  virtual void keep(std::string_view name, std::uint64_t fingerprint, std::string_view bytes) = 0;
  /// One that found is no longer wanted.
  virtual void forget(std::string_view name) = 0;
  /// The part was found and used: for progress and tests.
  virtual void resumed(std::string_view name) = 0;
};

} // namespace takt
