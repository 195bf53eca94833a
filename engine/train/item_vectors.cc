#include "engine/train/item_vectors.h"

#include "core/hash.h"
#include "engine/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace takt {
namespace {

using Vector = std::array<float, vector_dimension>;
static_assert(vector_dimension == 64, "a token's signs are the bits of one 64-bit hash");

/// Share of behaviour at n baskets: n / (n + this). Five visits say as much as the description.
constexpr double evidence_half = 5;
/// However much is known of its visits, the description keeps a say, so that new items can be neighbours of old ones.
constexpr double content_share_min = 0.5;
/// Length of a description of one category that a third of the items share: less than that says little.
constexpr double content_length_min = 1;
/// What is bought together is needed together; what is viewed together may be an alternative. Both count.
constexpr double viewed_weight = 1, bought_weight = 1;

struct Token {
  std::uint64_t hash = 0;
  double weight = 0;
};

/// Namespaces keep a brand apart from a word of the same letters.
enum class Field : std::uint64_t { category = 1, brand, tag, word, kind, identity };
std::uint64_t token_hash(Field field, std::string_view text) { return hash64(text, static_cast<std::uint64_t>(field)); }

std::vector<Token> tokens_of(const CatalogueItem& row, const SymbolTable& symbols) {
  const ContentWeights weights;
  std::vector<Token> tokens;
  for (const Symbol prefix : row.labels.category) tokens.push_back({token_hash(Field::category, symbols.name(prefix)), weights.category});
  if (row.labels.brand != Symbol::none) tokens.push_back({token_hash(Field::brand, symbols.name(row.labels.brand)), weights.brand});
  for (const Symbol tag : row.labels.tags) tokens.push_back({token_hash(Field::tag, symbols.name(tag)), weights.tag});
  for (const std::uint32_t word : row.title_words) tokens.push_back({mix64(word, static_cast<std::uint64_t>(Field::word)), weights.word});
  tokens.push_back({token_hash(Field::kind, symbols.name(row.labels.kind)), weights.kind});
  return tokens;
}

void add_signs(std::span<float> sum, std::uint64_t bits, double weight) {
  const auto step = static_cast<float>(weight / std::sqrt(static_cast<double>(vector_dimension)));
  for (std::size_t i = 0; i < vector_dimension; ++i) sum[i] += (bits >> i) & 1 ? step : -step;
}

void add(std::span<float> sum, std::span<const float> other, double weight) {
  for (std::size_t i = 0; i < vector_dimension; ++i) sum[i] += static_cast<float>(weight) * other[i];
}

/// Unit length, but what is shorter than `least` only grows in proportion: what says little must not look like certainty.
void normalise(std::span<float> vector, double least = 0) {
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
  if (squares < 1e-12) return;
  const auto scale = static_cast<float>(1 / std::max(std::sqrt(squares), least));
  for (float& value : vector) value *= scale;
}

class ContentVectors {
public:
  ContentVectors(const Catalogue& catalogue, const SymbolTable& symbols, std::span<const ItemIndex> rows) {
    std::unordered_map<std::uint64_t, std::uint32_t> documents; // only looked up, so its order is nobody's
    for (const ItemIndex row : rows)
      for (const Token& token : tokens_of(catalogue.at(row), symbols)) ++documents[token.hash];
    values_.assign(rows.size() * vector_dimension, 0);
    const auto all = static_cast<double>(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (const Token& token : tokens_of(catalogue.at(rows[i]), symbols)) {
        const std::uint32_t shared_by = documents.at(token.hash);
        if (shared_by < 2) continue; // nobody else has it: it could only add noise
        add_signs(row(i), token.hash, token.weight * std::log(all / static_cast<double>(shared_by)));
      }
      normalise(row(i), content_length_min);
    }
  }
  std::span<float> row(std::size_t i) { return std::span(values_).subspan(i * vector_dimension, vector_dimension); }
  const std::vector<float>& all() const { return values_; }

private:
  std::vector<float> values_;
};

} // namespace

ItemVectors make_item_vectors(const Catalogue& catalogue, const SymbolTable& symbols, const NeighbourTable& viewed_together,
                              const NeighbourTable& bought_together, const std::function<double(Symbol)>& evidence,
                              const std::function<void(double)>& progress) {
  ItemVectors vectors;
  vectors.dimension = vector_dimension;
  std::vector<ItemIndex> rows;
  // Symbols are dense, and neighbours are looked up a hundred times per item: an array instead of a hash map.
  constexpr std::uint32_t no_row = UINT32_MAX;
  std::vector<std::uint32_t> row_of(symbols.size() + 1, no_row);
  for (const ItemIndex index : catalogue.by_id()) {
    if (catalogue.at(index).removed) continue;
    const Symbol item = catalogue.at(index).labels.item;
    row_of[static_cast<std::size_t>(item)] = static_cast<std::uint32_t>(rows.size());
    vectors.row_of.emplace(item, static_cast<std::uint32_t>(rows.size()));
    vectors.items.push_back(item);
    rows.push_back(index);
  }
  ContentVectors content(catalogue, symbols, rows);
  std::vector<float> values(rows.size() * vector_dimension, 0);
  const auto identity = [&](Symbol item) { return token_hash(Field::identity, symbols.name(item)); };
  // What a neighbour gives: itself, and what it is like.
  std::vector<float> given = content.all();
  for (std::size_t i = 0; i < rows.size(); ++i) add_signs(std::span(given).subspan(i * vector_dimension, vector_dimension), identity(vectors.items[i]), 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Symbol item = vectors.items[i];
    Vector behaviour{};
    const auto add_neighbours = [&](const NeighbourTable& table, double weight) {
      for (const ScoredSymbol& neighbour : table.of(item)) {
        const double share = weight * static_cast<double>(neighbour.score);
        if (const std::size_t known = row_of[static_cast<std::size_t>(neighbour.item)]; known != no_row)
          add(behaviour, std::span<const float>(given).subspan(known * vector_dimension, vector_dimension), share);
        else
          add_signs(behaviour, identity(neighbour.item), share);
      }
    };
    add_neighbours(viewed_together, viewed_weight);
    add_neighbours(bought_together, bought_weight);
    const double baskets = evidence(item);
    if (baskets > 0) add_signs(behaviour, identity(item), 1);
    normalise(behaviour);
    const double behaviour_share = baskets / (baskets + evidence_half);
    const std::span<float> vector = std::span(values).subspan(i * vector_dimension, vector_dimension);
    add(vector, content.row(i), 1 - (1 - content_share_min) * behaviour_share);
    add(vector, behaviour, behaviour_share);
    normalise(vector);
    if (i % 4096 == 0) progress(static_cast<double>(i) / static_cast<double>(rows.size()));
  }
  vectors.values = std::move(values);
  return vectors;
}

} // namespace takt
