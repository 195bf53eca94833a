#pragma once
/// What customers were shown, and what came of it, made ready for fitting wear-out: F of every row for any half-life in one walk.
/// The F is that of engine/stage/fatigue_curve.h: over earlier exposures of the key, 2^(−age/h), times 0.3 per click since. Things
/// shown at the same moment do not tire each other, and a click at that very moment is taken for its outcome.
/// A row takes part where its own showing was a draw (propensity in [ε, 1−ε]) and what had tired the customer was mostly drawn too: only
/// then would the same customer as likely have met it fresher. Its weight is the usual chance of its recent history over its own chance
/// (inverse probability, history-restricted: Neugebauer, van der Laan, Joffe, Tager 2007), cut at weight_max: the log has no chances of what
/// was not shown, so this is of showings only.
/// Errors: none; what is not finite takes no part. Threads: one writes, then any read. Memory: 28 bytes per row and 24 per key of it.
#include "core/time.h"

#include <cstdint>
#include <span>
#include <vector>

namespace takt {

struct FatigueKey {
  std::uint32_t kind = 0;                              ///< place in the policy's `per`
  std::uint64_t key = 0;
  auto operator<=>(const FatigueKey&) const = default;
};

struct FatigueExposure {
  UtcTime shown{};
  bool has_outcome = false;                            ///< false: it tires, and says nothing else (shown again, elsewhere, too young)
  float response = 0;                                  ///< P(meant), in [0,1]
  float propensity = 0;                                ///< of showing it there, as logged; 0: nobody drew it
  float offset = 0;                                    ///< log of the response that was expected of it fresh; any level
  std::uint32_t category = 0;                          ///< numbered by the caller; 0 = none
  std::vector<FatigueKey> reads;                       ///< what its own response suffers from
  std::vector<FatigueKey> adds;                        ///< what it tires; all of `reads`, and the categories above
};

struct FatigueClick {
  UtcTime at{};
  std::size_t exposure = 0;                            ///< place in the story
};

/// One customer; exposures ascending by time.
struct FatigueStory {
  std::vector<FatigueExposure> exposures;
  std::vector<FatigueClick> clicks;
};

struct FatigueSightsOptions {
  double epsilon = 0.01;                               ///< of the propensity
  double foreign_share_max = 0.5;                      ///< of a key's F that nobody drew
  double weight_max = 2;
  Duration reference = days(7);                        ///< half-life for shares and histories
};

class FatigueSights {
public:
  explicit FatigueSights(std::size_t kinds, FatigueSightsOptions options = {}) : kinds_(kinds), options_(options) {}
  void add(const FatigueStory& story);
  /// For levels that are known only after all were added.
  void shift_offset(std::size_t row, float by) { rows_[row].offset += by; }

  std::size_t kinds() const { return kinds_; }
  std::size_t size() const { return rows_.size(); }
  struct Row {
    float response = 0, offset = 0;
    float propensity = 0;                              ///< 0: takes no part
    float history = 0;                                 ///< Σ ln of the propensities of its recent history, itself included …
    std::uint32_t history_length = 0;                  ///< … and how many those are
    std::uint32_t category = 0;
    std::uint32_t exposures = 0;                       ///< earlier ones of its first key
  };
  std::span<const Row> rows() const { return rows_; }  ///< customer by customer, ascending by time within one
  bool takes_part(std::size_t row) const { return rows_[row].propensity > 0; }
  /// Per row; 0 where it takes no part.
  std::vector<float> weights() const;
  /// One past the last row of each customer.
  std::span<const std::uint32_t> ends() const { return ends_; }
  /// Σ ln(1+F) over the keys of each kind, rows × kinds. half_life > 0.
  std::vector<float> columns(Duration half_life) const;
  /// Spread of the ln of the gaps between an exposure and the one before on its key, over the rows that take part.
  double spacing() const;
  /// Rows whose propensity was in the range, whatever their history.
  std::size_t drawn() const { return drawn_; }

private:
  /// One exposure on one key, after the one before on it.
  struct Step {
    float age_days = -1;                               ///< since the one before; < 0: there is none; 0: with it
    float left = 1;                                    ///< by clicks since
    std::uint32_t row = 0;                             ///< whose F it is; none: it only adds
    std::uint8_t kind = 0;
    float propensity = 0;                              ///< 0: nobody drew it
  };
  void link(const FatigueStory& story, std::span<const std::uint32_t> row_of);
  void judge(std::size_t first_row, std::size_t first_step);
  void remember(std::size_t step, std::size_t first_step, double days);
  float drawn_chance(const FatigueExposure& exposure) const;

  std::size_t kinds_;
  FatigueSightsOptions options_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> ends_;
  std::vector<Step> steps_;
  std::size_t drawn_ = 0;
};

} // namespace takt
