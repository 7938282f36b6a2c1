#!/bin/sh
# Makes sure that the tools to build and test with are there; installs Debian's packages if it may.
# With --all also those that only CI needs; with --cross those that run what is built for other
# processors and C libraries; with --windows those that build for Windows and run it;
# with --bench those that crossmem is measured with and against; with --docs those that make the
# reference.
set -eu

packages=""
need() { # need PACKAGE COMMAND...: the package is missing if the command fails
  package=$1
  shift
  "$@" >/dev/null 2>&1 || packages="$packages $package"
}

need cmake cmake --version
need ninja-build ninja --version
need g++ sh -c 'echo "#include <span>" | ${CXX:-c++} -std=c++20 -fsyntax-only -x c++ -'
need pkgconf pkg-config --version
need python3 python3 --version
need libgtest-dev test -e /usr/include/gtest/gtest.h
if [ "${1:-}" = --all ]; then
  need clang-tidy clang-tidy --version
  need clang-format clang-format --version
  need spin sh -c 'command -v spin'
  need libbenchmark-dev test -e /usr/include/benchmark/benchmark.h
fi
if [ "${1:-}" = --docs ]; then
  need doxygen doxygen --version
fi
if [ "${1:-}" = --bench ]; then
  need libbenchmark-dev test -e /usr/include/benchmark/benchmark.h
  need redis-server redis-server --version
fi
if [ "${1:-}" = --cross ]; then
  need qemu-user-static qemu-aarch64-static --version
  need libc6-arm64-cross test -e /usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1
  need libstdc++6-arm64-cross test -e /usr/aarch64-linux-gnu/lib/libstdc++.so.6
  need musl-tools sh -c 'command -v musl-gcc'
  need libgtest-dev test -e /usr/src/googletest/CMakeLists.txt
fi
if [ "${1:-}" = --windows ]; then
  need g++-mingw-w64-x86-64-posix x86_64-w64-mingw32-g++-posix --version
  need wine sh -c 'command -v wine'
  need wine64 test -e /usr/lib/wine/wine64
  need clang sh -c 'command -v clang++'
  need libgtest-dev test -e /usr/src/googletest/CMakeLists.txt
fi
[ -n "$packages" ] || exit 0

install="apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends$packages"
as_root=""
if [ "$(id -u)" != 0 ]; then
  as_root="sudo"
  if ! sudo -n true 2>/dev/null; then
    echo "crossmem needs these packages to build. Run: sudo $install" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null; then
  echo "crossmem needs a C++20 compiler, cmake, ninja and GoogleTest to build (on Debian:$packages)." >&2
  exit 1
fi
echo "Installing$packages" >&2
# shellcheck disable=SC2086
$as_root apt-get -o DPkg::Lock::Timeout=300 update -qq >&2 && $as_root $install >/dev/null
