// SPDX-License-Identifier: MIT
// expect: the message that is there
#error "the message that is there"
