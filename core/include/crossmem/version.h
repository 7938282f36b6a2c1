// Version: which crossmem these headers are of, and what its inline namespace stands for.
#pragma once

/// The version by Semantic Versioning. CMake, pkg-config and the npm package tell the same.
#define CROSSMEM_VERSION_MAJOR 0
#define CROSSMEM_VERSION_MINOR 1
#define CROSSMEM_VERSION_PATCH 0

/// Everything that a program sees is in `namespace crossmem`, and for the linker in its inline
/// namespace `v0`. The number rises with every release whose headers do not fit a library that was
/// compiled before: another layout of a class or of a struct of options, another virtual function,
/// a changed or removed signature, another meaning of what is inline here. So two versions in one
/// process do not clash, and objects of one that are given to the other are an error at link time.
/// Nobody names `v0`: who needs to declare a class ahead includes its header.
///
/// It says nothing of what is in shared memory: whether two processes understand each other is
/// checked when they open an object (`Errc::corrupt`; docs/layout.md).
namespace crossmem::inline v0 {}
