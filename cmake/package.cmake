# SPDX-License-Identifier: Apache-2.0
# find_package(optnet CONFIG), from an install and from the build tree. One export set per component, so that a consumer of
# optnet::dsl or optnet::solver needs nothing of LibTorch.

include(CMakePackageConfigHelpers)
set(optnet_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/optnet)
set(optnet_components dsl solver)
set_target_properties(optnet_dsl PROPERTIES EXPORT_NAME dsl)
install(TARGETS optnet_dsl EXPORT optnet-dsl)
set(optnet_needs_boost ON)
if(TARGET optnet_hana) # Boost was not found: its part that the language uses travels along
  set_target_properties(optnet_hana PROPERTIES EXPORT_NAME hana)
  set(optnet_needs_boost OFF)
  install(TARGETS optnet_hana EXPORT optnet-dsl)
  install(DIRECTORY ${hana_SOURCE_DIR}/include/boost DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
install(TARGETS optnet_solver EXPORT optnet-solver)
if(TARGET optnet)
  list(APPEND optnet_components optnet)
  set_target_properties(optnet PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS optnet EXPORT optnet-optnet)
endif()

set(optnet_headers PATTERN "*.hpp")
if(NOT TARGET optnet)
  list(APPEND optnet_headers PATTERN torch EXCLUDE PATTERN optnet.hpp EXCLUDE)
endif()
install(DIRECTORY include/optnet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING ${optnet_headers})

foreach(component IN LISTS optnet_components)
  install(EXPORT optnet-${component} NAMESPACE optnet:: DESTINATION ${optnet_package_dir})
  export(EXPORT optnet-${component} NAMESPACE optnet:: FILE ${PROJECT_BINARY_DIR}/optnet-${component}.cmake)
endforeach()

configure_package_config_file(cmake/optnet-config.cmake.in optnet-config.cmake INSTALL_DESTINATION ${optnet_package_dir}
                              NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(optnet-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/libtorch-target.cmake libtorch-target.cmake COPYONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/optnet-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/optnet-config-version.cmake
              cmake/libtorch-target.cmake DESTINATION ${optnet_package_dir})
