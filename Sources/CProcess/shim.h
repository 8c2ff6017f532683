// Calls of Linux that Swift's Glibc module does not have.

#ifndef SCA_CPROCESS_H
#define SCA_CPROCESS_H

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

// Closes every descriptor from this one on in the new process; glibc 2.34. <spawn.h> shows it only to _GNU_SOURCE.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

extern long syscall(long number, ...);

// A descriptor that can be read once the process has ended; Linux 5.3. Its number is the same on every architecture.
static inline int sca_pidfd_open(pid_t pid) {
    return (int)syscall(434, pid, 0);
}

// Forbids core dumps of this process, and others of the same user to look into its memory (prctl(2)); 0 if it could.
static inline int sca_set_undumpable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

#endif
