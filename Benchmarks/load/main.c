/* Options, and which mode runs. `scripts/bench server` builds and calls it; Benchmarks/suite says with what. */

#include "load.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct options options = {
    .dialect = &base, .pairs = 50, .cases = "64x1", .text = 64, .observers = 10, .opening = 64, .seconds = 2, .warmup = 0.5, .heavy_rate = 10000, .heartbeat = 25, .patience = 60, .polls = true,
};

static const struct { const char *name; void (*run)(void); } modes[] = {
    {"route", route}, {"idle", idle}, {"storm", storm}, {"upgrades", upgrades}, {"mixed", mixed},
};
static const struct dialect *const dialects[] = {&base, &v2, &nats, &mqtt0, &mqtt1};

/* Each option is a number, at its place in `options`, but for those that are words. */
#define NUMBERS(each) \
    each(port, int) each(pid, int) each(tls, int) each(connections, uint32_t) each(pairs, uint32_t) each(text, uint32_t) \
    each(observers, uint32_t) each(opening, uint32_t) each(joins, uint32_t) each(heavy, uint32_t) each(rate, double) each(heavy_rate, double) each(seconds, double) \
    each(warmup, double) each(heartbeat, double) each(patience, double) each(ids, bool) each(polls, bool)

static void set(const char *name, const char *value) {
    if (!strcmp(name, "heavy-rate")) name = "heavy_rate";
    if (!strcmp(name, "query")) { options.query = value; return; }
    if (!strcmp(name, "rest-query")) { options.rest_query = value; return; }
    if (!strcmp(name, "cases")) { options.cases = value; return; }
    if (!strcmp(name, "dialect")) {
        for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
            if (!strcmp(dialects[i]->name, value)) { options.dialect = dialects[i]; return; }
        }
        fail("no dialect is called %s", value);
    }
    char *end;
    double number = strtod(value, &end);
    if (*end || end == value || number < 0) fail("--%s takes a number, not %s", name, value);
#define SET(field, type) if (!strcmp(name, #field)) { options.field = (type)number; return; }
    NUMBERS(SET)
    fail("there is no option --%s", name);
}

int main(int count, char **words) {
    if (count < 2) fail("load MODE --port PORT [--option value …]; modes: route idle storm upgrades mixed");
    for (int i = 2; i < count; i += 2) {
        if (strncmp(words[i], "--", 2) || i + 1 == count) fail("what is %s?", words[i]);
        set(words[i] + 2, words[i + 1]);
    }
    options.mode = words[1];
    if (!options.port) fail("--port is needed");
    if (!options.opening) fail("--opening is at least 1");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    loop_start();
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!strcmp(modes[i].name, options.mode)) { modes[i].run(); return 0; }
    }
    fail("there is no mode %s", options.mode);
}
