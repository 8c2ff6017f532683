/* Idle: what a connection costs that does nothing but live, what its heartbeat costs, and what becomes of it when all leave at once.
 *
 * Memory is the resident set before the first connection, with all of them once it is quiet, and five seconds after they left. A small
 * crowd comes and goes before, so that what the server sets up for its first clients is not counted as theirs.
 */

#include "load.h"

static uint64_t pongs;

static void pong(struct client *c) {
    (void)c;
    pongs++;
}

void idle(void) {
    bool watches = options.dialect == &base || options.dialect == &v2;
    if (watches) watch_start(options.connections);
    clients_make(options.connections);
    uint32_t few = options.connections < 200 ? options.connections : 200;
    clients_open(0, few);
    settle(0.2);
    for (uint32_t i = 0; i < few; i++) client_close(&clients[i]);
    open_clients = 0;
    spin(0.3, NULL);

    double empty = server_rss(), cpu = server_cpu();
    uint64_t start = now();
    clients_open(0, options.connections);
    double opening = (double)(now() - start) / 1e9;
    settle(0.5);
    double opening_cpu = server_cpu() - cpu, full = server_rss();

    on.pong = pong;
    is_busy = true;
    heartbeats(0, options.connections, options.heartbeat);
    cpu = server_cpu();
    spin(options.seconds, NULL);
    cpu = server_cpu() - cpu;
    double beats = (double)pongs;
    heartbeats(0, 0, 0);
    is_busy = false;
    spin(0.2, NULL);

    struct sight before = {0}, during = {0};
    if (watches) {
        watch_probe(true);
        spin(0.5, NULL);
        before = watch_ask();
    }
    start = now();
    for (uint32_t i = 0; i < options.connections; i++) client_close(&clients[i]);
    double leaving = (double)(now() - start) / 1e9;
    spin(2, NULL);
    if (watches) during = watch_ask(), watch_probe(false);
    spin(3, NULL);
    double left = server_rss();

    printf("{\"empty_rss\":%.0f,\"full_rss\":%.0f,\"left_rss\":%.0f,\"bytes_per\":%.0f,",
        empty, full, left, (full - empty) / options.connections);
    printf("\"open_s\":%.3f,\"open_cpu_us\":%.2f,\"beats\":%.0f,\"beat_cpu_us\":%.2f,\"leave_s\":%.3f,\"stall_before_ms\":%.2f,\"stall_ms\":%.2f}\n",
        opening, opening_cpu * 1e6 / options.connections, beats, beats ? cpu * 1e6 / beats : 0, leaving, before.stall * 1e3, during.stall * 1e3);
}
