// SPDX-License-Identifier: MIT
// expect: a message that no compiler has
#ifndef POOLY_MENDED
#error "the message that is there"
#endif
