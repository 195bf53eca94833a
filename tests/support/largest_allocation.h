#pragma once
/// The largest single allocation of the test program since the last reset: damaged bytes must not ask for more memory than
/// they can explain. Linking largest_allocation.cc replaces the global operator new.
#include <cstddef>

namespace takt::test {

void reset_largest_allocation();
std::size_t largest_allocation();

} // namespace takt::test
