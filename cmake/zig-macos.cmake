# Cross-compiles for macOS 11 with the zig compiler of toolchain/.
set(CMAKE_SYSTEM_NAME Darwin)
set(CROSSMEM_ZIG_ARCH aarch64 CACHE STRING "aarch64 or x86_64")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CROSSMEM_ZIG_ARCH)
set(CMAKE_SYSTEM_PROCESSOR ${CROSSMEM_ZIG_ARCH})
set(tools ${CMAKE_CURRENT_LIST_DIR}/../toolchain/bin)
set(CMAKE_C_COMPILER ${tools}/zig-${CROSSMEM_ZIG_ARCH}-cc)
set(CMAKE_CXX_COMPILER ${tools}/zig-${CROSSMEM_ZIG_ARCH}-c++)
set(CMAKE_AR ${tools}/zig-ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${tools}/zig-ranlib CACHE FILEPATH "")
# Only libraries are built; nothing is linked against Apple's.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_COMPILER_WORKS TRUE)
