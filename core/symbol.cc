#include "core/symbol.h"

#include "core/check.h"

#include <limits>
#include <utility>

namespace takt {

namespace {
constexpr std::size_t symbols_max = std::numeric_limits<std::uint32_t>::max() - 1;
Symbol symbol_at(std::size_t index) { return static_cast<Symbol>(index + 1); }
} // namespace

SymbolTable::SymbolTable(std::vector<std::string> known, Persist persist) : persist_(std::move(persist)) {
  TAKT_CHECK(known.size() <= symbols_max, "a dictionary has less than 2^32 labels");
  symbols_.reserve(known.size());
  for (std::string& text : known) {
    names_.push_back(std::move(text));
    symbols_.emplace(names_.back(), symbol_at(names_.size() - 1));
  }
}

Symbol SymbolTable::intern(std::string_view text) {
  if (text.empty()) return Symbol::none;
  if (const Symbol known = find(text); known != Symbol::none) return known;
  const std::unique_lock lock(mutex_);
  if (const auto found = symbols_.find(text); found != symbols_.end()) return found->second; // somebody was faster
  TAKT_CHECK(names_.size() < symbols_max, "a dictionary has less than 2^32 labels");
  const Symbol symbol = symbol_at(names_.size());
  if (persist_) persist_(symbol, text); // under the lock: in order, once, and before anybody sees it
  names_.emplace_back(text);
  symbols_.emplace(names_.back(), symbol);
  return symbol;
}

Symbol SymbolTable::find(std::string_view text) const {
  const std::shared_lock lock(mutex_);
  const auto found = symbols_.find(text);
  return found == symbols_.end() ? Symbol::none : found->second;
}

std::string_view SymbolTable::name(Symbol symbol) const {
  if (symbol == Symbol::none) return {};
  const std::size_t index = static_cast<std::size_t>(symbol) - 1;
  const std::shared_lock lock(mutex_);
  return index < names_.size() ? std::string_view(names_[index]) : std::string_view{}; // a deque never moves its strings
}

std::size_t SymbolTable::size() const {
  const std::shared_lock lock(mutex_);
  return names_.size();
}

SymbolList SymbolTable::intern_path(std::span<const std::string> path) {
  SymbolList prefixes;
  prefixes.reserve(path.size());
  std::string prefix;
  for (const std::string& part : path) {
    if (part.empty()) continue; // "Shoes//Pumps" is "Shoes/Pumps"
    if (!prefix.empty()) prefix += path_separator;
    for (const char c : part) prefix += c == path_separator ? ' ' : c; // a part cannot pretend to be two
    prefixes.push_back(intern(prefix));
  }
  return prefixes;
}

std::vector<std::string> SymbolTable::path_of(Symbol prefix) const {
  std::vector<std::string> parts;
  std::string_view rest = name(prefix);
  while (!rest.empty()) {
    const std::size_t end = rest.find(path_separator);
    parts.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return parts;
}

} // namespace takt
