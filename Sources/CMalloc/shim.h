// One call of glibc that Swift's Glibc module does not have: giving free memory back to the system.

#ifndef SCA_CMALLOC_H
#define SCA_CMALLOC_H

#include <malloc.h>

#endif
