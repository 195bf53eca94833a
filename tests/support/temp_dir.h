#pragma once
/// A fresh directory that is gone at the end of the test.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace takt::test {

class TempDir {
public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "takt-test-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }   ///< "" where the system refused one

private:
  std::string path_;
};

} // namespace takt::test
