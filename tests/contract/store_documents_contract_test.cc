// Documents, identities, labels and the decision log.
#include "tests/contract/store_contract.h"

#include <atomic>
#include <thread>

namespace takt::test {
namespace {

class StoreDocumentsContract : public StoreContract {
protected:
  Documents& documents() { return store().documents(); }
  static Document item(const std::string& id, const std::string& json) { return {"item", id, 0, json, test_time(1), "ada"}; }
  std::vector<std::string> ids_of(std::string_view kind) {
    std::vector<std::string> ids;
    EXPECT_TRUE(documents().scan(kind, [&](const Document& document) {
      ids.push_back(document.id);
      return true;
    }));
    return ids;
  }
};

TEST_P(StoreDocumentsContract, versions_are_dense_and_history_stays) {
  ASSERT_EQ(documents().put(item("sku-1", "{\"a\":1}"), 0), 1U);
  ASSERT_EQ(documents().put(item("sku-1", "{\"a\":2}"), 1), 2U);
  ASSERT_EQ(documents().put(item("sku-1", "{\"a\":3}"), std::nullopt), 3U);
  reopen();
  const auto current = documents().get("item", "sku-1");
  ASSERT_TRUE(current && *current);
  EXPECT_EQ(**current, (Document{"item", "sku-1", 3, "{\"a\":3}", test_time(1), "ada"}));
  const auto second = documents().get_version("item", "sku-1", 2);
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->json, "{\"a\":2}");
  const auto history = documents().history("item", "sku-1");
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*history)[i].version, i + 1);
}

TEST_P(StoreDocumentsContract, what_is_not_there_is_nothing) {
  EXPECT_EQ(*documents().get("item", "sku-1"), std::nullopt);
  ASSERT_TRUE(documents().put(item("sku-1", "{}"), 0));
  EXPECT_EQ(*documents().get("placement", "sku-1"), std::nullopt);
  EXPECT_EQ(*documents().get_version("item", "sku-1", 0), std::nullopt);
  EXPECT_EQ(*documents().get_version("item", "sku-1", 2), std::nullopt);
  EXPECT_TRUE(documents().history("item", "sku-2")->empty());
}

TEST_P(StoreDocumentsContract, an_outdated_put_is_a_conflict_and_changes_nothing) {
  ASSERT_TRUE(documents().put(item("sku-1", "{\"a\":1}"), 0));
  ASSERT_TRUE(documents().put(item("sku-1", "{\"a\":2}"), 1));
  const std::uint64_t revision = documents().revision();
  for (const std::uint64_t expected : {0U, 1U, 3U}) {
    const auto refused = documents().put(item("sku-1", "{\"a\":9}"), expected);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  }
  EXPECT_EQ((*documents().get("item", "sku-1"))->json, "{\"a\":2}");
  EXPECT_EQ(documents().history("item", "sku-1")->size(), 2U);
  EXPECT_EQ(documents().revision(), revision);
}

TEST_P(StoreDocumentsContract, a_deleted_document_keeps_its_history_and_can_come_back) {
  ASSERT_TRUE(documents().put(item("sku-1", "{\"a\":1}"), 0));
  ASSERT_EQ(documents().put(item("sku-1", ""), 1), 2U);
  EXPECT_EQ(ids_of("item"), std::vector<std::string>{"sku-1"}) << "with an empty text: replay asks for its history";
  const auto gone = documents().get("item", "sku-1");
  ASSERT_TRUE(gone && *gone);
  EXPECT_EQ((*gone)->version, 2U);
  EXPECT_TRUE((*gone)->json.empty());
  EXPECT_EQ(documents().put(item("sku-1", "{\"a\":3}"), 0), 3U); // absent to whoever creates it
  EXPECT_EQ(documents().history("item", "sku-1")->size(), 3U);
}

TEST_P(StoreDocumentsContract, put_all_takes_the_same_document_twice) {
  std::vector<Document> documents_in;
  for (int i = 0; i < 1200; ++i) documents_in.push_back(item("sku-" + std::to_string(i % 1000), "{\"n\":" + std::to_string(i) + "}"));
  const std::uint64_t revision = documents().revision();
  ASSERT_TRUE(documents().put_all(documents_in));
  EXPECT_EQ(documents().revision(), revision + 1200);
  reopen();
  EXPECT_EQ(documents().revision(), revision + 1200);
  EXPECT_EQ(ids_of("item").size(), 1000U);
  EXPECT_EQ((*documents().get("item", "sku-7"))->version, 2U);
  EXPECT_EQ((*documents().get("item", "sku-7"))->json, "{\"n\":1007}");
  EXPECT_EQ((*documents().get("item", "sku-700"))->version, 1U);
}

TEST_P(StoreDocumentsContract, a_scan_has_one_kind_by_id_and_stops_when_told) {
  for (const std::string id : {"b", "a", "c", "ab", "a\xc3\xa4"}) ASSERT_TRUE(documents().put(item(id, "{}"), 0));
  ASSERT_TRUE(documents().put({"items", "x", 0, "{}", test_time(1), ""}, 0));  // a kind that starts alike
  ASSERT_TRUE(documents().put({"ite", "ma", 0, "{}", test_time(1), ""}, 0));
  EXPECT_EQ(ids_of("item"), (std::vector<std::string>{"a", "ab", "a\xc3\xa4", "b", "c"}));
  EXPECT_EQ(ids_of("ite"), std::vector<std::string>{"ma"});
  std::size_t visited = 0;
  ASSERT_TRUE(documents().scan("item", [&](const Document&) { return ++visited < 2; }));
  EXPECT_EQ(visited, 2U);
}

TEST_P(StoreDocumentsContract, histories_of_similar_names_stay_apart) {
  ASSERT_TRUE(documents().put({"ab", "c", 0, "1", test_time(1), ""}, 0));
  ASSERT_TRUE(documents().put({"a", "bc", 0, "2", test_time(1), ""}, 0));
  ASSERT_TRUE(documents().put({"a", "b", 0, "3", test_time(1), ""}, 0));
  EXPECT_EQ(documents().history("a", "b")->size(), 1U);
  EXPECT_EQ(documents().history("a", "bc")->size(), 1U);
  EXPECT_FALSE(documents().put({"", "x", 0, "1", test_time(1), ""}, 0));
  EXPECT_FALSE(documents().put({"a", "", 0, "1", test_time(1), ""}, 0));
}

TEST_P(StoreDocumentsContract, of_many_writers_with_one_expectation_one_wins) {
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] { won += documents().put(item("sku-1", std::to_string(i)), 0).has_value() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(documents().history("item", "sku-1")->size(), 1U);
}

TEST_P(StoreDocumentsContract, an_identity_is_claimed_once) {
  Identities& identities = store().identities();
  const Identity user{IdentityKind::user, "ada"};
  const Identity anonymous{IdentityKind::anonymous, "ada"};       // same text, another identity
  EXPECT_EQ(*identities.find(user), CustomerId{});
  EXPECT_EQ(*identities.claim(user, CustomerId{7}, CustomerId{}), CustomerId{7});
  EXPECT_EQ(*identities.claim(user, CustomerId{8}, CustomerId{}), CustomerId{7});
  EXPECT_EQ(*identities.find(anonymous), CustomerId{});
  EXPECT_EQ(*identities.claim(user, CustomerId{8}, CustomerId{7}), CustomerId{8});
  EXPECT_EQ(*identities.claim(user, CustomerId{8}, CustomerId{7}), CustomerId{8}); // again: it is so
  reopen();
  EXPECT_EQ(*store().identities().find(user), CustomerId{8});
  EXPECT_EQ(*store().identities().claim(user, CustomerId{}, CustomerId{8}), CustomerId{});
  EXPECT_EQ(*store().identities().find(user), CustomerId{});
}

TEST_P(StoreDocumentsContract, a_race_for_an_identity_has_one_winner_and_all_know) {
  for (int round = 0; round < 20; ++round) {
    const Identity identity{IdentityKind::anonymous, "device " + std::to_string(round)};
    std::array<CustomerId, 8> holders;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < holders.size(); ++i)
      threads.emplace_back([&, i] { holders[i] = store().identities().claim(identity, CustomerId{i + 1}, CustomerId{}).value_or(CustomerId{}); });
    for (std::thread& thread : threads) thread.join();
    const CustomerId winner = *store().identities().find(identity);
    EXPECT_TRUE(winner);
    for (const CustomerId holder : holders) EXPECT_EQ(holder, winner);
  }
}

TEST_P(StoreDocumentsContract, labels_keep_their_symbols) {
  std::vector<Symbol> symbols;
  for (int i = 0; i < 500; ++i) symbols.push_back(store().symbols().intern("label " + std::to_string(i)));
  store().symbols().intern("label 3");
  EXPECT_EQ(store().symbols().size(), 500U);
  reopen();
  EXPECT_EQ(store().symbols().size(), 500U);
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    EXPECT_EQ(store().symbols().find("label " + std::to_string(i)), symbols[i]);
    EXPECT_EQ(store().symbols().name(symbols[i]), "label " + std::to_string(i));
  }
  EXPECT_EQ(static_cast<std::uint32_t>(store().symbols().intern("new")), 501U);
}

class StoreDecisionsContract : public StoreContract {
protected:
  DecisionId decide(CustomerId customer, std::uint64_t number) {
    const DecisionId id = make_decision_id(test_time(number), customer, static_cast<std::uint32_t>(number));
    DecisionRecord record;
    record.decision.id = id;
    record.decision.customer = customer;
    record.decision.now = test_time(number);
    record.request.request_id = "r-" + std::to_string(number);
    Commit decision = make_commit(customer, read(customer).version, number);
    decision.id = CommitId{id.bytes};
    decision.decision = encode_decision(record);
    EXPECT_EQ(commit(decision), CommitOutcome::committed);
    return id;
  }
  std::vector<std::string> requests_between(UtcTime from, UtcTime to) {
    std::vector<std::string> requests;
    EXPECT_TRUE(store().decisions().scan(from, to, [&](const DecisionRecord& record) {
      requests.push_back(record.request.request_id);
      return true;
    }));
    return requests;
  }
};

TEST_P(StoreDecisionsContract, a_decision_is_found_by_its_id) {
  const DecisionId id = decide(CustomerId{5}, 10);
  reopen();
  const auto found = store().decisions().find(id);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->decision.id, id);
  EXPECT_EQ((*found)->request.request_id, "r-10");
  EXPECT_EQ(*store().decisions().find(make_decision_id(test_time(10), CustomerId{5}, 11)), std::nullopt);
}

TEST_P(StoreDecisionsContract, a_commit_that_is_refused_logs_no_decision) {
  const DecisionId id = make_decision_id(test_time(1), CustomerId{5}, 1);
  Commit late = make_commit(CustomerId{5}, 3, 1);
  late.id = CommitId{id.bytes};
  late.decision = encode_decision({});
  ASSERT_EQ(commit(late), CommitOutcome::conflict);
  EXPECT_EQ(*store().decisions().find(id), std::nullopt);
}

TEST_P(StoreDecisionsContract, a_scan_is_by_time_from_included_to_excluded) {
  for (const std::uint64_t number : {30U, 10U, 20U, 40U, 21U}) decide(CustomerId{number}, number);
  EXPECT_EQ(requests_between(test_time(0), test_time(100)), (std::vector<std::string>{"r-10", "r-20", "r-21", "r-30", "r-40"}));
  EXPECT_EQ(requests_between(test_time(20), test_time(30)), (std::vector<std::string>{"r-20", "r-21"}));
  EXPECT_TRUE(requests_between(test_time(41), test_time(100)).empty());
  std::size_t visited = 0;
  ASSERT_TRUE(store().decisions().scan(test_time(0), test_time(100), [&](const DecisionRecord&) { return ++visited < 2; }));
  EXPECT_EQ(visited, 2U);
}

std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, StoreDocumentsContract, ::testing::ValuesIn(store_kinds()), name_of);
INSTANTIATE_TEST_SUITE_P(stores, StoreDecisionsContract, ::testing::ValuesIn(store_kinds()), name_of);

} // namespace
} // namespace takt::test
