# The C++ tests, and the tools that other tests run. Paths are those of core, which includes this.
add_executable(crossmem_layout tools/layout.cc)
target_include_directories(crossmem_layout PRIVATE src)
target_link_libraries(crossmem_layout PRIVATE crossmem_core)
# Beside the addon, also where each configuration has a folder of its own.
set_target_properties(crossmem_layout PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

include(GoogleTest)
if(CMAKE_CROSSCOMPILING)
  # Debian has GoogleTest's sources, but not built for Windows.
  set(INSTALL_GTEST OFF)
  set(BUILD_GMOCK OFF)
  add_subdirectory(/usr/src/googletest ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
else()
  find_package(GTest REQUIRED)
endif()
# What a test needs of its system, and what only that system has.
set(harness_windows test/windows/environment.cc test/windows/process.cc)
set(harness_posix test/posix/environment.cc test/posix/process.cc)
set(tests_windows
    test/windows/access_test.cc
    test/windows/advice_test.cc
    test/windows/bell_test.cc
    test/windows/boot_test.cc
    test/windows/control_test.cc
    test/windows/error_test.cc
    test/windows/fault_death_test.cc
    test/windows/fault_test.cc
    test/windows/file_lock_test.cc
    test/windows/mapped_file_test.cc
    test/windows/named_mutex_test.cc
    test/windows/named_section_test.cc
    test/windows/shared_memory_test.cc)
set(tests_posix
    test/crash/segment_crash_test.cc
    test/posix/fault_death_test.cc
    test/posix/fault_test.cc
    test/posix/file_lock_test.cc
    test/posix/fork_test.cc
    test/posix/loop_sleep_test.cc
    test/posix/mapped_file_test.cc
    test/posix/resize_test.cc
    test/posix/shared_memory_test.cc)
if(CROSSMEM_OS STREQUAL windows)
  set(tests_of windows)
else()
  set(tests_of posix)
endif()
add_library(test_main OBJECT test/main.cc ${harness_${tests_of}})
target_include_directories(test_main PRIVATE src test)
target_link_libraries(test_main PUBLIC crossmem_core GTest::gtest)

add_executable(crossmem_tests
    test/advice_test.cc
    test/agents_as_threads_test.cc
    test/child_test.cc
    test/condition_test.cc
    test/error_test.cc
    test/event_test.cc
    test/fault_test.cc
    test/file_lock_test.cc
    test/latest_test.cc
    test/lock_manager_test.cc
    test/mapped_file_test.cc
    test/mapping_test.cc
    test/mutex_test.cc
    test/mutex_wait_test.cc
    test/queue_test.cc
    test/resize_test.cc
    test/rw_lock_test.cc
    test/search_test.cc
    test/segment_rounds_test.cc
    test/semaphore_test.cc
    test/shared_memory_test.cc
    test/task_pool_test.cc
    test/topic_test.cc
    test/wait_test.cc
    ${tests_${tests_of}})
target_include_directories(crossmem_tests PRIVATE src test)
target_link_libraries(crossmem_tests PRIVATE test_main)
if(CROSSMEM_OS STREQUAL windows)
  target_compile_definitions(crossmem_tests PRIVATE CROSSMEM_PEER="$<TARGET_FILE:win32_peer>")
  add_dependencies(crossmem_tests win32_peer)
endif()

add_executable(crossmem_hostile test/hostile_test.cc)
target_include_directories(crossmem_hostile PRIVATE src test)
target_link_libraries(crossmem_hostile PRIVATE test_main)
gtest_discover_tests(crossmem_hostile DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 120 RESOURCE_LOCK hostile)

# One at a time: what one of them leaves behind, another would clean away.
set(segments "*Segment*:*SharedMemory*")
gtest_discover_tests(crossmem_tests TEST_FILTER "-${segments}" TEST_LIST other_tests
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
gtest_discover_tests(crossmem_tests TEST_FILTER "${segments}" TEST_LIST segment_tests
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 RESOURCE_LOCK segments)
if(CROSSMEM_OS STREQUAL linux)
  add_library(crash_tests OBJECT test/crash/crash_test.cc
      test/crash/latest_scenarios.cc test/crash/queue_scenarios.cc test/crash/scenarios.cc
      test/crash/topic_scenarios.cc)
  target_include_directories(crash_tests PRIVATE src test)
  target_link_libraries(crash_tests PRIVATE crossmem_core GTest::gtest)
  # Instructions of ours, not of the dynamic linker.
  set(crash_options -Wl,-z,now)
  add_executable(crossmem_crash $<TARGET_OBJECTS:crash_tests>)
  target_link_libraries(crossmem_crash PRIVATE crossmem_core GTest::gtest_main)
  target_link_options(crossmem_crash PRIVATE ${crash_options})
  foreach(shard 0 1)
    add_test(NAME Crash.${shard} COMMAND crossmem_crash "--gtest_filter=-*AtEveryThird*")
    set_tests_properties(Crash.${shard} PROPERTIES TIMEOUT 600
        ENVIRONMENT "GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=${shard};CROSSMEM_DOMAIN=crash${shard}")
  endforeach()
  # Each witness of a death alone: two hide each other's mistakes.
  add_executable(crossmem_crash_lifeline $<TARGET_OBJECTS:crash_tests>
      test/crash/lifeline_alone.cc)
  target_include_directories(crossmem_crash_lifeline PRIVATE src)
  target_link_libraries(crossmem_crash_lifeline PRIVATE crossmem_core GTest::gtest_main)
  target_link_options(crossmem_crash_lifeline PRIVATE ${crash_options}
      -Wl,--wrap=_ZN8crossmem2v02os8SlotLock5takenERKNS1_4FileEj)
  set(alone "--gtest_filter=*AtEveryThird*")
  add_test(NAME Crash.lifeline_alone COMMAND crossmem_crash_lifeline ${alone})
  add_test(NAME Crash.lock_alone COMMAND refuse set_robust_list $<TARGET_FILE:crossmem_crash> ${alone})
  set_tests_properties(Crash.lifeline_alone Crash.lock_alone PROPERTIES TIMEOUT 600
      ENVIRONMENT "CROSSMEM_DOMAIN=crash-alone")
  foreach(program stress balance)
    add_executable(crossmem_${program} test/crash/${program}.cc)
    target_link_libraries(crossmem_${program} PRIVATE crossmem_core)
  endforeach()

  # The same conformance suite where a sandbox refuses what the kernel could do.
  add_executable(refuse test/refuse.cc)
  set(objects "Agent*:Barrier*:Condition*:CountingSemaphore*:Event*:*Latest*:LoopSleep*:Mutex*:Queue*:RwLock*:Semaphore*:*Topic*:*Wait*")
  foreach(call futex_waitv set_robust_list)
    add_test(NAME Refused.${call}
        COMMAND refuse ${call} $<TARGET_FILE:crossmem_tests> --gtest_filter=${objects}:-*FileLock*)
    set_tests_properties(Refused.${call} PROPERTIES TIMEOUT 300)
  endforeach()
endif()

# Programs of examples/, as their users would build them; tests run them.
add_executable(crossmem_telemetry ${PROJECT_SOURCE_DIR}/examples/telemetry.cc)
target_link_libraries(crossmem_telemetry PRIVATE crossmem_core)
