#pragma once
/// The terminal of this process. Threads: one.
#include "api/commands/command.h"

namespace takt {

class LocalTerminal final : public Terminal {
public:
  void out(std::string_view text) override;
  void err(std::string_view text) override;
  bool shows_progress() const override;
  Result<std::string> input_file(const std::string& argument, const std::string& spool_directory) override;
};

/// A file in `directory` that only we can read, filled by `next_piece` until it returns an empty piece: input that has no name
/// must have one, because some commands read it twice. Errors: unavailable.
Result<std::string> spool(const std::string& directory, const std::function<Result<std::string>()>& next_piece);

} // namespace takt
