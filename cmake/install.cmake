# What `cmake --install` installs: the library, its headers, and how CMake and pkg-config find them.
# It may be moved afterwards: no file of it has a path in it that is not relative to its own.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/crossmem)

install(TARGETS crossmem_core EXPORT crossmemTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT crossmemTargets NAMESPACE crossmem:: DESTINATION ${package})
# Objects of the Windows kernel are declared where the library has them.
if(NOT CROSSMEM_OS STREQUAL windows)
  set(elsewhere PATTERN windows EXCLUDE)
endif()
install(DIRECTORY core/include/crossmem DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${elsewhere})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/crossmem)

configure_package_config_file(cmake/crossmemConfig.cmake.in crossmemConfig.cmake
    INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
# While the major version is 0, every minor one may break programs.
write_basic_package_version_file(crossmemConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/crossmemConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/crossmemConfigVersion.cmake DESTINATION ${package})

set(pc_directory ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
cmake_path(ABSOLUTE_PATH pc_directory BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}
    OUTPUT_VARIABLE pc_absolute)
file(RELATIVE_PATH pc_to_prefix ${pc_absolute} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_to_prefix ${pc_to_prefix})
foreach(name LIBDIR INCLUDEDIR)
  # Absolute where the packager has said so.
  set(pc_${name} "\${prefix}")
  cmake_path(APPEND pc_${name} ${CMAKE_INSTALL_${name}})
endforeach()
list(TRANSFORM system_libraries PREPEND -l OUTPUT_VARIABLE pc_libraries)
list(JOIN pc_libraries " " pc_libraries)
configure_file(cmake/crossmem.pc.in crossmem.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/crossmem.pc DESTINATION ${pc_directory})
