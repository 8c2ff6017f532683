/* Route: pairs that hand messages to and fro, among others who are connected and silent.
 *
 * Without a rate the loop is closed: `window` messages of each pair are under way, and whoever gets one sends one. That gives messages a
 * second, and what the server's CPU needs for each. With a rate (messages a second, of all pairs together) the loop is open: messages
 * are due at random times, whether or not the ones before have come, and latency counts from when each was due, so that a stalled
 * server, or a stalled generator, is not excused from the messages that it delayed.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>

static uint64_t delivered, due_messages;
static char *text;
static bool measures;

static void answer(struct client *c, uint32_t messages) {
    delivered += messages;
    client_send(c, c->frames, (size_t)c->frame_size * messages);
}

static void note(struct client *c, const uint8_t *payload, size_t size) {
    (void)c;
    uint64_t due;
    if (!stamp_read(payload, size, &due)) fail("a message without its time came");
    delivered++;
    if (measures) latency_add(now() - due);
}

static void say(uint64_t due) {
    static uint8_t out[140000];
    struct client *c = &clients[due_messages++ % (2 * options.pairs)];
    stamp_write(text, due);
    client_send(c, out, c->dialect->message(out, c->partner->number, text, options.text));
}

static void build_windows(void) {
    for (uint32_t i = 0; i < 2 * options.pairs; i++) {
        struct client *c = &clients[i];
        if (!(c->frames = malloc(options.window * ((size_t)options.text * 2 + 256)))) fail("no memory");
        size_t size = 0;
        for (uint32_t k = 0; k < options.window; k++) size += c->dialect->message(c->frames + size, c->partner->number, text, options.text);
        if (size % options.window) fail("messages of different sizes");
        c->frame_size = (uint32_t)(size / options.window);
    }
}

static bool caught_up(void) {
    return delivered >= due_messages;
}

void route(void) {
    if (options.connections < 2 * options.pairs) options.connections = 2 * options.pairs;
    if (options.text < STAMP_SIZE) fail("a text has at least %d bytes", STAMP_SIZE);
    clients_make(options.connections);
    if (!(text = malloc(options.text))) fail("no memory");
    for (uint32_t i = 0; i < options.text; i++) text[i] = (char)('a' + i % 26);
    for (uint32_t i = 0; i < 2 * options.pairs; i++) clients[i].partner = &clients[i ^ 1];
    for (uint32_t i = 2 * options.pairs; i < options.connections; i++) {
        if (options.rest_query && options.dialect == &base) clients[i].dialect = &v2;
        if (options.rest_query) clients[i].query = options.rest_query;
    }
    clients_open(0, options.connections);
    settle(0.3);

    struct pacer pacer = {.fire = say, .is_random = true};
    srand48(1);
    if (options.rate > 0) {
        on.message = note;
        pacer.interval = (double)SECOND / options.rate;
        pace(&pacer);
    } else {
        build_windows();
        on.burst = answer;
        for (uint32_t i = 0; i < options.pairs; i++) client_send(&clients[2 * i], clients[2 * i].frames, (size_t)clients[2 * i].frame_size * options.window);
    }
    is_busy = true;
    spin(options.warmup, NULL);
    measures = true;
    uint64_t first = delivered, start = now();
    double cpu = server_cpu(), own = own_cpu();
    spin(options.seconds, NULL);
    double seconds = (double)(now() - start) / 1e9, messages = (double)(delivered - first);
    cpu = server_cpu() - cpu, own = own_cpu() - own;
    if (options.rate > 0) {
        pacer.interval = 0;
        spin_until(caught_up, "all messages came");
    }
    if (!messages) fail("not one message came");
    printf("{\"per_s\":%.0f,\"cpu_us\":%.4f,\"cpu_share\":%.3f,\"load_share\":%.3f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"samples\":%zu}\n",
        messages / seconds, cpu * 1e6 / messages, cpu / seconds, own / seconds, latency_us(0.5), latency_us(0.99), latency_us(0.999), latency_count());
}
