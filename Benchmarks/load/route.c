/* Route: pairs that hand messages to and fro, among others who are connected and silent.
 *
 * The cases come as words, and run one after the other on the same connections, a line of JSON each:
 *
 *     64x16    closed loop: 16 messages of 64 bytes of each pair are under way, and whoever gets one sends one. That gives messages a
 *              second, and what the server's CPU needs for each.
 *     64@0.5   open loop, at half the rate of the first case: messages are due at random times (a Poisson process), whether or not
 *              the ones before have come, and latency counts from when each was due, so that a stalled server, or a stalled
 *              generator, is not excused from the messages that it delayed.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>

static uint64_t delivered, due_messages, under_way;
static char *text;
static uint32_t text_size, window;
static bool measures;

static void answer(struct client *c, uint32_t messages) {
    if (messages > window) fail("client %u got %u messages, and %u were under way", c->number, messages, window);
    delivered += messages;
    client_send(c, c->frames, (size_t)c->frame_size * messages);
}

/* The end of a closed loop: nothing is answered, until nothing is under way. */
static void swallow(struct client *c, uint32_t messages) {
    (void)c;
    under_way -= messages;
}

static bool nothing_under_way(void) {
    return under_way == 0;
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
    client_send(c, out, c->dialect->message(out, c->partner->number, text, text_size));
}

static void fill_windows(void) {
    for (uint32_t i = 0; i < 2 * options.pairs; i++) {
        struct client *c = &clients[i];
        free(c->frames);
        if (!(c->frames = malloc(window * ((size_t)text_size + 256)))) fail("no memory");
        size_t size = 0;
        for (uint32_t k = 0; k < window; k++) size += c->dialect->message(c->frames + size, c->partner->number, text, text_size);
        if (size % window) fail("messages of different sizes");
        c->frame_size = (uint32_t)(size / window);
        if (i % 2) continue;
        under_way += window;
        client_send(c, c->frames, size);
    }
}

static bool caught_up(void) {
    return delivered >= due_messages;
}

/* Messages a second. */
static double run(const char *word, double rate) {
    struct pacer pacer = {.fire = say, .is_random = true, .interval = rate > 0 ? (double)SECOND / rate : 0};
    if (!(text = realloc(text, text_size))) fail("no memory");
    for (uint32_t i = 0; i < text_size; i++) text[i] = (char)('a' + i % 26);
    delivered = due_messages = 0;
    under_way = 0;
    latency_clear();
    is_busy = true;
    on.burst = rate > 0 ? NULL : answer;
    on.message = rate > 0 ? note : NULL;
    if (rate > 0) pace(&pacer);
    if (rate <= 0) fill_windows();
    spin(options.warmup, NULL);
    measures = true;
    uint64_t first = delivered, start = now();
    double cpu = server_cpu(), own = own_cpu();
    spin(rate > 0 ? 2 * options.seconds : options.seconds, NULL);
    double seconds = (double)(now() - start) / 1e9, messages = (double)(delivered - first);
    cpu = server_cpu() - cpu, own = own_cpu() - own;
    measures = is_busy = false;
    unpace(&pacer);
    if (rate > 0) spin_until(caught_up, "all messages came");
    if (!messages) fail("not one message came");
    on.burst = swallow;
    if (rate <= 0) spin_until(nothing_under_way, "nothing is under way");
    printf("{\"case\":\"%s\",\"per_s\":%.0f,\"cpu_us\":%.4f,\"cpu_share\":%.3f,\"load_share\":%.3f,", word, messages / seconds, cpu * 1e6 / messages,
        cpu / seconds, own / seconds);
    printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f}\n", latency_us(0.5), latency_us(0.99), latency_us(0.999));
    return messages / seconds;
}

void route(void) {
    if (options.connections < 2 * options.pairs) options.connections = 2 * options.pairs;
    clients_make(options.connections);
    for (uint32_t i = 0; i < 2 * options.pairs; i++) clients[i].partner = &clients[i ^ 1];
    for (uint32_t i = 2 * options.pairs; i < options.connections; i++) {
        if (options.rest_query && options.dialect == &base) clients[i].dialect = &v2;
        if (options.rest_query) clients[i].query = options.rest_query;
    }
    clients_open(0, options.connections);
    settle(0.2);
    srand48(1);
    double first = 0;
    char *cases = strdup(options.cases);
    for (char *word = strtok(cases, ","); word; word = strtok(NULL, ",")) {
        double share = 0;
        window = 0;
        bool is_one = sscanf(word, "%ux%u", &text_size, &window) == 2 || sscanf(word, "%u@%lf", &text_size, &share) == 2;
        if (!is_one || text_size < STAMP_SIZE || text_size > 65536 || (window == 0 && share * first <= 0)) fail("what case is %s?", word);
        double rate = run(word, share * first);
        if (!first) first = rate;
    }
}
