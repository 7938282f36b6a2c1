// The platforms that the package has a binary for, and what CMake has to know of each.
const zig = (target, ...more) => [
  '-DCMAKE_TOOLCHAIN_FILE=cmake/zig.cmake',
  `-DCROSSMEM_ZIG_TARGET=${target}`,
  ...more,
];

/** By `process.platform` and `process.arch`. glibc 2.17 is that of 2012; macOS 11 that of 2020. */
export const targets = {
  'linux-x64': zig('x86_64-linux-gnu.2.17'),
  'linux-arm64': zig('aarch64-linux-gnu.2.17'),
  'linux-x64-musl': zig('x86_64-linux-musl'),
  'linux-arm64-musl': zig('aarch64-linux-musl'),
  'win32-x64': ['-DCMAKE_TOOLCHAIN_FILE=cmake/mingw-w64.cmake'],
  'darwin-x64': zig('x86_64-macos.11.0'),
  'darwin-arm64': zig('aarch64-macos.11.0'),
};
