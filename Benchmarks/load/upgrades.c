/* Upgrades: connect, upgrade, close, and again, some at a time, and what the server's CPU needs for each. */

#include "load.h"

static uint64_t upgraded;

static void again(struct client *c) {
    upgraded++;
    client_close(c);
    client_open(c);
}

void upgrades(void) {
    is_busy = true;
    clients_make(options.opening);
    on.ready = again;
    for (uint32_t i = 0; i < options.opening; i++) client_open(&clients[i]);
    spin(options.warmup, NULL);
    uint64_t first = upgraded, start = now();
    double cpu = server_cpu(), own = own_cpu();
    spin(options.seconds, NULL);
    double seconds = (double)(now() - start) / 1e9, done = (double)(upgraded - first);
    cpu = server_cpu() - cpu, own = own_cpu() - own;
    if (!done) fail("not one upgrade");
    printf("{\"per_s\":%.0f,\"per_cpu_s\":%.0f,\"cpu_us\":%.2f,\"cpu_share\":%.3f,\"load_share\":%.3f}\n", done / seconds, done / cpu, cpu * 1e6 / done,
        cpu / seconds, own / seconds);
}
