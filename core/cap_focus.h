#pragma once
/// Which entries can matter to the candidates of a decision. Two hundred candidates out of a large catalogue share few keys with a thousand
/// exposures; a rule per item need not look at entries of other items at all. Private to core/cap*.
///
/// One set of bits per label (a Bloom filter with one hash): an entry matters to a rule where its label of the rule's narrowest part may be a
/// candidate's. A bit that two labels share only lets more in; and since entries and candidates are tested by the same bits, a candidate whose
/// bits are all set gets the exact answer, whether or not it was expected. Threads: as the view that has it. Cost: some ns per label; 6 KB.
#include "core/cap_key.h"
#include "core/ledger.h"

#include <array>
#include <bitset>
#include <optional>
#include <span>

namespace takt::detail {

class Focus {
public:
  /// `wakeful`: rules that could block at all; of the others nothing is counted anyway.
  Focus(std::span<const CapRule> rules, RuleSet wakeful) {
    for_each_rule(wakeful, [&](std::size_t i) {
      if (const auto part = narrowest(rules[i])) rules_of_[*part] |= rule_bit(i);
    });
    for (std::size_t part = 0; part < parts.size(); ++part)
      if (rules_of_[part] != 0) used_[used_count_++] = static_cast<std::uint8_t>(part);
  }
  void add(const LabelSet& labels) {
    for (const std::uint8_t part : used())
      for (const Symbol& symbol : key_values(parts[part], 0, labels, KeySide::candidate)) bits_[part][place_of(symbol)] = true;
  }
  /// Does the candidate get exact answers?
  bool has(const LabelSet& labels) const {
    for (const std::uint8_t part : used())
      for (const Symbol& symbol : key_values(parts[part], 0, labels, KeySide::candidate))
        if (!bits_[part][place_of(symbol)]) return false;
    return true;
  }
  /// Rules that an entry with these labels cannot matter to.
  RuleSet indifferent(const LabelSet& labels) const {
    RuleSet rules = 0;
    for (const std::uint8_t part : used()) {
      bool is_there = false;
      for (const Symbol& symbol : key_values(parts[part], 0, labels, KeySide::entry)) is_there = is_there || bits_[part][place_of(symbol)];
      if (!is_there) rules |= rules_of_[part];
    }
    return rules;
  }

private:
  /// Narrow ones first. Kinds, channels and placements are few: everything shares them.
  static constexpr std::array<Per, 6> parts{Per::item, Per::group, Per::campaign, Per::brand, Per::category, Per::tag};
  static constexpr std::size_t bits_count = 8192;      ///< a thousand candidates set an eighth of them
  static std::size_t place_of(Symbol symbol) { return static_cast<std::size_t>((static_cast<std::uint64_t>(symbol) * 0x9e3779b97f4a7c15ULL) >> 51); }

  /// None where every entry may matter: a share is of what all keys have, and a category that is cut has keys that a full path does not tell.
  static std::optional<std::size_t> narrowest(const CapRule& rule) {
    if (rule.share || rule.depth != 0) return std::nullopt;
    for (std::size_t part = 0; part < parts.size(); ++part)
      if (std::find(rule.per.begin(), rule.per.end(), parts[part]) != rule.per.end()) return part;
    return std::nullopt;
  }

  std::span<const std::uint8_t> used() const { return {used_.data(), used_count_}; }

  std::array<RuleSet, parts.size()> rules_of_{};
  std::array<std::uint8_t, parts.size()> used_{};      ///< parts that some rule looks at
  std::size_t used_count_ = 0;
  std::array<std::bitset<bits_count>, parts.size()> bits_;
};

} // namespace takt::detail
