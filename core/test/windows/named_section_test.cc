// NamedSection: memory and files under a name, shared with another program.
#include "crossmem/windows/named_section.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "crossmem/error.h"
#include "crossmem/windows/named_mutex.h"
#include "names.h"
#include "windows/peer.h"

namespace crossmem::windows {
namespace {

using testing::Peer;
using testing::unique_name;

std::error_condition condition_of(const auto& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code().default_error_condition();
  }
  return {};
}

std::string text_of(const Mapping& mapping) {
  return reinterpret_cast<const char*>(mapping.data());
}

/// The path of a file that is not there, and goes with this.
struct Path {
  std::string text = (std::filesystem::temp_directory_path() / unique_name("file")).string();
  ~Path() { std::filesystem::remove(text); }
};

TEST(NamedSection, IsMemoryThatAnotherProgramOpens) {
  const auto name = unique_name("section");
  auto mapping = NamedSection::create({}, name, 3000);
  EXPECT_EQ(mapping.size(), 3000U);
  EXPECT_EQ(mapping.path(), name);
  std::strcpy(reinterpret_cast<char*>(mapping.data()), "from-us");
  Peer peer;
  EXPECT_EQ(peer.ask("open-section " + name), 0U);
  EXPECT_EQ(peer.tell("read"), "\"from-us\"");
  peer.ask("write from-it");
  EXPECT_EQ(text_of(mapping), "from-it");
  mapping.close();
  EXPECT_EQ(text_of(NamedSection::open(name, 0)), "from-it");
  peer.kill();
  EXPECT_EQ(condition_of([&] { NamedSection::open(name, 0); }),
            std::errc::no_such_file_or_directory);
}

TEST(NamedSection, IsAFileThatGrows) {
  const auto name = unique_name("section");
  const Path path;
  const Path other;
  {
    const auto mapping = NamedSection::create(path.text, name, 20);
    std::strcpy(reinterpret_cast<char*>(mapping.data()), "here");
    EXPECT_EQ(text_of(NamedSection::create(other.text, name, 20)), "here");
    EXPECT_FALSE(std::filesystem::exists(other.text)) << "the name was there";
    EXPECT_EQ(text_of(NamedSection::create(path.text, unique_name("section"), 20)), "here");
  }
  EXPECT_EQ(std::filesystem::file_size(path.text), 20U);
}

TEST(NamedSection, NeverReachesBeyondItsEnd) {
  const auto name = unique_name("section");
  const Path path;
  const auto mapping = NamedSection::create(path.text, name, 100);
  EXPECT_EQ(condition_of([&] { NamedSection::open(name, 101); }), Errc::out_of_range);
  EXPECT_EQ(condition_of([&] { NamedSection::create({}, name, 101); }), Errc::out_of_range);
  EXPECT_EQ(NamedSection::open(name, 0).size(), 100U);
  EXPECT_EQ(NamedSection::open(name, 60).size(), 60U);
}

TEST(NamedSection, RefusesWhatCannotBe) {
  const auto name = unique_name("section");
  const Path path;
  EXPECT_EQ(condition_of([&] { NamedSection::create({}, name, 0); }), std::errc::invalid_argument);
  EXPECT_EQ(condition_of([&] { NamedSection::create({}, "", 1); }), Errc::invalid_argument);
  EXPECT_EQ(condition_of([&] { NamedSection::create(path.text + "/no/file", name, 1); }),
            std::errc::no_such_file_or_directory);
  const auto folder = std::filesystem::temp_directory_path().string();
  EXPECT_EQ(condition_of([&] { NamedSection::create(folder, name, 1); }),
            std::errc::permission_denied);
  std::ofstream(path.text) << "text";
  Peer peer;
  EXPECT_EQ(peer.ask("lock-file " + path.text), 0U);
  EXPECT_EQ(condition_of([&] { NamedSection::create(path.text, name, 1); }),
            std::errc::device_or_resource_busy);
  const auto mutex = NamedMutex::create(name);
  EXPECT_EQ(condition_of([&] { NamedSection::open(name, 1); }), std::errc::bad_file_descriptor);
}

}  // namespace
}  // namespace crossmem::windows
