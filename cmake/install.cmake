# SPDX-License-Identifier: MIT

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Nothing installed depends on the architecture, so all of it goes under share/ and include/.
set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/pooly")
set(pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

set(file_sets FILE_SET HEADERS)
if(adapters)
    list(APPEND file_sets FILE_SET adapters)
endif()
install(TARGETS pooly EXPORT pooly_targets ${file_sets})
install(EXPORT pooly_targets NAMESPACE pooly:: FILE poolyTargets.cmake DESTINATION "${package_dir}")

configure_package_config_file(cmake/poolyConfig.cmake.in "${PROJECT_BINARY_DIR}/poolyConfig.cmake"
    INSTALL_DESTINATION "${package_dir}"
    NO_SET_AND_CHECK_MACRO
)
# While the major version is 0, a new minor version may change anything.
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatibility SameMinorVersion)
else()
    set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file("${PROJECT_BINARY_DIR}/poolyConfigVersion.cmake"
    COMPATIBILITY ${compatibility}
    ARCH_INDEPENDENT
)
install(FILES "${PROJECT_BINARY_DIR}/poolyConfig.cmake" "${PROJECT_BINARY_DIR}/poolyConfigVersion.cmake"
    DESTINATION "${package_dir}"
)

# The .pc file finds its prefix from where it lies, so an installed tree may be moved.
set(pc_prefix "\${pcfiledir}")
set(pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
if(IS_ABSOLUTE "${pkgconfig_dir}")
    set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
    string(REGEX REPLACE "[^/]+" ".." up "${pkgconfig_dir}")
    string(APPEND pc_prefix "/${up}")
endif()
if(NOT IS_ABSOLUTE "${pc_includedir}")
    string(PREPEND pc_includedir "\${prefix}/")
endif()
configure_file(cmake/pooly.pc.in "${PROJECT_BINARY_DIR}/pooly.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/pooly.pc" DESTINATION "${pkgconfig_dir}")
