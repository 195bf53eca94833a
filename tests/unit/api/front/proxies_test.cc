#include "api/front/proxies.h"

#include "api/front/framing.h"
#include "api/front/listener.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

TrustedProxies trusting(const std::vector<std::string>& blocks) {
  auto proxies = TrustedProxies::parse(blocks);
  EXPECT_TRUE(proxies) << proxies.error().message;
  return std::move(*proxies);
}

sockaddr_storage address_of(std::string_view text) {
  const auto address = parse_address(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(sockaddr_storage{});
}

std::string text_of(const std::optional<sockaddr_storage>& address) {
  if (!address) return "nobody";
  std::string text;
  int port = 0;
  name_of(*address, text, port);
  return text;
}

/// As the front sees it: after the framing.
std::string caller(const TrustedProxies& proxies, std::string_view peer, const std::string& fields) {
  RequestFraming framing;
  framing.take("GET / HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n");
  EXPECT_EQ(framing.state(), RequestFraming::State::head_done) << fields;
  return text_of(proxies.caller_behind(address_of(peer), framing.fields()));
}

TEST(TrustedProxies, BlocksHoldTheirAddressesAndNoOthers) {
  const TrustedProxies proxies = trusting({"127.0.0.1", "10.8.0.0/13", "fd00::/8", "2001:db8::7"});
  for (const char* inside : {"127.0.0.1", "10.8.0.0", "10.15.255.255", "fdff::1", "2001:db8::7", "::ffff:10.9.1.1"}) EXPECT_TRUE(proxies.contains(address_of(inside))) << inside;
  for (const char* outside : {"127.0.0.2", "10.7.255.255", "10.16.0.0", "fe00::", "2001:db8::8", "::1", "::ffff:10.16.0.0"}) EXPECT_FALSE(proxies.contains(address_of(outside))) << outside;
  EXPECT_TRUE(trusting({"0.0.0.0/0"}).contains(address_of("203.0.113.9")));
  EXPECT_FALSE(trusting({"0.0.0.0/0"}).contains(address_of("2001:db8::1")));
  EXPECT_TRUE(trusting({"::/0"}).contains(address_of("203.0.113.9")));
  EXPECT_FALSE(trusting({}).contains(address_of("127.0.0.1")));
}

TEST(TrustedProxies, WhatIsNoBlockIsRefused) {
  for (const char* bad : {"", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.1/8", "fd00::1/8", "10.0.0.1:80", "[::1]", "::/129", "10.0.0", "1.2.3.4/-1"})
    EXPECT_FALSE(TrustedProxies::parse({bad})) << bad;
}

TEST(TrustedProxies, TheCallerIsTheRightmostWhoIsNotOnTheList) {
  const TrustedProxies proxies = trusting({"127.0.0.1", "10.0.0.0/8"});
  EXPECT_EQ(caller(proxies, "127.0.0.1", "X-Forwarded-For: 203.0.113.7\r\n"), "203.0.113.7");
  EXPECT_EQ(caller(proxies, "127.0.0.1", "x-forwarded-for: 198.51.100.1, 203.0.113.7\r\n"), "203.0.113.7") << "the left one was the client's own word";
  EXPECT_EQ(caller(proxies, "127.0.0.1", "X-Forwarded-For: 203.0.113.7, 10.1.1.1 ,10.2.2.2\r\n"), "203.0.113.7") << "through three proxies";
  EXPECT_EQ(caller(proxies, "127.0.0.1", "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.7\r\n"), "203.0.113.7") << "a line of its own";
  EXPECT_EQ(caller(proxies, "127.0.0.1", "X-Forwarded-For: [2001:db8::1]:443\r\n"), "2001:db8::1");
  EXPECT_EQ(caller(proxies, "127.0.0.1", "X-Forwarded-For: 203.0.113.7:5000\r\n"), "203.0.113.7");
  EXPECT_EQ(caller(proxies, "127.0.0.1", "X-Forwarded-For: 10.1.1.1\r\n"), "10.1.1.1") << "a proxy's own check";
}

TEST(TrustedProxies, NobodyElseIsBelieved) {
  const TrustedProxies proxies = trusting({"10.0.0.0/8"});
  EXPECT_EQ(caller(proxies, "127.0.0.1", "X-Forwarded-For: 203.0.113.7\r\n"), "127.0.0.1");
  EXPECT_EQ(caller(proxies, "10.1.1.1", ""), "10.1.1.1");
  EXPECT_EQ(caller(proxies, "10.1.1.1", "X-Forwarded-Fo: 203.0.113.7\r\nMy-X-Forwarded-For: 203.0.113.7\r\nNote: x-forwarded-for: 203.0.113.7\r\n"), "10.1.1.1");
  for (const char* unreadable : {"unknown", "203.0.113.7, unknown", "203.0.113.7,", "[::1", "1.2.3", "999.1.1.1", ",", "%"})
    EXPECT_EQ(caller(proxies, "10.1.1.1", std::string("X-Forwarded-For: ") + unreadable + "\r\n"), "nobody") << unreadable;
}

} // namespace
} // namespace takt::test
