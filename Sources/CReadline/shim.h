// GNU readline behind a small header. readline's own headers use FILE without declaring it, and its
// globals are mutable C variables, which Swift 6 does not let us touch directly: hence the getters.
#ifndef CREADLINE_SHIM_H
#define CREADLINE_SHIM_H

#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>

/// The version of the readline library in use, such as "8.2".
static inline const char *creadline_version(void) { return rl_library_version; }

#endif
