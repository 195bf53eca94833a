# Flags and helpers that every target shares.
find_package(Threads REQUIRED)

add_library(takt_flags INTERFACE)
target_include_directories(takt_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(takt_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
# GCC 12 at -O3 warns of overlaps of 2^63 bytes within std::string (GCC bug 105651, mended in 13), and of lists it copies itself.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(takt_flags INTERFACE $<$<CONFIG:Release>:-Wno-restrict> $<$<CONFIG:Release>:-Wno-maybe-uninitialized>)
endif()
# Same inputs, same slate: no fused multiply-add, which rounds once where others round twice.
target_compile_options(takt_flags INTERFACE -ffp-contract=off)
# What programs allocate with. A decision makes some thousand short-lived allocations, of all sizes, on many threads: jemalloc is
# 10 % of a decision faster there than glibc, which joins its small blocks each time a large one goes. Sanitizers bring their own.
add_library(takt_allocator INTERFACE)
if(NOT TAKT_SANITIZE)
  find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
  target_link_libraries(takt_allocator INTERFACE ${JEMALLOC_LIBRARY})
endif()
if(TAKT_WARNINGS_AS_ERRORS)
  target_compile_options(takt_flags INTERFACE -Werror)
endif()
if(TAKT_NATIVE)
  target_compile_options(takt_flags INTERFACE -march=native)
endif()
foreach(sanitizer IN LISTS TAKT_SANITIZE)
  target_compile_options(takt_flags INTERFACE -fsanitize=${sanitizer} -fno-omit-frame-pointer)
  target_link_options(takt_flags INTERFACE -fsanitize=${sanitizer})
endforeach()
if("undefined" IN_LIST TAKT_SANITIZE)
  target_compile_options(takt_flags INTERFACE -fno-sanitize-recover=undefined)
  # In the tests' own files not the four checks at each access, which take as long to compile as all others together (19 s a file, not 11).
  target_compile_options(takt_flags INTERFACE $<$<BOOL:$<TARGET_PROPERTY:TAKT_IS_TEST>>:-fno-sanitize=null,alignment,object-size,vptr>)
endif()
target_link_libraries(takt_flags INTERFACE Threads::Threads)

# takt_library(core core SOURCES … LINKS …): one static library takt_<name>.
function(takt_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(takt_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(takt_${name} PUBLIC takt_flags ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# takt_test(name SOURCES … LINKS … [LABELS slow]): one GoogleTest program build/…/tests/<name>, run as one ctest test.
function(takt_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE takt_test_support ${ARG_LINKS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests TAKT_IS_TEST ON)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
    if(TAKT_SANITIZE)
      set(ARG_TIMEOUT 1800) # ten times slower
    endif()
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
