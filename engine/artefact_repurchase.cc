#include "engine/artefact_repurchase.h"

#include "core/bytes.h"

namespace takt::artefact {
namespace {

/// Nobody's orders reach further back.
constexpr Duration cycle_max = days(36'500);

Duration read_length(ByteReader& in) {
  const Duration length(in.svarint());
  if (length <= Duration{0} || length > cycle_max) in.refuse();
  return length;
}

/// A category goes by the text of its path: symbols are the data directory's own.
Symbol read_category(ByteReader& in, SymbolTable& symbols) {
  const std::string_view name = in.text();
  if (name.empty()) in.refuse();
  return in.ok() ? symbols.intern(name) : Symbol::none;
}

} // namespace

std::string encode_repurchase(const RepurchaseModel& model, const SymbolTable& symbols) {
  ByteWriter out;
  out.varint(model.by_category.size());
  for (const auto& [category, cycle] : model.by_category) {
    out.text(symbols.name(category));
    for (const Duration length : {cycle.cycle, cycle.observed}) out.svarint(length.count());
    for (const std::uint64_t count : {cycle.customers, cycle.intervals}) out.varint(count);
  }
  out.varint(model.refused.size());
  for (const auto& [category, customers] : model.refused) {
    out.text(symbols.name(category));
    out.varint(customers);
  }
  for (const std::uint64_t count : {model.customers_needed, model.customers, model.orders}) out.varint(count);
  return out.take();
}

Result<std::shared_ptr<const RepurchaseModel>> decode_repurchase(std::string_view bytes, SymbolTable& symbols) {
  ByteReader in(bytes);
  auto model = std::make_shared<RepurchaseModel>();
  bool distinct = true;
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const Symbol category = read_category(in, symbols);
    RepurchaseCycle cycle;
    for (Duration* length : {&cycle.cycle, &cycle.observed}) *length = read_length(in);
    for (std::uint64_t* count : {&cycle.customers, &cycle.intervals}) *count = in.varint();
    distinct = distinct && (!in.ok() || model->by_category.emplace(category, cycle).second);
  }
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const Symbol category = read_category(in, symbols);
    const std::uint64_t customers = in.varint();
    distinct = distinct && (!in.ok() || (!model->by_category.contains(category) && model->refused.emplace(category, customers).second));
  }
  for (std::uint64_t* count : {&model->customers_needed, &model->customers, &model->orders}) *count = in.varint();
  if (!in.ok() || !in.done() || !distinct) return fail(ErrorCode::corrupt, "repurchase: the file is damaged");
  return model;
}

} // namespace takt::artefact
