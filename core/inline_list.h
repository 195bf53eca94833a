#pragma once
/// A list of plain values whose first `inline_count` live inside it. Records hold thousands of lists of one to four numbers;
/// with std::vector copying a record for a decision was mostly allocation. Copying a short one here copies its bytes.
/// Not Boost's small_vector: that of Debian 12 does not convert to std::span, is 40 bytes where this is 24, and copies by element.
/// Invalidation as with std::vector, but for short lists a move also moves the elements. Threads: as any value.
#include <algorithm>
#include <compare>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>

namespace takt {

template <class T, std::uint32_t inline_count>
class InlineList {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>, "elements are moved as bytes");
  static_assert(inline_count > 0);

public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using iterator = T*;
  using const_iterator = const T*;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  InlineList() noexcept = default;
  InlineList(std::initializer_list<T> values) : InlineList(values.begin(), values.end()) {}
  template <std::input_iterator Iterator>
  InlineList(Iterator first, Iterator last) {
    for (; first != last; ++first) push_back(*first);
  }
  InlineList(const InlineList& other) { copy_from(other); }
  InlineList(InlineList&& other) noexcept { take(other); }
  InlineList& operator=(const InlineList& other) {
    if (this == &other) return *this;
    if (is_inline() && other.is_inline()) return take_bytes(other), *this;
    assign(other.begin(), other.end());
    return *this;
  }
  InlineList& operator=(InlineList&& other) noexcept {
    if (this == &other) return *this;
    free_heap();
    take(other);
    return *this;
  }
  ~InlineList() { free_heap(); }

  iterator begin() { return data(); }
  iterator end() { return data() + size_; }
  const_iterator begin() const { return data(); }
  const_iterator end() const { return data() + size_; }
  reverse_iterator rbegin() { return reverse_iterator(end()); }
  reverse_iterator rend() { return reverse_iterator(begin()); }
  const_reverse_iterator rbegin() const { return const_reverse_iterator(end()); }
  const_reverse_iterator rend() const { return const_reverse_iterator(begin()); }
  T* data() { return is_inline() ? held_.own : held_.heap; }
  const T* data() const { return is_inline() ? held_.own : held_.heap; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return capacity_; }
  /// Bytes it holds outside itself.
  std::size_t heap_bytes() const { return is_inline() ? 0 : capacity_ * sizeof(T); }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }

  void clear() { size_ = 0; }
  void reserve(std::size_t count) {
    if (count > capacity_) grow(count);
  }
  void push_back(const T& value) {
    const T kept = value; // it may stand in this list
    if (size_ == capacity_) grow(std::size_t{size_} + 1);
    data()[size_++] = kept;
  }
  T& emplace_back() {
    push_back(T{});
    return back();
  }
  void pop_back() { --size_; }
  iterator insert(const_iterator before, const T& value) {
    const T kept = value; // it may stand in this list
    const std::size_t at = static_cast<std::size_t>(before - begin());
    if (size_ == capacity_) grow(std::size_t{size_} + 1);
    T* place = data() + at;
    std::memmove(static_cast<void*>(place + 1), place, (size_ - at) * sizeof(T));
    *place = kept;
    ++size_;
    return place;
  }
  iterator erase(const_iterator first, const_iterator last) {
    T* place = begin() + (first - begin());
    std::memmove(static_cast<void*>(place), last, static_cast<std::size_t>(end() - last) * sizeof(T));
    size_ -= static_cast<std::uint32_t>(last - first);
    return place;
  }
  iterator erase(const_iterator at) { return erase(at, at + 1); }
  template <std::input_iterator Iterator>
  void assign(Iterator first, Iterator last) { // not from itself
    clear();
    for (; first != last; ++first) push_back(*first);
  }

  friend bool operator==(const InlineList& a, const InlineList& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }
  friend auto operator<=>(const InlineList& a, const InlineList& b) {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
  }
  template <class Predicate>
  friend std::size_t erase_if(InlineList& list, Predicate predicate) {
    const auto kept = std::remove_if(list.begin(), list.end(), predicate);
    const auto gone = static_cast<std::size_t>(list.end() - kept);
    list.erase(kept, list.end());
    return gone;
  }

private:
  union Held {
    T own[inline_count];
    T* heap;
    Held() noexcept : own{} {}
  };
  bool is_inline() const { return capacity_ == inline_count; }
  void take_bytes(const InlineList& other) {
    size_ = other.size_;
    std::memcpy(static_cast<void*>(&held_), &other.held_, sizeof held_);
  }
  void copy_from(const InlineList& other) {
    if (other.is_inline()) return take_bytes(other);
    grow(other.size_);
    std::memcpy(static_cast<void*>(data()), other.data(), other.size_ * sizeof(T));
    size_ = other.size_;
  }
  void take(InlineList& other) noexcept {
    capacity_ = other.capacity_;
    take_bytes(other);
    other.capacity_ = inline_count;
    other.size_ = 0;
  }
  void grow(std::size_t count) {
    if (count <= capacity_) return;
    const std::size_t capacity = std::max(count, std::size_t{capacity_} * 2);
    T* heap = new T[capacity];
    std::memcpy(static_cast<void*>(heap), data(), size_ * sizeof(T));
    free_heap();
    held_.heap = heap;
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  void free_heap() noexcept {
    if (!is_inline()) delete[] held_.heap;
  }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = inline_count;
  Held held_;
};

} // namespace takt
