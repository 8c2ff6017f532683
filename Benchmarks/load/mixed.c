/* Mixed: many who are silent but for heartbeats, pairs who talk at a rate (an open loop, as in route.c), some who come and others who go
 * every second, each with a mobile that was not there before; and some who are sent a lot, of 4 KiB each, by one who does nothing else.
 * First these read it; then they read nothing at all, and when their queues are full it is measured again: nobody else's messages
 * should come later for it.
 *
 * Clients by number: talkers, those who are sent a lot, silent ones; behind them those who come and go.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>

enum { HEAVY_TEXT = 4096 };

static uint64_t said, heavy_said, came_and_went, delivered, told, closed_deaf;
static uint32_t first_churn, churn_slots;
static char text[HEAVY_TEXT];
static bool measures, are_deaf;

static void note(struct client *c, const uint8_t *payload, size_t size) {
    (void)c;
    uint64_t due;
    if (!stamp_read(payload, size < 256 ? size : 256, &due)) return; /* one of the many */
    delivered++;
    if (measures) latency_add(now() - due);
}

static void count_presence(struct client *c) {
    (void)c;
    told++;
}

static void say(uint64_t due) {
    static uint8_t out[1024];
    char stamped[256];
    struct client *c = &clients[said++ % (2 * options.pairs)];
    memcpy(stamped, text, options.text);
    stamp_write(stamped, due);
    client_send(c, out, c->dialect->message(out, c->number ^ 1, stamped, options.text));
}

static void say_heavily(uint64_t due) {
    (void)due;
    static uint8_t out[HEAVY_TEXT + 256];
    struct client *c = &clients[options.connections - 1];
    client_send(c, out, c->dialect->message(out, 2 * options.pairs + (uint32_t)(heavy_said++ % options.heavy), text, HEAVY_TEXT));
}

static void come_and_go(uint64_t due) {
    (void)due;
    struct client *goes = &clients[first_churn + came_and_went % churn_slots];
    struct client *comes = &clients[first_churn + (came_and_went + churn_slots / 2) % churn_slots];
    client_close(goes);
    client_close(comes); /* which it is, once it has gone */
    comes->number = 100000000 + (uint32_t)came_and_went++;
    client_open(comes);
}

static void closed(struct client *c) {
    uint32_t index = (uint32_t)(c - clients);
    if (index >= first_churn) return;
    if (!are_deaf || index < 2 * options.pairs || index >= 2 * options.pairs + options.heavy) fail("client %u was closed", c->number);
    closed_deaf++;
}

static void report(const char *word) {
    latency_clear();
    measures = true;
    received_bytes = 0;
    uint64_t first = delivered, first_told = told, start = now();
    double cpu = server_cpu(), own = own_cpu();
    spin(options.seconds, NULL);
    double seconds = (double)(now() - start) / 1e9;
    cpu = server_cpu() - cpu, own = own_cpu() - own;
    measures = false;
    printf("{\"case\":\"%s\",\"per_s\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"cpu_share\":%.3f,\"load_share\":%.3f,", word,
        (double)(delivered - first) / seconds, latency_us(0.5), latency_us(0.99), latency_us(0.999), cpu / seconds, own / seconds);
    printf("\"told_s\":%.0f,\"mb_s\":%.1f,\"rss\":%.0f,\"closed\":%.0f,\"undelivered\":%.0f}\n", (double)(told - first_told) / seconds,
        (double)received_bytes / seconds / 1e6, server_rss(), (double)closed_deaf, (double)(said - delivered));
}

void mixed(void) {
    uint32_t heavy = 2 * options.pairs;
    if (options.rate <= 0) fail("--rate is needed");
    if (options.connections <= heavy + options.heavy) fail("too few connections");
    first_churn = options.connections, churn_slots = 2 * options.joins;
    clients_make(options.connections + churn_slots);
    memset(text, 'm', sizeof text);
    if (options.text < STAMP_SIZE || options.text > 256) fail("a text has %d to 256 bytes", STAMP_SIZE);
    for (uint32_t i = heavy; i < heavy + options.heavy; i++) clients[i].is_far = true;
    clients_open(0, options.connections);
    settle(0.3);
    on.message = note;
    on.presence = count_presence;
    on.closed = closed;

    srand48(1);
    struct pacer talk = {.fire = say, .is_random = true, .interval = (double)SECOND / options.rate};
    struct pacer crowd = {.fire = come_and_go, .interval = options.joins ? (double)SECOND / options.joins : 0};
    struct pacer much = {.fire = say_heavily, .interval = options.heavy ? (double)SECOND / options.heavy_rate : 0};
    is_busy = true;
    heartbeats(0, options.connections - 1, options.heartbeat);
    pace(&talk);
    pace(&crowd);
    pace(&much);
    spin(1, NULL);
    report("all read");
    if (!options.heavy) return;
    for (uint32_t i = heavy; i < heavy + options.heavy; i++) client_deafen(&clients[i]);
    are_deaf = true;
    spin(options.warmup, NULL);
    report("1% never read");
}
