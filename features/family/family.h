#pragma once
/// A family of features: a few columns that are read from the same place, in one file of this folder. A new feature is its file, its
/// line in registry.cc, and its test. Families are pure: the same context and items give the same bits. Nothing here may read what
/// happened after context.now; tests/unit/features/future_leak_test.cc looks for that. Threads: no state. Errors: none.
#include "features/feature_row.h"

#include <cmath>

namespace takt {

/// Where a family writes its own columns: `at(i, c)` is column c of the family in the row of the i-th item. A column that nobody
/// wants may be left out, where that spares work, or be written all the same.
class OwnColumns {
public:
  OwnColumns(float* first, std::size_t width, std::span<const char> wanted = {}) : first_(first), width_(width), wanted_(wanted) {}
  bool wants(std::size_t column) const { return wanted_.empty() || wanted_[column] != 0; }
  float& at(std::size_t item, std::size_t column) const { return first_[item * width_ + column]; }

private:
  float* first_;
  std::size_t width_;
  std::span<const char> wanted_;                       ///< per column of the family; empty: all
};

struct FeatureFamily {
  std::string_view name;
  std::uint32_t version = 1;                           ///< raised when a column means something else: models of before are refused
  Reads reads = Reads::item;
  std::span<const FeatureColumn> shared = {};          ///< the same for all candidates: written once
  std::span<const FeatureColumn> own = {};             ///< the candidate's
  void (*write_shared)(const FeatureContext& context, float* values) = nullptr;
  void (*write_own)(const FeatureContext& context, std::span<const ItemFeatures> items, OwnColumns out) = nullptr;
};

/// Families in the order of their columns. Built once; tests make their own.
class FeatureSet {
public:
  explicit FeatureSet(std::vector<FeatureFamily> families);
  const FeatureSchema& schema() const { return schema_; }
  std::span<const FeatureFamily> families() const { return families_; }
  /// rows.size() == items.size() × schema().columns.size().
  void write(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<float> rows) const;
  /// The same bits in these columns (ascending) of rows that were zero; what the others hold then means nothing.
  void write_columns(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<const std::size_t> columns, std::span<float> rows) const;

private:
  std::vector<FeatureFamily> families_;
  FeatureSchema schema_;
};
/// What serves.
const FeatureSet& feature_set();

/// Most counts are zero, and a logarithm costs as much as the rest of its column.
inline float log_count(float count) { return count > 0 ? std::log1p(count) : 0.0F; }

template <class Value>
float look_up(const FlatSymbolMap<Value>& map, Symbol key) {
  const Value* found = map.find(key);
  return found ? static_cast<float>(*found) : 0.0F;
}

namespace family {
FeatureFamily affinity();
FeatureFamily caller();
FeatureFamily contact_pressure();
FeatureFamily exposure();
FeatureFamily frequency();
FeatureFamily item_age();
FeatureFamily item_rates();
FeatureFamily local_time();
FeatureFamily money();
FeatureFamily price();
FeatureFamily recency();
FeatureFamily relevance();
FeatureFamily retrieval();
FeatureFamily session();
FeatureFamily taste();
} // namespace family

} // namespace takt
