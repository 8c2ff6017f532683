// A library that tests preload (LD_PRELOAD) into real programs so that their clocks can be set under them: the file that
// SCA_TEST_CLOCK names has two 64-bit numbers, the seconds by which the time of day, and the clock that counts through a
// suspended machine (CLOCK_BOOTTIME), are off. The clock that stands still in suspension (CLOCK_MONOTONIC) is left alone.
//
// Rejected: libfaketime, which sets an environment variable before main. That moves the environment, and Swift's runtime
// no longer finds the arguments, which it looks for right before it; and a killed program leaves its shared memory behind.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offsets;

__attribute__((constructor)) static void map(void) {
    const char *path = getenv("SCA_TEST_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, 16, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED) offsets = page;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result != 0 || !offsets) return result;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += offsets[0];
    if (clock == CLOCK_BOOTTIME) now->tv_sec += offsets[1];
    return 0;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec time;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
