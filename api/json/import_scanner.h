#pragma once
/// A first look at a line of an import: is it a document, and if not, whom does it name? The line is read in full later, when it
/// is that person's turn; what is wrong with it is said then. Threads: one per scanner. Cost: ~1 µs per event.
#include "api/json/reader.h"

#include <deque>
#include <string>
#include <string_view>

namespace takt {

/// Who is named, "" = not. The texts live as long as the line and the scanner that read it.
struct EventNames {
  std::string_view user_id, anonymous_id, previous_id;
};

class ImportScanner {
public:
  struct Line {
    bool is_document = false;                      ///< an item, a placement or a policy
    EventNames names;
  };
  Line scan(std::string_view line);
  void forget() { unescaped_.clear(); }            ///< the texts of all lines so far

private:
  std::string_view lasting(JsonValue value);
  JsonDocument document_;
  std::deque<std::string> unescaped_;              ///< names that were written with escapes
};

} // namespace takt
