// Forgetting one person: what goes, what stays, what comes too late.
#include "tests/contract/store_contract.h"

#include "core/decision.h"
#include "core/hash.h"

namespace takt::test {
namespace {

constexpr CustomerId anna{7}, anna_work{9}, ben{11};
const Identity anna_name{IdentityKind::user, "anna"}, anna_phone{IdentityKind::anonymous, "phone"}, ben_name{IdentityKind::user, "ben"};

class StoreErasuresContract : public StoreContract {
protected:
  Erasure erasure_of_anna() const {
    Erasure erasure;
    erasure.members = {anna, anna_work};
    erasure.identities = {anna_name, anna_phone};
    erasure.at = test_time(500);
    erasure.salt = hash128("salt");
    return erasure;
  }
  ErasedCounts erase(const Erasure& erasure) {
    const auto counts = store().erasures().erase(erasure);
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(ErasedCounts{});
  }
  std::vector<CustomerId> customers() {
    std::vector<CustomerId> found;
    EXPECT_TRUE(store().records().for_each_customer([&](CustomerId customer) {
      found.push_back(customer);
      return true;
    }));
    return found;
  }
};

TEST_P(StoreErasuresContract, everything_of_one_person_goes_and_everybody_else_stays) {
  grow(anna, 70);
  grow(anna_work, 3);
  grow(ben, 40);
  const CustomerRecord before = read(ben);
  for (const auto& [identity, customer] : {std::pair{anna_name, anna}, {anna_phone, anna_work}, {ben_name, ben}}) ASSERT_EQ(store().identities().claim(identity, customer, {}), customer);
  const ErasedCounts counts = erase(erasure_of_anna());
  EXPECT_EQ(counts.records, 2U);
  EXPECT_EQ(counts.journal_entries, 73U);
  EXPECT_EQ(counts.identities, 2U);
  for (const bool again : {false, true}) {
    if (again) reopen();
    EXPECT_EQ(read(anna).version, 0U);
    CustomerRecord nobody;
    nobody.id = anna;
    EXPECT_EQ(read(anna), nobody);
    EXPECT_TRUE(entries_after(anna, 0).empty());
    EXPECT_EQ(store().journal().snapshot(anna, 64)->version, 0U);
    EXPECT_EQ(customers(), std::vector<CustomerId>{ben});
    EXPECT_EQ(store().identities().find(anna_name), CustomerId{});
    EXPECT_EQ(store().identities().find(anna_phone), CustomerId{});
    EXPECT_EQ(store().identities().find(ben_name), ben);
    EXPECT_EQ(read(ben), before);
  }
}

TEST_P(StoreErasuresContract, nothing_is_written_for_who_was_erased) {
  grow(anna, 2);
  erase(erasure_of_anna());
  EXPECT_EQ(commit(make_commit(anna, 0, 1)), CommitOutcome::moved);
  EXPECT_EQ(commit(make_commit(anna, 2, 3)), CommitOutcome::moved) << "by somebody who had read the record before";
  reopen();
  EXPECT_TRUE(store().erasures().is_erased(anna));
  EXPECT_FALSE(store().erasures().is_erased(ben));
  EXPECT_EQ(commit(make_commit(anna, 0, 1)), CommitOutcome::moved);
  EXPECT_EQ(commit(make_commit(ben, 0, 1)), CommitOutcome::committed);
}

TEST_P(StoreErasuresContract, a_name_is_known_again_with_its_time_and_the_latest_one_counts) {
  EXPECT_EQ(store().erasures().erased_at(anna_name), std::nullopt);
  Erasure erasure = erasure_of_anna();
  erase(erasure);
  erasure.at = test_time(900);
  erasure.salt = hash128("another salt"); // the store keeps its own
  erasure.identities = {anna_name};
  erase(erasure);
  erasure.at = test_time(600);
  erase(erasure);
  reopen();
  EXPECT_EQ(store().erasures().erased_at(anna_name), test_time(900));
  EXPECT_EQ(store().erasures().erased_at(anna_phone), test_time(500));
  EXPECT_EQ(store().erasures().erased_at({IdentityKind::anonymous, "anna"}), std::nullopt) << "a device of that name is nobody";
  EXPECT_EQ(store().erasures().marks().size(), 4U);
}

TEST_P(StoreErasuresContract, logged_decisions_and_dedupe_marks_go_with_the_journal) {
  Commit decided = make_commit(anna, 0, 1);
  DecisionRecord record;
  record.decision.id = DecisionId{decided.id.bytes};
  decided.decision = encode_decision(record);
  ASSERT_EQ(commit(decided), CommitOutcome::committed);
  Commit message = make_commit(anna, 1, 2);
  message.marks = {{message.id.bytes, test_time(1000), {}}};
  ASSERT_EQ(commit(message), CommitOutcome::committed);
  ASSERT_TRUE(store().records().seen({message.id.bytes, test_time(3)}));
  EXPECT_EQ(erase(erasure_of_anna()).decisions, 1U);
  const auto found = store().decisions().find(record.decision.id);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_FALSE(store().records().seen({message.id.bytes, test_time(3)}));
}

TEST_P(StoreErasuresContract, a_label_loses_its_text_and_its_number_is_not_given_again) {
  const Symbol order = store().symbols().intern("order 4711"), item = store().symbols().intern("pumps");
  Erasure erasure = erasure_of_anna();
  erasure.labels = {order};
  EXPECT_EQ(erase(erasure).labels, 1U);
  EXPECT_EQ(store().symbols().find("order 4711"), Symbol::none);
  EXPECT_EQ(store().symbols().find("pumps"), item);
  for (int i = 0; i < 3000; ++i) store().symbols().intern("label " + std::to_string(i)); // the table grows
  EXPECT_EQ(store().symbols().find("order 4711"), Symbol::none);
  const Symbol again = store().symbols().intern("order 4711");
  EXPECT_NE(again, order);
  reopen();
  EXPECT_EQ(store().symbols().find("order 4711"), again);
  EXPECT_EQ(store().symbols().find("pumps"), item);
}

TEST_P(StoreErasuresContract, what_was_cleared_leaves_the_record_as_its_restatement_says) {
  grow(ben, 40);
  CustomerRecord apart;
  apart.id = ben;
  apart.founded_at = test_time(1);
  apart.traits = {{"tier", "\"own\"", test_time(2)}};
  Commit parting = make_commit(ben, 40, 40);
  parting.delta.operations = {op::Restate{apart, anna, 40, false}};
  ASSERT_EQ(commit(parting), CommitOutcome::committed);
  grow(ben, 5, 1);
  const CustomerRecord before = read(ben);
  Erasure erasure = erasure_of_anna();
  erasure.cleared = {{ben, 41}};
  erase(erasure);
  for (const JournalEntry& entry : entries_after(ben, 0)) {
    if (entry.version >= 41) break;
    EXPECT_TRUE(entry.raw.empty() && entry.delta.empty()) << entry.version;
  }
  EXPECT_EQ(read(ben), before);
  EXPECT_EQ(fold_all(store(), ben), before);
  ASSERT_TRUE(store().journal().rebuild(nullptr));
  reopen();
  EXPECT_EQ(read(ben), before);
}

TEST_P(StoreErasuresContract, a_version_of_a_document_can_be_rewritten_where_it_stands) {
  Documents& documents = store().documents();
  ASSERT_EQ(documents.put({"audience", "vip", 0, "[\"anna\",\"ben\"]", test_time(1), "ada"}, 0), 1U);
  ASSERT_EQ(documents.put({"audience", "vip", 0, "[\"anna\"]", test_time(2), "ada"}, 1), 2U);
  for (const std::uint64_t version : {1U, 2U}) ASSERT_TRUE(documents.rewrite({"audience", "vip", version, "[\"ben\"]", test_time(1), "ada"}));
  EXPECT_FALSE(documents.rewrite({"audience", "vip", 3, "[]", test_time(1), "ada"}));
  EXPECT_FALSE(documents.rewrite({"audience", "none", 1, "[]", test_time(1), "ada"}));
  reopen();
  EXPECT_EQ((*store().documents().get("audience", "vip"))->json, "[\"ben\"]");
  EXPECT_EQ((*store().documents().get("audience", "vip"))->version, 2U);
  EXPECT_EQ((*store().documents().get_version("audience", "vip", 1))->json, "[\"ben\"]");
  EXPECT_EQ(store().documents().put({"audience", "vip", 0, "[]", test_time(3), "ada"}, 2), 3U);
}

TEST_P(StoreErasuresContract, scrubbing_changes_nothing_that_is_there) {
  grow(anna, 40);
  grow(ben, 40);
  const CustomerRecord before = read(ben);
  erase(erasure_of_anna());
  for (const bool everything : {false, true}) ASSERT_TRUE(store().erasures().scrub(everything, nullptr));
  reopen();
  EXPECT_EQ(read(ben), before);
  EXPECT_EQ(customers(), std::vector<CustomerId>{ben});
}

std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, StoreErasuresContract, ::testing::ValuesIn(store_kinds()), name_of);

} // namespace
} // namespace takt::test
