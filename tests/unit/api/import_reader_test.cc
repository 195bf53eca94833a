// Files of an import: packed or plain, cut or whole, and Merchant feeds as items of ours.
#include "api/json/codecs.h"
#include "api/line_reader.h"
#include "api/merchant_feed.h"
#include "core/limits.h"
#include "core/random.h"
#include "tests/support/largest_allocation.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

namespace takt {
namespace {

class ImportReader : public ::testing::Test {
protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("takt-import-reader-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& bytes, const std::string& name = "file") {
    const std::string path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  /// All lines, or the error.
  Result<std::vector<std::string>> lines_of(const std::string& bytes, std::size_t line_bytes_max = limits::import_line_bytes_max) {
    TAKT_TRY(reader, LineReader::open(write(bytes), line_bytes_max));
    std::vector<std::string> lines;
    std::string line;
    for (;;) {
      TAKT_TRY(more, reader.next(line));
      if (!more) return lines;
      lines.push_back(reader.too_long() ? "(too long)" : line);
    }
  }
  std::vector<std::pair<std::size_t, std::string>> feed_of(const std::string& text) {
    auto reader = LineReader::open(write(text));
    std::vector<std::pair<std::size_t, std::string>> items;
    const auto status = read_merchant_feed(*reader, [&](std::size_t line, std::string json) { items.emplace_back(line, std::move(json)); });
    EXPECT_TRUE(status) << status.error().message;
    return items;
  }

  std::filesystem::path directory_;
};

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string xz(const std::string& text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  return packed;
}

std::string zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3);
  EXPECT_FALSE(ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

/// More than one piece of every unpacker, and no two lines alike.
std::string many_lines(std::size_t count) {
  Random random(1);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "line " + std::to_string(i) + " " + std::to_string(random.next()) + "\n";
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

TEST_F(ImportReader, PlainAndPackedFilesHaveTheSameLines) {
  const std::string text = many_lines(30'000);
  const auto wanted = split(text);
  for (const std::string& bytes : {text, gzip(text), xz(text), zstd(text)}) {
    const auto lines = lines_of(bytes);
    ASSERT_TRUE(lines) << lines.error().message;
    EXPECT_EQ(*lines, wanted);
  }
}

TEST_F(ImportReader, AFrameMayEndWhereOurBufferDoes) {
  for (const std::size_t size : {131'071U, 131'072U, 131'073U, 262'144U, 2'097'152U})
    for (const auto& pack : {gzip, xz, zstd}) {
      const auto lines = lines_of(pack(std::string(size - 1, 'x') + "\n"));
      ASSERT_TRUE(lines) << size << ": " << lines.error().message;
      EXPECT_EQ(lines->size(), 1U);
    }
}

TEST_F(ImportReader, ABombIsReadAPieceAtATime) {
  std::string text(std::size_t{64} << 20, 'x'); // some KB in each format
  for (std::size_t end = 65'535; end < text.size(); end += 65'536) text[end] = '\n';
  for (const auto& pack : {gzip, xz, zstd}) {
    const std::string packed = pack(text);
    EXPECT_LT(packed.size(), text.size() / 500);
    const std::string path = write(packed);
    test::reset_largest_allocation();
    auto reader = LineReader::open(path);
    ASSERT_TRUE(reader);
    std::string line;
    std::size_t count = 0;
    for (auto more = reader->next(line); more && *more; more = reader->next(line)) ++count;
    EXPECT_EQ(count, text.size() / 65'536);
    EXPECT_LT(test::largest_allocation(), std::size_t{8} << 20);
  }
}

TEST_F(ImportReader, PackedFilesMayBeJoined) {
  const std::string one = many_lines(2'000), wanted_text = one + one;
  for (const std::string& bytes : {gzip(one) + gzip(one), xz(one) + xz(one), zstd(one) + zstd(one)}) {
    const auto lines = lines_of(bytes);
    ASSERT_TRUE(lines) << lines.error().message;
    EXPECT_EQ(lines->size(), 4'000U);
    EXPECT_EQ(*lines, split(wanted_text));
  }
}

TEST_F(ImportReader, ATruncatedOrDamagedArchiveIsAnErrorNotAShortFile) {
  const std::string text = many_lines(20'000);
  for (std::string packed : {gzip(text), xz(text), zstd(text)}) {
    const auto cut = lines_of(packed.substr(0, packed.size() / 2));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, ErrorCode::corrupt);
    packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
    const auto damaged = lines_of(packed);
    if (damaged) EXPECT_NE(*damaged, split(text)) << "damage went unnoticed"; // a zstd frame without checksum
    else EXPECT_EQ(damaged.error().code, ErrorCode::corrupt);
  }
}

TEST_F(ImportReader, EndingsAndEmptyFiles) {
  EXPECT_EQ(*lines_of("a\r\n\r\nb"), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(*lines_of("a\nb\n"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(lines_of("")->empty());
  EXPECT_TRUE(lines_of(gzip(""))->empty());
  EXPECT_EQ(LineReader::open((directory_ / "none").string()).error().code, ErrorCode::not_found);
  EXPECT_EQ(LineReader::open(directory_.string()).error().code, ErrorCode::not_found);
}

TEST_F(ImportReader, ALineOverTheLimitIsMarkedAndTheNextOneIsRead) {
  const std::string fits(1000, 'x'), over(1001, 'y'), far_over(300'000, 'z');
  EXPECT_EQ(*lines_of(fits + "\n" + over + "\n" + far_over + "\nend\n", 1000), (std::vector<std::string>{fits, "(too long)", "(too long)", "end"}));
}

TEST_F(ImportReader, ATabSeparatedFeed) {
  const auto items = feed_of("id\ttitle\tlink\timage link\tprice\tsale_price\tavailability\tbrand\tproduct_type\titem_group_id\tcolor\n"
                             "sku-1\tPink \"pumps\"\thttps://s.example/1\thttps://s.example/1.jpg\t79.90 EUR\t59.90 EUR\tin_stock\tAcme\tShoes > Pumps\tpumps-77\tpink\n"
                             "\n"
                             "sku-2\tBoots\t\t\t1,299.00 EUR\t\tout of stock\t\t\t\t\n");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].first, 2U);
  EXPECT_EQ(items[1].first, 4U);
  const ItemContext euros{{}, "EUR", {}};
  const auto first = parse_item(items[0].second, euros), second = parse_item(items[1].second, euros);
  ASSERT_TRUE(first) << items[0].second << first.error().message;
  ASSERT_TRUE(second) << items[1].second << second.error().message;
  EXPECT_EQ(first->title, "Pink \"pumps\"");
  EXPECT_EQ(first->price, (Money{59'900'000, "EUR"}));
  EXPECT_EQ(first->list_price, (Money{79'900'000, "EUR"}));
  EXPECT_EQ(first->category, (std::vector<std::string>{"Shoes", "Pumps"}));
  EXPECT_EQ(first->group, "pumps-77");
  EXPECT_EQ(first->attributes_json.at("color"), "\"pink\"");
  EXPECT_EQ(second->stock, 0);
  EXPECT_EQ(second->price, (Money{1'299'000'000, "EUR"}));
}

TEST_F(ImportReader, AnRssAndAnAtomFeed) {
  const std::string item = R"(<g:id>sku-1</g:id><title><![CDATA[Pumps & <more>]]></title><g:price>79.90 EUR</g:price>
    <g:product_type>Shoes &gt; Pumps &#x2013; &#252;</g:product_type><g:shipping><g:price>4.90 EUR</g:price></g:shipping><g:availability>in_stock</g:availability>)";
  const auto rss = feed_of("<?xml version=\"1.0\"?>\n<rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel><title>Shop</title>\n<item>" + item +
                           "<link>https://s.example/1?a=1&amp;b=2</link></item></channel></rss>");
  const auto atom = feed_of("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>" + item + "<link href=\"https://s.example/1?a=1&amp;b=2\"/></entry></feed>");
  for (const auto& items : {rss, atom}) {
    ASSERT_EQ(items.size(), 1U);
    const auto parsed = parse_item(items[0].second, {{}, "EUR", {}});
    ASSERT_TRUE(parsed) << items[0].second << parsed.error().message;
    EXPECT_EQ(parsed->title, "Pumps & <more>");
    EXPECT_EQ(parsed->url, "https://s.example/1?a=1&b=2");
    EXPECT_EQ(parsed->category, (std::vector<std::string>{"Shoes", "Pumps \xe2\x80\x93 \xc3\xbc"}));
    EXPECT_EQ(parsed->price, (Money{79'900'000, "EUR"})); // not that of the shipping
  }
}

TEST_F(ImportReader, RandomDamageOfAFeedNeverCrashes) {
  Random random(21);
  const std::string seed = "<rss><channel><item><g:id>sku-1</g:id><title><![CDATA[x]]></title><g:price>79.90 EUR</g:price><a>&amp;&#9999;</a></item></channel></rss>\n";
  for (int round = 0; round < 300; ++round) {
    std::string text = seed;
    for (std::uint64_t i = 1 + random.below(5); i > 0; --i) text[random.below(text.size())] = static_cast<char>(random.below(256));
    auto reader = LineReader::open(write(text));
    ASSERT_TRUE(reader);
    const auto status = read_merchant_feed(*reader, [](std::size_t, const std::string& json) {
      if (const auto item = parse_item(json, {}); !item) { // a damaged product is refused for what it says, never for broken JSON
        EXPECT_EQ(item.error().code, ErrorCode::invalid) << json;
      }
    });
    if (!status) {
      EXPECT_NE(status.error().code, ErrorCode::internal);
    }
  }
}

} // namespace
} // namespace takt
