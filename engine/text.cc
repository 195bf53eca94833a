#include "engine/text.h"

#include "core/hash.h"

#include <algorithm>
#include <string>

namespace takt {
namespace {

constexpr std::size_t word_bytes_min = 2;

/// Lower case for ASCII; 0 for what separates words.
char letter_of(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
  return is_word ? c : '\0';
}

} // namespace

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& visit) {
  std::string word;
  std::size_t words = 0;
  for (std::size_t i = 0; i <= text.size() && words < title_words_max; ++i) {
    const char letter = i < text.size() ? letter_of(text[i]) : '\0';
    if (letter != '\0') {
      word.push_back(letter);
      continue;
    }
    if (word.size() >= word_bytes_min) {
      visit(word);
      ++words;
    }
    word.clear();
  }
}

std::vector<std::uint32_t> title_words(std::string_view title) {
  std::vector<std::uint32_t> words;
  for_each_word(title, [&](std::string_view word) { words.push_back(static_cast<std::uint32_t>(hash64(word))); });
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  words.shrink_to_fit();
  return words;
}

} // namespace takt
