// Children are forked; signals are pipes, which forks inherit.
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "child.h"
#include "posix/fork.h"

namespace crossmem::testing {

struct Signal::Ends {
  int read;
  int write;
  bool own;
};

Signal::Signal() {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  ends_ = std::make_unique<Ends>(Ends{ends[0], ends[1], true});
}

Signal::Signal(const std::string& text) {
  const std::size_t comma = text.find(',');
  ends_ = std::make_unique<Ends>(
      Ends{std::stoi(text.substr(0, comma)), std::stoi(text.substr(comma + 1)), false});
}

Signal::~Signal() {
  if (!ends_->own) return;
  ::close(ends_->read);
  ::close(ends_->write);
}

std::string Signal::text() const {
  return std::to_string(ends_->read) + "," + std::to_string(ends_->write);
}

void Signal::give() const { static_cast<void>(!::write(ends_->write, "x", 1)); }

int Signal::give_and_stay() const {
  give();
  for (;;) ::pause();
}

void Signal::await() const {
  char byte = 0;
  static_cast<void>(!::read(ends_->read, &byte, 1));
}

struct Child::Process : Fork {
  using Fork::Fork;
};

Child::Child(Entry entry, const Texts& given)
    : process_(std::make_unique<Process>([&] { return entry(given); })) {}
Child::~Child() = default;

int Child::kill() {
  process_->signal(SIGKILL);
  return process_->finish();
}
void Child::stop() const { process_->signal(SIGSTOP); }
void Child::resume() const { process_->signal(SIGCONT); }
int Child::finish() { return process_->finish(); }

const bool kChildrenAreCheap = true;

void die() {
  ::raise(SIGKILL);
  std::abort();
}

// A fork never comes by `main`.
void run_as_child(int /*count*/, char** /*arguments*/) {}

}  // namespace crossmem::testing
