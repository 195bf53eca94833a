#include "engine/condition.h"
#include "engine/json_scalar.h"
#include "tests/support/engine_builders.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

Condition compare(std::string field, ConditionOp op, Operand value = {}) {
  Condition condition;
  condition.kind = Condition::Kind::compare;
  condition.field = std::move(field);
  condition.op = op;
  condition.value = std::move(value);
  return condition;
}

Condition tree(Condition::Kind kind, std::vector<Condition> children) {
  Condition condition;
  condition.kind = kind;
  condition.children = std::move(children);
  return condition;
}

class Conditions : public ::testing::Test {
protected:
  Conditions() {
    Item pumps, boots;
    pumps.id = item_id("pumps");
    pumps.category = {"Shoes", "Pumps"};
    pumps.brand = "Acme";
    pumps.tags = {"new", "sale"};
    pumps.price = Money{79'900'000, "EUR"};
    pumps.stock = 4;
    pumps.attributes_json = {{"color", "\"pink\""}, {"heel", "7.5"}, {"vegan", "true"}, {"gone", "null"}};
    boots.id = item_id("boots");
    boots.category = {"Shoes", "Boots"};
    boots.price = Money{120'000'000, "EUR"};
    catalogue_ = Catalogue::build({pumps, boots}, symbols_, 1);
  }
  const CatalogueItem& item(std::string_view id) const { return catalogue_->at(*catalogue_->find(symbols_.find(id))); }
  bool asks(const Condition& condition, const CatalogueItem* about, const CatalogueItem* anchor) {
    const CustomerRecord nobody;
    ConditionInputs inputs;
    inputs.record = &nobody;
    inputs.symbols = &symbols_;
    inputs.item = about;
    inputs.anchor = anchor;
    return condition_holds(*ConditionProgram::compile(condition, symbols_, NewLabels::leave), inputs, noon);
  }
  bool holds(std::string field, ConditionOp op, Operand value = {}) {
    return asks(compare(std::move(field), op, std::move(value)), &item("pumps"), &item("boots"));
  }

private:
  SymbolTable symbols_;
  std::shared_ptr<const Catalogue> catalogue_;
};

TEST_F(Conditions, text_number_and_flag) {
  EXPECT_TRUE(holds("item.brand", ConditionOp::eq, "Acme"));
  EXPECT_FALSE(holds("item.brand", ConditionOp::eq, "acme"));
  EXPECT_TRUE(holds("item.stock", ConditionOp::eq, 4.0));
  EXPECT_TRUE(holds("item.active", ConditionOp::eq, true));
  EXPECT_FALSE(holds("item.active", ConditionOp::eq, 1.0)); // no conversions between types
  EXPECT_TRUE(holds("item.attributes.color", ConditionOp::eq, "pink"));
  EXPECT_TRUE(holds("item.attributes.heel", ConditionOp::gt, 7.0));
  EXPECT_TRUE(holds("item.attributes.vegan", ConditionOp::eq, true));
}

TEST_F(Conditions, order_and_its_edges) {
  EXPECT_TRUE(holds("item.price.amount", ConditionOp::ge, 79.9));
  EXPECT_FALSE(holds("item.price.amount", ConditionOp::gt, 79.9));
  EXPECT_TRUE(holds("item.price.amount", ConditionOp::le, 79.9));
  EXPECT_FALSE(holds("item.price.amount", ConditionOp::lt, 79.9));
  EXPECT_TRUE(holds("item.price.amount", ConditionOp::lt, "100.00")); // money is written as text
  EXPECT_FALSE(holds("item.brand", ConditionOp::lt, 5.0));
}

TEST_F(Conditions, lists_and_paths) {
  EXPECT_TRUE(holds("item.brand", ConditionOp::in, std::vector<std::string>{"Own", "Acme"}));
  EXPECT_TRUE(holds("item.tags", ConditionOp::in, std::vector<std::string>{"sale", "x"}));
  EXPECT_TRUE(holds("item.tags", ConditionOp::not_in, std::vector<std::string>{"x"}));
  EXPECT_TRUE(holds("item.tags", ConditionOp::contains, "sale"));
  EXPECT_FALSE(holds("item.tags", ConditionOp::contains, "sal"));
  EXPECT_TRUE(holds("item.category", ConditionOp::under, std::vector<std::string>{"Shoes"}));
  EXPECT_TRUE(holds("item.category", ConditionOp::under, std::vector<std::string>{"Shoes", "Pumps"}));
  EXPECT_FALSE(holds("item.category", ConditionOp::under, std::vector<std::string>{"Pumps"}));
  EXPECT_FALSE(holds("item.category", ConditionOp::under, std::vector<std::string>{"Shoes", "Pumps", "Pink"}));
  EXPECT_TRUE(holds("item.category", ConditionOp::eq, std::vector<std::string>{"Shoes", "Pumps"}));
}

TEST_F(Conditions, a_missing_field_satisfies_only_ne_not_in_and_not_exists) {
  for (const char* field : {"item.campaign", "item.list_price.amount", "item.attributes.size", "item.attributes.gone"}) {
    EXPECT_FALSE(holds(field, ConditionOp::eq, "x")) << field;
    EXPECT_FALSE(holds(field, ConditionOp::lt, 5.0)) << field;
    EXPECT_FALSE(holds(field, ConditionOp::in, std::vector<std::string>{"x"})) << field;
    EXPECT_FALSE(holds(field, ConditionOp::exists)) << field;
    EXPECT_TRUE(holds(field, ConditionOp::ne, "x")) << field;
    EXPECT_TRUE(holds(field, ConditionOp::not_in, std::vector<std::string>{"x"})) << field;
    EXPECT_TRUE(holds(field, ConditionOp::exists, false)) << field;
  }
  EXPECT_TRUE(holds("item.price.amount", ConditionOp::exists, true));
}

TEST_F(Conditions, a_reference_reads_the_anchor_and_is_missing_without_one) {
  const Condition cheaper = compare("item.price.amount", ConditionOp::lt, FieldRef{"anchor.price.amount"});
  EXPECT_TRUE(asks(cheaper, &item("pumps"), &item("boots")));
  EXPECT_FALSE(asks(cheaper, &item("boots"), &item("pumps")));
  EXPECT_FALSE(asks(cheaper, &item("pumps"), nullptr));
}

TEST_F(Conditions, all_any_and_negation) {
  const Condition yes = compare("item.brand", ConditionOp::eq, "Acme"), no = compare("item.brand", ConditionOp::eq, "Own");
  EXPECT_TRUE(asks(tree(Condition::Kind::all, {yes, yes}), &item("pumps"), nullptr));
  EXPECT_FALSE(asks(tree(Condition::Kind::all, {yes, no}), &item("pumps"), nullptr));
  EXPECT_TRUE(asks(tree(Condition::Kind::any, {no, yes}), &item("pumps"), nullptr));
  EXPECT_FALSE(asks(tree(Condition::Kind::any, {}), &item("pumps"), nullptr));
  EXPECT_TRUE(asks(tree(Condition::Kind::all, {}), &item("pumps"), nullptr));
  EXPECT_TRUE(asks(tree(Condition::Kind::negation, {no}), &item("pumps"), nullptr));
}

TEST_F(Conditions, knows_its_fields) {
  for (const char* field : {"item.id", "anchor.category", "item.price.amount", "item.attributes.color"}) EXPECT_TRUE(condition_field_kind(field)) << field;
  for (const char* field : {"customer.traits.x", "customer.consent.marketing", "customer.consent.profile.web", "context.page.path", "fact.case_open"}) EXPECT_TRUE(condition_field_kind(field)) << field;
  for (const char* field : {"item.colour", "customer.traits.", "customer.consent.sales", "customer.consent.marketing.", "customer.age", "context.mood", "fact.", "item.attributes.", "id", "item."}) EXPECT_FALSE(condition_field_kind(field)) << field;
}

TEST(JsonScalar, reads_scalars_and_refuses_the_rest) {
  EXPECT_EQ(parse_json_scalar("\"a\\n\\u00e4\\ud83d\\ude00\\\"\""), ScalarValue(std::string("a\n\xc3\xa4\xf0\x9f\x98\x80\"")));
  EXPECT_EQ(parse_json_scalar("-1.5e2"), ScalarValue(-150.0));
  EXPECT_EQ(parse_json_scalar("false"), ScalarValue(false));
  for (const char* text : {"null", "", "[1]", "\"a", "\"\\x\"", "\"\\ud83d\"", "1e999", "1 ", "\"a\"b\""})
    EXPECT_EQ(parse_json_scalar(text), ScalarValue{}) << text;
}

} // namespace
} // namespace takt::test
