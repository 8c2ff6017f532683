/* Options, and which mode runs. `scripts/bench server` builds and calls it; Benchmarks/suite says with what. */

#include "load.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct options options = {
    .dialect = &base,
    .cases = "64x1",
    .pairs = 50,
    .text = 64,
    .observers = 10,
    .opening = 64,
    .heavy_rate = 10000,
    .seconds = 2,
    .warmup = 0.5,
    .heartbeat = 25,
    .patience = 60,
    .polls = true,
};

static const struct {
    const char *name;
    void (*run)(void);
} modes[] = {{"route", route}, {"idle", idle}, {"storm", storm}, {"upgrades", upgrades}, {"mixed", mixed}};

static const struct dialect *const dialects[] = {&base, &v2, &nats, &mqtt0, &mqtt1};

static const struct {
    const char *name;
    const char **value;
} words_of[] = {{"query", &options.query}, {"rest-query", &options.rest_query}, {"cases", &options.cases}};

static const struct {
    const char *name;
    uint32_t *value;
} counts_of[] = {
    {"port", &options.port},           {"pid", &options.pid},         {"connections", &options.connections},
    {"pairs", &options.pairs},         {"text", &options.text},       {"observers", &options.observers},
    {"opening", &options.opening},     {"joins", &options.joins},     {"heavy", &options.heavy},
    {"tls", &options.tls},             {"ids", &options.ids},         {"polls", &options.polls},
};

static const struct {
    const char *name;
    double *value;
} numbers_of[] = {
    {"rate", &options.rate},     {"heavy-rate", &options.heavy_rate}, {"seconds", &options.seconds},
    {"warmup", &options.warmup}, {"heartbeat", &options.heartbeat},   {"patience", &options.patience},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static double number(const char *name, const char *value) {
    char *end;
    double number = strtod(value, &end);
    if (*end || end == value || number < 0) fail("--%s takes a number, not %s", name, value);
    return number;
}

static void set(const char *name, const char *value) {
    for (size_t i = 0; i < COUNT(words_of); i++) {
        if (!strcmp(words_of[i].name, name)) return (void)(*words_of[i].value = value);
    }
    for (size_t i = 0; i < COUNT(counts_of); i++) {
        if (!strcmp(counts_of[i].name, name)) return (void)(*counts_of[i].value = (uint32_t)number(name, value));
    }
    for (size_t i = 0; i < COUNT(numbers_of); i++) {
        if (!strcmp(numbers_of[i].name, name)) return (void)(*numbers_of[i].value = number(name, value));
    }
    for (size_t i = 0; i < COUNT(dialects) && !strcmp(name, "dialect"); i++) {
        if (!strcmp(dialects[i]->name, value)) return (void)(options.dialect = dialects[i]);
    }
    fail("what is --%s %s?", name, value);
}

int main(int count, char **words) {
    if (count < 2) fail("load MODE --port PORT [--option value …]; modes: route idle storm upgrades mixed");
    for (int i = 2; i < count; i += 2) {
        if (strncmp(words[i], "--", 2) || i + 1 == count) fail("what is %s?", words[i]);
        set(words[i] + 2, words[i + 1]);
    }
    if (!options.port || !options.opening) fail("--port and --opening are at least 1");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    loop_start();
    for (size_t i = 0; i < COUNT(modes); i++) {
        if (!strcmp(modes[i].name, words[1])) return modes[i].run(), 0;
    }
    fail("there is no mode %s", words[1]);
}
