#pragma once
/// What dwell times say about clicks: a mixture of three normals over ln(dwell in ms), accidental, short and long looks, and
/// P(intended | dwell) that follows from it. Source: Tolomei, Lalmas, Farahat, Haines, "You must have clicked on this ad by mistake!",
/// 2018: three such parts, the accidental one near 1.8 s; fitted by expectation-maximisation (Dempster, Laird, Rubin 1977).
/// The data are a histogram, so memory is fixed, the order of the clicks does not matter and a fit takes milliseconds.
/// Deterministic. Threads: values; the fit is one thread. Errors: none; a fit that the data do not support says why it is not used.
#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace takt {

/// Counts of ln(dwell), from 50 ms to 3 h in steps of 2 %.
class DwellHistogram {
public:
  static constexpr double log_min = 3.912023005428146;      ///< ln 50
  static constexpr double log_step = 0.02;
  static constexpr std::size_t bins = 614;                  ///< up to 3 h
  void add(std::uint32_t dwell_ms, double weight = 1);
  double total() const { return total_; }
  std::span<const double> counts() const { return counts_; }
  static double log_of(std::size_t bin) { return log_min + (static_cast<double>(bin) + 0.5) * log_step; }
  bool operator==(const DwellHistogram&) const = default;

private:
  std::array<double, bins> counts_{};
  double total_ = 0;
};

struct DwellComponent {
  double share = 0;                                         ///< of all clicks, in [0,1]
  double mean_log = 0;                                      ///< of ln(ms)
  double deviation_log = 1;
  bool operator==(const DwellComponent&) const = default;
};

/// Components in the order accidental, short, long.
class DwellMixture {
public:
  explicit DwellMixture(const std::array<DwellComponent, 3>& components);
  const std::array<DwellComponent, 3>& components() const { return components_; }
  /// P(intended | dwell): 0 below dwell_impossible_ms (features/intent.h), never falls as the dwell grows. Cost: a table look-up.
  double intent(std::uint32_t dwell_ms) const;
  /// Of a click whose dwell nobody sent: the share that is not accidental.
  double intent_of_unknown() const { return 1 - components_[0].share; }
  /// Where the accidental part peaks, in ms. The density over ln(dwell) peaks at its median; over plain dwell a little earlier.
  double accidental_median_ms() const;
  double accidental_mode_ms() const;
  bool operator==(const DwellMixture& other) const { return components_ == other.components_; }

private:
  std::array<DwellComponent, 3> components_;
  std::array<float, DwellHistogram::bins> table_;           ///< P(intended) by bin
};

struct DwellFit {
  DwellMixture mixture;                                     ///< of use only where `why_not` is empty
  double clicks = 0;
  double log_likelihood = 0;                                ///< per click
  std::string why_not;                                      ///< not identified: what is missing
};
DwellFit fit_dwell_mixture(const DwellHistogram& histogram);

/// Fewer clicks than this leave three parts, eight numbers, to chance.
constexpr double dwell_clicks_min = 2000;

} // namespace takt
