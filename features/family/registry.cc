// Which families there are, and the columns they make together. Order is part of the fingerprint.
#include "core/check.h"
#include "core/hash.h"
#include "features/family/family.h"

#include <algorithm>
#include <bit>
#include <string>

namespace takt {
namespace {

void add_columns(FeatureSchema& schema, const FeatureFamily& family, std::span<const FeatureColumn> columns) {
  for (const FeatureColumn& column : columns) schema.columns.push_back({column, family.name, family.reads});
}

std::uint64_t fingerprint_of(std::span<const FeatureFamily> families) {
  std::string text;
  const auto name_all = [&](std::span<const FeatureColumn> columns) {
    for (const FeatureColumn& column : columns) text.append(column.name).push_back('\n');
    text.push_back('\n');
  };
  for (const FeatureFamily& family : families) {
    text.append(family.name).append(" ").append(std::to_string(family.version)).push_back('\n');
    name_all(family.shared);
    name_all(family.own);
  }
  return hash64(text);
}

/// To 16 significant bits, half to even: what a scorer reads is what the log keeps, and there each value takes three bytes, not four. It
/// is off by 1/65,000 of itself at most; nothing measured here is that sure.
float rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((bits + 0x7f + ((bits >> 8) & 1)) & 0xffffff00U);
}

} // namespace

const FeatureSet& feature_set() {
  static const FeatureSet families({
      family::taste(),
      family::relevance(),
      family::retrieval(),
      family::affinity(),
      family::frequency(),
      family::recency(),
      family::money(),
      family::price(),
      family::session(),
      family::local_time(),
      family::item_age(),
      family::item_rates(),
      family::caller(),
      family::contact_pressure(),
      family::exposure(),
  });
  return families;
}

FeatureSet::FeatureSet(std::vector<FeatureFamily> families) : families_(std::move(families)) {
  for (const FeatureFamily& family : families_) {
    TAKT_CHECK(family.shared.empty() == !family.write_shared && family.own.empty() == !family.write_own, "a family writes the columns it names");
    add_columns(schema_, family, family.shared);
  }
  schema_.shared_count = schema_.columns.size();
  for (const FeatureFamily& family : families_) add_columns(schema_, family, family.own);
  schema_.fingerprint = fingerprint_of(families_);
}

void FeatureSet::write(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<float> rows) const {
  const std::size_t width = schema_.columns.size();
  TAKT_CHECK(rows.size() == items.size() * width, "feature rows have the schema's width");
  if (items.empty()) return;
  float* shared = rows.data();
  float* own = rows.data() + schema_.shared_count;
  for (const FeatureFamily& family : families_) {
    if (family.write_shared) family.write_shared(context, shared);
    if (family.write_own) family.write_own(context, items, OwnColumns(own, width));
    shared += family.shared.size();
    own += family.own.size();
  }
  for (float& value : rows) value = rounded(value);
  for (std::size_t i = 1; i < items.size(); ++i) std::copy_n(rows.data(), schema_.shared_count, rows.data() + i * width);
}

void FeatureSet::write_columns(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<const std::size_t> columns,
                               std::span<float> rows) const {
  const std::size_t width = schema_.columns.size();
  TAKT_CHECK(rows.size() == items.size() * width, "feature rows have the schema's width");
  if (items.empty()) return;
  std::vector<char> wanted(width, 0);
  for (const std::size_t column : columns) wanted[column] = 1;
  const auto any = [](std::span<const char> some) { return std::find(some.begin(), some.end(), 1) != some.end(); };
  std::size_t shared = 0, own = schema_.shared_count;
  for (const FeatureFamily& family : families_) {
    const std::span<const char> wanted_shared = std::span(wanted).subspan(shared, family.shared.size());
    const std::span<const char> wanted_own = std::span(wanted).subspan(own, family.own.size());
    if (any(wanted_shared)) family.write_shared(context, rows.data() + shared);
    if (any(wanted_own)) family.write_own(context, items, OwnColumns(rows.data() + own, width, wanted_own));
    shared += family.shared.size();
    own += family.own.size();
  }
  const auto first_own = std::lower_bound(columns.begin(), columns.end(), schema_.shared_count);
  const std::span<const std::size_t> shared_columns(columns.begin(), first_own), own_columns(first_own, columns.end());
  for (const std::size_t column : shared_columns) rows[column] = rounded(rows[column]);
  for (float *row = rows.data(), *end = row + rows.size(); row != end; row += width) {
    for (const std::size_t column : own_columns) row[column] = rounded(row[column]);
    for (const std::size_t column : shared_columns) row[column] = rows[column];
  }
}

std::size_t FeatureSchema::find(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const SchemaColumn& column) { return column.name == name; });
  return static_cast<std::size_t>(found - columns.begin());
}

const FeatureSchema& feature_schema() { return feature_set().schema(); }

void write_feature_rows(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<float> rows) {
  feature_set().write(context, items, rows);
}

void write_feature_columns(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<const std::size_t> columns,
                           std::span<float> rows) {
  feature_set().write_columns(context, items, columns, rows);
}

std::string_view to_text(Reads reads) {
  switch (reads) {
  case Reads::item: return "item";
  case Reads::request: return "request";
  case Reads::profile: return "profile";
  case Reads::ledger: return "ledger";
  }
  return "item";
}

} // namespace takt
