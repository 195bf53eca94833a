#pragma once
/// Words of a title, as hashes: what content similarity and item vectors compare. A word is a run of ASCII letters and digits
/// or of bytes outside ASCII (so UTF-8 letters stay together), at least two bytes long, lower case where ASCII.
/// No stemming and no language: idf weights make "the" worth nothing. Cost: ~50 ns per word. Errors: none. Pure.
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace takt {

/// At most this many words of a title are read; longer titles say nothing more.
constexpr std::size_t title_words_max = 24;

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& visit);
/// Ascending and distinct.
std::vector<std::uint32_t> title_words(std::string_view title);

} // namespace takt
