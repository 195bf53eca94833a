#include "core/symbol.h"

#include "core/check.h"
#include "core/hash.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <utility>

namespace takt {

namespace {

constexpr std::size_t slots_min = 1024;
constexpr std::uint64_t tag_bits = 0xffff'ffff'0000'0000ULL;
Symbol symbol_at(std::size_t index) { return static_cast<Symbol>(index + 1); }
std::size_t index_of(Symbol symbol) { return static_cast<std::size_t>(symbol) - 1; }

} // namespace

SymbolTable::SymbolTable(std::vector<std::string> known, Persist persist) : persist_(std::move(persist)) {
  tables_.push_back(std::make_unique<Slots>(std::bit_ceil(std::max(slots_min, known.size() * 4))));
  slots_ = tables_.back().get();
  for (std::string& text : known) {
    const std::uint64_t hash = hash64(text);
    add(std::move(text), hash);
  }
}

Symbol SymbolTable::intern(std::string_view text) {
  if (text.empty()) return Symbol::none;
  const std::uint64_t hash = hash64(text);
  if (const Symbol known = find(text, hash); known != Symbol::none) return known;
  const std::lock_guard lock(mutex_);
  if (const Symbol known = find(text, hash); known != Symbol::none) return known; // somebody was faster
  const Symbol symbol = symbol_at(size_.load(std::memory_order_relaxed));
  if (persist_) persist_(symbol, text); // under the lock: in order, once, and before anybody sees it
  add(std::string(text), hash);
  return symbol;
}

Symbol SymbolTable::find(std::string_view text) const { return text.empty() ? Symbol::none : find(text, hash64(text)); }

Symbol SymbolTable::find(std::string_view text, std::uint64_t hash) const {
  const Slots& slots = *slots_.load(std::memory_order_acquire);
  for (std::size_t at = static_cast<std::size_t>(hash) & slots.mask;; at = (at + 1) & slots.mask) {
    const std::uint64_t slot = slots.slots[at].load(std::memory_order_acquire); // its name was there before it
    if (slot == 0) return Symbol::none;
    if ((slot ^ hash) & tag_bits) continue;
    const auto symbol = static_cast<Symbol>(static_cast<std::uint32_t>(slot));
    if (place_of(index_of(symbol)) == text) return symbol;
  }
}

std::string_view SymbolTable::name(Symbol symbol) const {
  if (symbol == Symbol::none || index_of(symbol) >= size()) return {};
  return place_of(index_of(symbol));
}

std::size_t SymbolTable::size() const { return size_.load(std::memory_order_acquire); }

std::string& SymbolTable::place_of(std::size_t index) const {
  // Block b begins at block_names * (2^b - 1).
  const auto block = static_cast<std::size_t>(std::bit_width(index / block_names + 1)) - 1;
  return blocks_[block][index - block_names * ((std::size_t{1} << block) - 1)];
}

void SymbolTable::add(std::string text, std::uint64_t hash) {
  const std::size_t index = size_.load(std::memory_order_relaxed);
  const auto block = static_cast<std::size_t>(std::bit_width(index / block_names + 1)) - 1;
  TAKT_CHECK(block < blocks_count && index < std::numeric_limits<std::uint32_t>::max() - 1, "a dictionary has less than 2^32 labels");
  if (!blocks_[block]) blocks_[block] = std::make_unique<std::string[]>(block_names << block);
  place_of(index) = std::move(text);
  if ((index + 1) * 2 > tables_.back()->slots.size()) grow();
  size_.store(index + 1, std::memory_order_release);
  fill(*tables_.back(), hash, symbol_at(index)); // last: who finds the symbol can name it
}

void SymbolTable::fill(Slots& slots, std::uint64_t hash, Symbol symbol) {
  std::size_t at = static_cast<std::size_t>(hash) & slots.mask;
  while (slots.slots[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & slots.mask;
  slots.slots[at].store((hash & tag_bits) | static_cast<std::uint64_t>(symbol), std::memory_order_release);
}

void SymbolTable::grow() {
  auto larger = std::make_unique<Slots>(tables_.back()->slots.size() * 2);
  for (std::size_t index = 0; index < size_.load(std::memory_order_relaxed); ++index)
    if (!is_forgotten(symbol_at(index))) fill(*larger, hash64(place_of(index)), symbol_at(index));
  tables_.push_back(std::move(larger));
  slots_.store(tables_.back().get(), std::memory_order_release);
}

bool SymbolTable::is_forgotten(Symbol symbol) const { return std::binary_search(forgotten_.begin(), forgotten_.end(), symbol); }

/// The slot stays, or what lies behind it could not be found: it gets a tag that its text does not have.
void SymbolTable::forget(Symbol symbol) {
  const std::lock_guard lock(mutex_);
  if (symbol == Symbol::none || index_of(symbol) >= size() || is_forgotten(symbol)) return;
  forgotten_.insert(std::lower_bound(forgotten_.begin(), forgotten_.end(), symbol), symbol);
  const std::uint64_t hash = hash64(place_of(index_of(symbol)));
  Slots& slots = *tables_.back();
  for (std::size_t at = static_cast<std::size_t>(hash) & slots.mask;; at = (at + 1) & slots.mask) {
    const std::uint64_t slot = slots.slots[at].load(std::memory_order_relaxed);
    if (slot == 0) return;
    if (static_cast<Symbol>(static_cast<std::uint32_t>(slot)) != symbol) continue;
    slots.slots[at].store(slot ^ tag_bits, std::memory_order_release);
    return;
  }
}

std::string erased_label(Symbol symbol) { return "\x7f" "erased " + std::to_string(static_cast<std::uint32_t>(symbol)); }

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
