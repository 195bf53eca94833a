#include "engine/artefact_codec.h"

#include "core/bytes.h"
#include "core/random.h"
#include "features/feature_row.h"
#include "features/linear_scorer.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace takt::artefact {
namespace {

static_assert(std::endian::native == std::endian::little, "vectors are written as they lie in memory");

constexpr std::size_t golden_rows = 16;
constexpr double golden_tolerance = 1e-6;
constexpr std::uint64_t golden_seed = 4'711;
/// Of 4 bytes each; more is not a vector but a damaged file.
constexpr std::size_t dimension_max = 4096;

tl::unexpected<Error> corrupt(std::string why) { return fail(ErrorCode::corrupt, std::move(why)); }

/// The symbols of one file, ascending, so that the same models give the same bytes.
class SymbolList {
public:
  void add(Symbol symbol) { symbols_.push_back(symbol); }
  void close() {
    std::sort(symbols_.begin(), symbols_.end());
    symbols_.erase(std::unique(symbols_.begin(), symbols_.end()), symbols_.end());
  }
  std::uint64_t place_of(Symbol symbol) const {
    return static_cast<std::uint64_t>(std::lower_bound(symbols_.begin(), symbols_.end(), symbol) - symbols_.begin());
  }
  void write(ByteWriter& out, const SymbolTable& table) const {
    out.varint(symbols_.size());
    for (const Symbol symbol : symbols_) out.text(table.name(symbol));
  }
  void read(ByteReader& in, SymbolTable& table) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) symbols_.push_back(table.intern(in.text()));
  }
  /// none where the place is out of range or the text was empty.
  Symbol at(std::uint64_t place) const { return place < symbols_.size() ? symbols_[static_cast<std::size_t>(place)] : Symbol::none; }

private:
  std::vector<Symbol> symbols_;
};

void write_scored(ByteWriter& out, const SymbolList& list, std::span<const ScoredSymbol> all) {
  out.varint(all.size());
  for (const ScoredSymbol& one : all) {
    out.varint(list.place_of(one.item));
    out.f32(one.score);
  }
}

bool read_scored(ByteReader& in, const SymbolList& list, std::vector<ScoredSymbol>& all) {
  const std::size_t count = in.count();
  all.reserve(count / 5 + 1);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const Symbol item = list.at(in.varint());
    const float score = in.f32();
    if (item == Symbol::none || !std::isfinite(score)) return false;
    all.push_back({item, score});
  }
  return in.ok();
}

void write_neighbours(ByteWriter& out, const SymbolList& list, const NeighbourTable& table) {
  std::vector<Symbol> items(table.items().begin(), table.items().end());
  std::sort(items.begin(), items.end());
  out.varint(items.size());
  for (const Symbol item : items) {
    out.varint(list.place_of(item));
    write_scored(out, list, table.of(item));
  }
}

bool read_neighbours(ByteReader& in, const SymbolList& list, NeighbourTable& table) {
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const Symbol item = list.at(in.varint());
    std::vector<ScoredSymbol> neighbours;
    if (item == Symbol::none || table.has(item) || !read_scored(in, list, neighbours)) return false;
    table.put(item, neighbours);
  }
  return in.ok();
}

void collect(SymbolList& list, const NeighbourTable& table) {
  for (const Symbol item : table.items()) {
    list.add(item);
    for (const ScoredSymbol& neighbour : table.of(item)) list.add(neighbour.item);
  }
}

std::vector<float> golden_row(Random& random, std::size_t width) {
  std::vector<float> row(width);
  for (float& value : row) value = static_cast<float>(random.uniform() * 2 - 0.5);
  return row;
}

std::vector<float> golden_query(Random& random, const ItemVectors& vectors) {
  std::vector<float> query(vectors.dimension);
  for (float& value : query) value = static_cast<float>(random.normal() / std::sqrt(static_cast<double>(vectors.dimension)));
  return query;
}

/// Against every row, in plain arithmetic: this checks the vectors; the recall check is about the index.
double best_product(const ItemVectors& vectors, std::span<const float> query) {
  double best = -1e30;
  for (std::uint32_t r = 0; r < vectors.items.size(); ++r) {
    double sum = 0;
    const auto row = vectors.row(r);
    for (std::size_t c = 0; c < query.size(); ++c) sum += static_cast<double>(row[c]) * static_cast<double>(query[c]);
    best = std::max(best, sum);
  }
  return best;
}

/// The best few for the i-th journey that anybody can repeat: five items, an hour apart.
std::vector<ScoredSymbol> golden_best(const RelevanceModel& model, std::size_t i) {
  constexpr std::size_t journey_items = 5, best_compared = 10;
  constexpr UtcTime golden_now = utc_from_ms(1'700'000'000'000);
  Random random(golden_seed + i);
  std::vector<RecentItem> recent;
  for (std::size_t back = 0; back < journey_items; ++back) {
    const Symbol item = model.parts().items[random.below(model.parts().items.size())];
    const bool is_there = std::any_of(recent.begin(), recent.end(), [&](const RecentItem& one) { return one.item == item; });
    if (!is_there) recent.push_back({item, 1, golden_now - hours(static_cast<int>(back))});
  }
  return model.best(recent, golden_now, best_compared);
}

} // namespace

std::string encode_tables(const Models& models, const SymbolTable& symbols) {
  SymbolList list;
  for (const ScoredSymbol& one : models.popular) list.add(one.item);
  for (const ScoredSymbol& one : models.trending) list.add(one.item);
  collect(list, models.viewed_together);
  collect(list, models.bought_together);
  list.close();
  ByteWriter out;
  list.write(out, symbols);
  write_scored(out, list, models.popular);
  for (const ScoredSymbol& one : models.popular) {
    const float* scaled = models.popularity.find(one.item);
    out.f32(scaled ? *scaled : 0);
  }
  write_scored(out, list, models.trending);
  write_neighbours(out, list, models.viewed_together);
  write_neighbours(out, list, models.bought_together);
  return out.take();
}

Status decode_tables(std::string_view bytes, SymbolTable& symbols, Models& models) {
  ByteReader in(bytes);
  SymbolList list;
  list.read(in, symbols);
  if (!read_scored(in, list, models.popular)) return corrupt("tables: the popular list is damaged");
  for (const ScoredSymbol& one : models.popular) models.popularity.emplace(one.item, in.f32());
  if (!read_scored(in, list, models.trending)) return corrupt("tables: the trending list is damaged");
  if (!read_neighbours(in, list, models.viewed_together) || !read_neighbours(in, list, models.bought_together))
    return corrupt("tables: a neighbour table is damaged");
  if (!in.ok() || !in.done()) return corrupt("tables: the file does not end where it should");
  return {};
}

std::string encode_vectors(const Models& models, const SymbolTable& symbols) {
  const ItemVectors& vectors = models.vectors;
  ByteWriter out;
  out.varint(vectors.dimension);
  out.varint(vectors.items.size());
  for (const Symbol item : vectors.items) out.text(symbols.name(item));
  out.raw({reinterpret_cast<const char*>(vectors.values.data()), vectors.values.size() * sizeof(float)});
  return out.take();
}

Status decode_vectors(std::string_view bytes, SymbolTable& symbols, Models& models) {
  ItemVectors& vectors = models.vectors;
  ByteReader in(bytes);
  const std::uint64_t dimension = in.varint();
  const std::size_t count = in.count();
  if (!in.ok() || dimension > dimension_max || (dimension == 0 && count > 0)) return corrupt("vectors: impossible dimensions");
  vectors.dimension = static_cast<std::size_t>(dimension);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const Symbol item = symbols.intern(in.text());
    if (item == Symbol::none || !vectors.row_of.emplace(item, static_cast<std::uint32_t>(i)))
      return corrupt("vectors: an item is unnamed or there twice");
    vectors.items.push_back(item);
  }
  if (!in.ok() || in.left() != count * vectors.dimension * sizeof(float)) return corrupt("vectors: rows and dimension do not fit the file");
  const std::string_view raw = in.raw(in.left());
  vectors.values.resize(count * vectors.dimension);
  std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(vectors.values.data()));
  const bool finite = std::all_of(vectors.values.begin(), vectors.values.end(), [](float value) { return std::isfinite(value); });
  if (!finite) return corrupt("vectors: a number is not finite");
  return {};
}

Result<std::string> encode_scorer(const Scorer& scorer) {
  const auto* linear = dynamic_cast<const LinearScorer*>(&scorer);
  if (!linear) return fail(ErrorCode::invalid, "only linear scorers can be saved");
  ByteWriter out;
  out.text(linear->name());
  out.fixed(linear->schema_fingerprint(), 8);
  out.f64(linear->intercept());
  out.varint(linear->weights().size());
  for (const double weight : linear->weights()) out.f64(weight);
  out.varint(linear->custom_weights().size());
  for (const CustomWeight& custom : linear->custom_weights()) {
    out.fixed(custom.column, 8);
    out.text(custom.id);
    out.f64(custom.weight);
  }
  return out.take();
}

Status decode_scorer(std::string_view bytes, Models& models) {
  ByteReader in(bytes);
  std::string name(in.text());
  const std::uint64_t fingerprint = in.fixed(8);
  const double intercept = in.f64();
  std::vector<double> weights(in.count());
  for (double& weight : weights) weight = in.f64();
  std::vector<CustomWeight> custom;
  if (in.ok() && !in.done()) // one that was trained before there were configured columns ends here
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
      CustomWeight& one = custom.emplace_back();
      one.column = in.fixed(8);
      one.id = in.text();
      one.weight = in.f64();
    }
  if (!in.ok() || !in.done()) return corrupt("scorer: the file does not end where it should");
  if (fingerprint != feature_schema().fingerprint || weights.size() != feature_schema().columns.size())
    return corrupt("scorer: made for another feature schema");
  const bool sound = std::all_of(custom.begin(), custom.end(), [](const CustomWeight& one) { return std::isfinite(one.weight); });
  if (!sound || !std::isfinite(intercept) || !std::all_of(weights.begin(), weights.end(), [](double w) { return std::isfinite(w); }))
    return corrupt("scorer: a weight is not finite");
  models.scorer = std::make_shared<LinearScorer>(std::move(name), fingerprint, intercept, std::move(weights), std::move(custom));
  return {};
}

std::string encode_rates(const ResponseRates& rates, const SymbolTable& symbols) {
  ByteWriter out;
  out.f32(rates.of_all.click);
  out.f32(rates.of_all.order);
  for (const auto* map : {&rates.by_item, &rates.by_category, &rates.by_brand}) {
    out.varint(map->size());
    for (std::uint32_t place = 1; place <= symbols.size(); ++place) {
      const Response* one = map->find(Symbol{place});
      if (!one) continue;
      out.text(symbols.name(Symbol{place}));
      out.f32(one->click);
      out.f32(one->order);
    }
  }
  return out.take();
}

Status decode_rates(std::string_view bytes, SymbolTable& symbols, ResponseRates& rates) {
  ByteReader in(bytes);
  const auto get = [&] { return Response{in.f32(), in.f32()}; };
  const auto is_rate = [](const Response& one) { return one.click >= 0 && one.click <= 1 && one.order >= 0 && one.order <= 1; }; // false for NaN
  rates.of_all = get();
  bool sound = is_rate(rates.of_all);
  for (auto* map : {&rates.by_item, &rates.by_category, &rates.by_brand})
    for (std::size_t left = in.count(); left > 0 && in.ok() && sound; --left) {
      const Symbol name = symbols.intern(in.text());
      const Response one = get();
      sound = name != Symbol::none && is_rate(one) && map->emplace(name, one);
    }
  if (!sound) return corrupt("rates: a rate is out of range, unnamed or there twice");
  if (!in.ok() || !in.done()) return corrupt("rates: the file does not end where it should");
  return {};
}

std::string encode_intent(const IntentModel& intent) {
  ByteWriter out;
  const auto put = [&](const std::optional<DwellMixture>& mixture) {
    out.u8(mixture ? 1 : 0);
    if (!mixture) return;
    for (const DwellComponent& part : mixture->components())
      for (const double number : {part.share, part.mean_log, part.deviation_log}) out.f64(number);
  };
  put(intent.of_all);
  out.varint(intent.by_device.size());
  for (const auto& mixture : intent.by_device) put(mixture);
  return out.take();
}

Status decode_intent(std::string_view bytes, IntentModel& intent) {
  ByteReader in(bytes);
  bool sound = true;
  const auto get = [&]() -> std::optional<DwellMixture> {
    if (in.u8() == 0) return std::nullopt;
    std::array<DwellComponent, 3> parts;
    for (DwellComponent& part : parts) {
      part = {in.f64(), in.f64(), in.f64()};
      // Written so that NaN fails too.
      sound = sound && part.share >= 0 && part.share <= 1 && std::isfinite(part.mean_log) && part.deviation_log > 0 && std::isfinite(part.deviation_log);
    }
    if (!sound) return std::nullopt;
    return DwellMixture(parts);
  };
  intent.of_all = get();
  if (in.count() != intent.by_device.size()) return corrupt("intent: another number of devices");
  for (auto& mixture : intent.by_device) mixture = get();
  if (!sound) return corrupt("intent: a number is out of range");
  if (!in.ok() || !in.done()) return corrupt("intent: the file does not end where it should");
  return {};
}

std::string encode_golden(const Models& models) {
  ByteWriter out;
  Random random(golden_seed);
  const std::size_t width = feature_schema().columns.size();
  out.varint(golden_rows);
  for (std::size_t i = 0; i < golden_rows; ++i) {
    const std::vector<float> row = golden_row(random, width);
    double probability = 0;
    models.scorer->score(row, {&probability, 1});
    for (const float value : row) out.f32(value);
    out.f64(probability);
  }
  const std::size_t queries = models.vectors.items.empty() ? 0 : golden_rows;
  out.varint(queries);
  for (std::size_t i = 0; i < queries; ++i) {
    const std::vector<float> query = golden_query(random, models.vectors);
    for (const float value : query) out.f32(value);
    out.f64(best_product(models.vectors, query));
  }
  const std::size_t journeys = models.relevance && !models.relevance->parts().items.empty() ? golden_rows : 0;
  out.varint(journeys);
  for (std::size_t i = 0; i < journeys; ++i) {
    const std::vector<ScoredSymbol> best = golden_best(*models.relevance, i);
    out.varint(best.size());
    for (const ScoredSymbol& one : best) out.f32(one.score);
  }
  return out.take();
}

Status check_golden(std::string_view bytes, const Models& models) {
  ByteReader in(bytes);
  const auto agree = [](double a, double b) { return std::abs(a - b) <= golden_tolerance; }; // false for NaN
  std::vector<float> row(feature_schema().columns.size());
  for (std::size_t i = 0, count = in.count(); i < count; ++i) {
    for (float& value : row) value = in.f32();
    double probability = 0;
    models.scorer->score(row, {&probability, 1});
    if (!in.ok() || !agree(in.f64(), probability)) return corrupt("golden rows: the scorer gives another answer than when it was saved");
  }
  std::vector<float> query(models.vectors.dimension);
  const std::size_t queries = in.count();
  if (in.ok() && (queries == 0) != models.vectors.items.empty()) return corrupt("golden rows: vectors and queries do not fit");
  for (std::size_t i = 0; i < queries; ++i) {
    for (float& value : query) value = in.f32();
    if (!in.ok() || !agree(in.f64(), best_product(models.vectors, query))) return corrupt("golden rows: the vectors give another answer than when they were saved");
  }
  const std::size_t journeys = in.count();
  if (in.ok() && (journeys == 0) != (!models.relevance || models.relevance->parts().items.empty())) return corrupt("golden rows: relevance and journeys do not fit");
  for (std::size_t i = 0; i < journeys && in.ok(); ++i) {
    const std::vector<ScoredSymbol> best = golden_best(*models.relevance, i);
    if (in.count() != best.size()) return corrupt("golden rows: relevance finds another number of items than when it was saved");
    for (const ScoredSymbol& one : best)
      if (!agree(static_cast<double>(in.f32()), static_cast<double>(one.score))) return corrupt("golden rows: relevance gives another answer than when it was saved");
  }
  if (!in.ok() || !in.done()) return corrupt("golden rows: the file does not end where it should");
  return {};
}

} // namespace takt::artefact
