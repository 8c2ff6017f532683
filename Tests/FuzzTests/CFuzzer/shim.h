// libFuzzer's way in for programs with a `main` of their own; it comes with the toolchain, without a header.

#ifndef SCA_CFUZZER_H
#define SCA_CFUZZER_H

#include <stddef.h>
#include <stdint.h>

extern int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));

#endif
