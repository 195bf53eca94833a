// What is signed and what is compared: against published vectors, and with every bit turned.
#include "api/access/identity.h"
#include "api/access/key.h"
#include "api/access/link.h"
#include "api/access/link_keeper.h"
#include "api/access/sign.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

TEST(Signing, AgreesWithRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Signing, BytesAsTextAndBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string part = bytes.substr(0, size), text = to_base64_url(part);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    EXPECT_EQ(from_base64_url(text), part);
  }
  EXPECT_EQ(to_base64_url("\xfb\xff"), "-_8");
  EXPECT_FALSE(from_base64_url("-_9")) << "bits that mean nothing would make two texts of one value";
  EXPECT_FALSE(from_base64_url("A"));
  EXPECT_FALSE(from_base64_url("AA=="));
  EXPECT_EQ(from_hex("00fFa1"), std::string("\x00\xff\xa1", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

LinkKeys two_keys() { return {{{1, std::string(32, 'a')}, {2, std::string(32, 'b')}}}; }
Link some_click() { return {LinkAction::click, make_decision_id(UtcTime(Duration(1'772'000'000'000)), {77}, 5), 3, 4, "https://shop.example/p?id=1&ref=mail"}; }

TEST(Links, SayWhatTheyWereMadeFor) {
  Link link = some_click();
  const std::string token = write_link(two_keys(), link);
  EXPECT_EQ(read_link(two_keys(), token), link);
  link.action = LinkAction::impression;
  link.target.clear();
  EXPECT_EQ(read_link(two_keys(), write_link(two_keys(), link)), link);
}

TEST(Links, NoBitOfOneMayBeAnother) {
  const std::string token = write_link(two_keys(), some_click()), bytes = *from_base64_url(token);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string other = bytes;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(read_link(two_keys(), to_base64_url(other))) << bit;
  }
  for (std::size_t size = 0; size < token.size(); ++size) EXPECT_FALSE(read_link(two_keys(), token.substr(0, size))) << size;
  EXPECT_FALSE(read_link(two_keys(), token + "A"));
  EXPECT_FALSE(read_link(two_keys(), token + "AAAA"));
}

TEST(Links, AreBelievedAsLongAsTheirKeyIsThere) {
  LinkKeys keys = two_keys();
  const std::string by_two = write_link(keys, some_click());
  keys.secrets.emplace(3, std::string(32, 'c'));
  EXPECT_TRUE(read_link(keys, by_two));
  EXPECT_NE(write_link(keys, some_click()), by_two) << "the newest signs";
  keys.secrets.erase(2);
  EXPECT_FALSE(read_link(keys, by_two));
  keys.secrets.emplace(2, std::string(32, 'd'));
  EXPECT_FALSE(read_link(keys, by_two)) << "the number is not the key";
}

TEST(Links, LeadToPagesOnly) {
  for (const char* url : {"javascript:alert(1)", "data:text/html,x", "//evil.example", "/p/1", "ftp://a.example", "", "https://a.example/\r\nSet-Cookie: x"}) EXPECT_FALSE(is_link_target(url)) << url;
  EXPECT_TRUE(is_link_target("http://shop.example"));
  EXPECT_FALSE(is_link_target("https://shop.example/" + std::string(link_target_bytes_max, 'x')));
  Link link = some_click();
  link.target = "javascript:alert(1)";
  EXPECT_FALSE(read_link(two_keys(), write_link(two_keys(), link))) << "not even where we signed it";
}

TEST(LinkKeepers, MakeOneKeyAndFindItAgain) {
  const auto store = make_memory_store();
  const UtcTime now(Duration(1'772'000'000'000));
  LinkKeeper first(store->documents());
  ASSERT_TRUE(first.load(now));
  const std::string token = write_link(*first.keys(), some_click());
  LinkKeeper second(store->documents());
  ASSERT_TRUE(second.load(now));
  EXPECT_TRUE(read_link(*second.keys(), token)) << "a restart must not break mails that are under way";
  ASSERT_EQ(*second.rotate(false, now, "test"), 2);
  EXPECT_TRUE(read_link(*second.keys(), token));
  const std::string by_two = write_link(*second.keys(), some_click());
  ASSERT_EQ(*second.rotate(true, now, "test"), 3);
  EXPECT_FALSE(read_link(*second.keys(), token));
  EXPECT_FALSE(read_link(*second.keys(), by_two));
  ASSERT_TRUE(first.load(now));
  EXPECT_EQ(first.keys()->secrets.size(), 1U);
  EXPECT_EQ(first.keys()->secrets.begin()->first, 3);
}

TEST(LinkKeepers, TwoDirectoriesHaveTwoKeys) {
  const auto one = make_memory_store(), other = make_memory_store();
  LinkKeeper ours(one->documents()), theirs(other->documents());
  ASSERT_TRUE(ours.load(UtcTime{}));
  ASSERT_TRUE(theirs.load(UtcTime{}));
  EXPECT_FALSE(read_link(*theirs.keys(), write_link(*ours.keys(), some_click())));
}

TEST(Identity, IsProvedByTheHashOfTheShopsOwnServer) {
  const std::vector<std::string> secrets{std::string(32, 'n'), std::string(32, 'o')};
  const std::string proof = to_hex(hmac_sha256(secrets[1], "u1"));
  EXPECT_TRUE(proves_identity(secrets, "u1", proof)) << "the older one is believed as long as it is there";
  EXPECT_FALSE(proves_identity(secrets, "u2", proof));
  EXPECT_FALSE(proves_identity(secrets, "u1", proof.substr(0, 62)));
  EXPECT_FALSE(proves_identity(secrets, "u1", ""));
  EXPECT_FALSE(proves_identity(secrets, "", to_hex(hmac_sha256(secrets[0], ""))));
  EXPECT_FALSE(proves_identity({}, "u1", proof));
  const Caller page{Role::publishable, KeyMode::live, "k", "page", {}}, server{Role::service, KeyMode::live, "s", "back end", {}};
  EXPECT_FALSE(check_identity(secrets, page, "u1", ""));
  EXPECT_FALSE(check_identity(secrets, page, "u2", proof));
  EXPECT_TRUE(check_identity(secrets, page, "u1", proof));
  EXPECT_TRUE(check_identity(secrets, page, "", "")) << "anonymous";
  EXPECT_TRUE(check_identity({}, page, "u1", "")) << "the switch is off";
  EXPECT_TRUE(check_identity(secrets, server, "u1", ""));
  EXPECT_FALSE(check_identity(secrets, server, "u1", "00")) << "a mistake is found on the first day";
}

TEST(AccessKeys, KeepTheirRate) {
  AccessKey wanted;
  wanted.rate = {12.5, 40};
  const AccessKey made = make_key(wanted, {}).key;
  const auto kept = parse_key_document(made.id, write_key_document(made));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(*kept, made);
}

} // namespace
} // namespace takt
