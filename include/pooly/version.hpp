// SPDX-License-Identifier: MIT
#pragma once

// Macros, because a user must be able to ask in an #if. The build reads the version from here.
#define POOLY_VERSION_MAJOR 0
#define POOLY_VERSION_MINOR 1
#define POOLY_VERSION_PATCH 0
