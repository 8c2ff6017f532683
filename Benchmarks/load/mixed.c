/* Mixed: many idle with heartbeats, pairs that talk at a rate, some who come and go, and, if asked for, some who never read. */
#include "load.h"
void mixed(void) { fail("not yet"); }
