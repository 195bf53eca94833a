// Named audiences: lists, conditions, audiences of audiences, and what cannot be built.
#include "engine/audience.h"
#include "core/limits.h"
#include "tests/support/engine_builders.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

Condition named(std::string id) {
  Condition condition;
  condition.kind = Condition::Kind::audience;
  condition.field = std::move(id);
  return condition;
}

Condition negation(Condition inner) {
  Condition condition;
  condition.kind = Condition::Kind::negation;
  condition.children = {std::move(inner)};
  return condition;
}

Audience of(std::string id, Condition condition) { return {std::move(id), "", std::move(condition), {}}; }
Audience list(std::string id, std::vector<std::string> customers) { return {std::move(id), "", std::nullopt, std::move(customers)}; }

class Audiences : public ::testing::Test {
protected:
  bool in(const std::vector<Audience>& audiences, const std::string& id) {
    const auto set = AudienceSet::build(audiences, symbols);
    EXPECT_TRUE(set) << set.error().message;
    if (!set) return false;
    ConditionInputs inputs;
    inputs.record = &record;
    inputs.symbols = &symbols;
    inputs.audiences = set->get();
    return condition_holds(*ConditionProgram::compile(named(id), symbols, NewLabels::leave), inputs, noon);
  }
  SymbolTable symbols;
  CustomerRecord record;
};

TEST_F(Audiences, a_list_knows_people_by_every_name_they_have) {
  record.id = CustomerId{7};
  record.identities = {{{IdentityKind::user, "u1"}, noon}, {{IdentityKind::anonymous, "a1"}, noon}};
  record.merges = {{CustomerId{9}, noon}};
  EXPECT_TRUE(in({list("l", {"user:u1"})}, "l"));
  EXPECT_FALSE(in({list("l", {"anon:u1", "user:a1"})}, "l"));
  EXPECT_TRUE(in({list("l", {"anon:a1", "user:x"})}, "l"));
  EXPECT_TRUE(in({list("l", {"id:" + to_text(CustomerId{7})})}, "l"));
  EXPECT_TRUE(in({list("l", {"id:" + to_text(CustomerId{9})})}, "l"));
  EXPECT_FALSE(in({list("l", {"id:" + to_text(CustomerId{8})})}, "l"));
  EXPECT_FALSE(in({list("l", {})}, "l"));
}

TEST_F(Audiences, one_may_name_another_and_nobody_is_in_one_that_does_not_exist) {
  record.identities = {{{IdentityKind::user, "u1"}, noon}};
  const std::vector<Audience> all{list("staff", {"user:u1"}), of("public", negation(named("staff"))), of("again", named("staff"))};
  EXPECT_TRUE(in(all, "staff"));
  EXPECT_FALSE(in(all, "public"));
  EXPECT_TRUE(in(all, "again"));
  EXPECT_FALSE(in(all, "unheard"));
}

TEST_F(Audiences, circles_long_chains_and_unknown_names_are_refused) {
  const auto refused = [&](const std::vector<Audience>& audiences) {
    const auto set = AudienceSet::build(audiences, symbols);
    return !set && set.error().code == ErrorCode::invalid && set.error().fields.at(0).pointer == "/condition";
  };
  EXPECT_TRUE(refused({of("a", named("a"))}));
  EXPECT_TRUE(refused({of("a", named("b")), of("b", named("c")), of("c", negation(named("a")))}));
  EXPECT_TRUE(refused({of("a", named("b"))}));
  std::vector<Audience> chain{list("0", {})};
  for (std::size_t i = 1; i < limits::audience_chain_max; ++i) chain.push_back(of(std::to_string(i), named(std::to_string(i - 1))));
  EXPECT_FALSE(refused(chain));
  chain.push_back(of("last", named(std::to_string(limits::audience_chain_max - 1))));
  EXPECT_TRUE(refused(chain));
}

TEST_F(Audiences, audiences_that_name_each_other_many_times_cost_no_more_than_their_sizes) {
  std::vector<Audience> all{list("0", {"user:u1"})};
  record.identities = {{{IdentityKind::user, "u1"}, noon}};
  for (std::size_t i = 1; i < limits::audience_chain_max; ++i) {
    Condition many;
    many.kind = Condition::Kind::all;
    many.children.assign(limits::condition_nodes_max - 1, named(std::to_string(i - 1))); // 199^9 paths, if each were walked
    all.push_back(of(std::to_string(i), many));
  }
  EXPECT_TRUE(in(all, std::to_string(limits::audience_chain_max - 1)));
}

} // namespace
} // namespace takt::test
