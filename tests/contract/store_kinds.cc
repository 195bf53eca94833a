#include "tests/contract/store_contract.h"

namespace takt::test {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
public:
  Store& store() override { return *store_; }
  void reopen() override {}

private:
  std::unique_ptr<Store> store_ = make_memory_store();
};

class RocksdbUnderTest final : public StoreUnderTest {
public:
  explicit RocksdbUnderTest(std::size_t cache_bytes) : cache_bytes_(cache_bytes) { reopen(); }
  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    auto opened = open_rocksdb_store({.directory = directory_.path(), .cache_bytes = cache_bytes_, .sync_every = {}, .bulk_load = false});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

private:
  TempDir directory_;
  std::size_t cache_bytes_;
  std::unique_ptr<Store> store_;
};

/// Another store behind a FaultyStore that stays quiet: the wrapper itself must keep the contract.
class WrappedUnderTest final : public StoreUnderTest {
public:
  explicit WrappedUnderTest(std::unique_ptr<StoreUnderTest> inner) : inner_(std::move(inner)) { wrap(); }
  Store& store() override { return *faulty_; }
  void reopen() override {
    faulty_.reset();
    inner_->reopen();
    wrap();
  }

private:
  void wrap() { faulty_ = std::make_unique<FaultyStore>(inner_->store(), FaultPlan{}, 1); }
  std::unique_ptr<StoreUnderTest> inner_;
  std::unique_ptr<FaultyStore> faulty_;
};

} // namespace

std::vector<StoreKind> store_kinds() {
  const auto memory = [] { return std::make_unique<MemoryUnderTest>(); };
  const auto rocksdb = [] { return std::make_unique<RocksdbUnderTest>(std::size_t{64} << 20); };
  return {
      {"memory", memory},
      {"rocksdb", rocksdb},
      {"rocksdb_without_cache", [] { return std::make_unique<RocksdbUnderTest>(0); }}, // every read is a cold one
      {"memory_behind_faulty", [=] { return std::make_unique<WrappedUnderTest>(memory()); }},
      {"rocksdb_behind_faulty", [=] { return std::make_unique<WrappedUnderTest>(rocksdb()); }},
  };
}

} // namespace takt::test
