// How many times this program has asked for memory so far: malloc, calloc, realloc and their aligned kin, in all of its libraries.

#ifndef SCA_COUNT_H
#define SCA_COUNT_H

long sca_allocations(void);

#endif
