/* Opens many clients, as fast as the server takes them: so many handshakes at a time, and a new one for each that is done. */

#include "load.h"

#include <stdlib.h>

struct client *clients;
uint32_t open_clients; /* whose handshake is done */

static uint32_t next, last, goal;

void clients_make(uint32_t count) {
    if (!(clients = calloc(count, sizeof *clients))) fail("no memory");
    for (uint32_t i = 0; i < count; i++) {
        clients[i].number = i;
        clients[i].dialect = options.dialect;
        clients[i].query = options.query;
    }
}

static void one_more(struct client *c) {
    (void)c;
    open_clients++;
    if (next < last) client_open(&clients[next++]);
}

static bool all_open(void) {
    return open_clients >= goal;
}

void clients_open(uint32_t first, uint32_t count) {
    void (*before)(struct client *) = on.ready;
    next = first, last = first + count, goal = open_clients + count;
    on.ready = one_more;
    for (uint32_t i = 0; i < options.opening && next < last; i++) client_open(&clients[next++]);
    spin_until(all_open, "all handshakes done");
    on.ready = before;
}

static struct pacer heart;
static uint32_t heart_first, heart_count, heart_next;

static void beat(uint64_t due) {
    (void)due;
    uint8_t ping[64];
    struct client *c = &clients[heart_first + heart_next++ % heart_count];
    if (c->state == READY && !c->unsent_size) client_send(c, ping, c->dialect->ping(ping));
}

void heartbeats(uint32_t first, uint32_t count, double period) {
    heart_first = first, heart_count = count;
    heart = (struct pacer){.interval = count ? period * (double)SECOND / count : 0, .fire = beat};
    pace(&heart);
}
