/* Latencies, kept one by one and sorted when asked; and what /proc knows of the server. */

#include "load.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t *values;
static size_t count, capacity;
static bool is_sorted;

void latency_add(uint64_t nanoseconds) {
    if (count == capacity && !(values = realloc(values, (capacity = capacity ? capacity * 2 : 1 << 16) * sizeof *values))) fail("no memory");
    values[count++] = nanoseconds;
    is_sorted = false;
}

void latency_clear(void) {
    count = 0;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

double latency_us(double share) {
    if (!count) return 0;
    if (!is_sorted) qsort(values, count, sizeof *values, ascending);
    is_sorted = true;
    size_t at = (size_t)(share * (double)count);
    return (double)values[at < count ? at : count - 1] / 1e3;
}

/* What the scheduler gave to each thread, which is exact where the ticks of /proc/PID/stat are of 10 ms. Threads that have ended are
 * missing; the servers measured here start theirs once. */
double server_cpu(void) {
    char path[300];
    double nanoseconds = 0;
    snprintf(path, sizeof path, "/proc/%d/task", options.pid);
    DIR *tasks = options.pid ? opendir(path) : NULL;
    if (!tasks) return 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", options.pid, task->d_name);
        FILE *file = fopen(path, "r");
        double on_cpu = 0;
        if (file && fscanf(file, "%lf", &on_cpu) == 1) nanoseconds += on_cpu;
        if (file) fclose(file);
    }
    closedir(tasks);
    return nanoseconds / 1e9;
}

double own_cpu(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double server_rss(void) {
    char path[300];
    double total = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", options.pid);
    FILE *file = options.pid ? fopen(path, "r") : NULL;
    if (file && fscanf(file, "%lf %lf", &total, &resident) != 2) resident = 0;
    if (file) fclose(file);
    return resident * (double)sysconf(_SC_PAGESIZE);
}

/* When a message was due, as @ and 16 hexadecimal digits at the front of its text. */
void stamp_write(char text[STAMP_SIZE], uint64_t due) {
    text[0] = '@';
    for (int i = STAMP_SIZE - 1; i; i--, due >>= 4) text[i] = "0123456789abcdef"[due & 15];
}

bool stamp_read(const uint8_t *payload, size_t size, uint64_t *due) {
    const uint8_t *at = memchr(payload, '@', size);
    if (!at || at + STAMP_SIZE > payload + size) return false;
    *due = 0;
    for (int i = 1; i < STAMP_SIZE; i++) *due = *due << 4 | (uint64_t)(at[i] <= '9' ? at[i] - '0' : at[i] - 'a' + 10);
    return true;
}
