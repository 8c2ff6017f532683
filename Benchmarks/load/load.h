/* The load generator: one process, one thread, one epoll, thousands of clients of one server, and one line of JSON with what it saw.
 *
 *     main.c       options, and which mode runs
 *     loop.c       sockets, time, and what is unsent
 *     clients.c    opens many clients at once, over many source addresses
 *     websocket.c  the base dialect and sca.v2 (docs/protocol.md); nats.c and mqtt.c: what other servers speak
 *     presence.c   lists and deltas, read as they come in, without keeping them
 *     measure.c    latencies, and what /proc knows of the server
 *     watch.c      a second process that asks the server all the time, and knows who is online
 *     route.c, idle.c, storm.c, upgrades.c, mixed.c: the modes
 *
 * A mode is plain code from top to bottom: it opens clients, and calls `spin` wherever it has to wait. What comes meanwhile goes to the
 * handlers in `on`; what is to happen at its time is a `struct pacer`. Times are nanoseconds of the monotonic clock. Whatever is not as it
 * should be ends the process, with a sentence and status 1: a figure that comes out is of a run in which all was right.
 */

#pragma once
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SECOND UINT64_C(1000000000)
#define LITERAL(text) text, sizeof text - 1
#define STARTS(bytes, size, text) ((size) >= sizeof text - 1 && !memcmp(bytes, text, sizeof text - 1))

enum { MOBILE_SIZE = 10, FIRST_WATCHER = 999000000, STAMP_SIZE = 17 };

/* Who is online, as one client was told: how many, and the sum of their hashes, which does not depend on their order. */
struct presence {
    uint64_t sum;
    uint32_t count, rev;
    uint32_t left; /* bytes of the presence frame that are still to come */
    enum { OUTSIDE, USERS, JOINED, LEFT } inside;
    bool is_delta, is_old, is_exact;
};

struct client {
    int fd;
    uint32_t number; /* its mobile is 9 and this in nine digits */
    enum { CLOSED, CONNECTING, GREETING, READY } state;
    bool is_deaf; /* is never read from */
    bool is_far;  /* as over Ethernet: on loopback a segment is 64 KB, and the kernel holds megabytes for who does not read */
    bool waits;   /* for the socket to take what is unsent */
    const struct dialect *dialect;
    const char *query; /* of the upgrade; NULL for none */
    struct client *partner;
    uint8_t *carry; /* what came of something unfinished */
    uint8_t *unsent;
    uint32_t carry_size, unsent_size;
    uint32_t came; /* messages in the burst that is being read */
    uint8_t *frames; /* a window of messages to the partner, of the same size each */
    uint32_t frame_size;
    void *tls;
    struct presence presence;
};

/* What a server speaks. */
struct dialect {
    const char *name;
    /* What a client says once it is connected. Returns its size. */
    size_t (*greet)(struct client *, uint8_t *out);
    /* Takes one thing from the front of what came; returns its size, or 0 if not all of it is there. Calls the handlers. */
    size_t (*take)(struct client *, uint8_t *bytes, size_t size);
    /* A message to the mobile of that number. Returns its size. */
    size_t (*message)(uint8_t *out, uint32_t to, const char *text, size_t size);
    /* A sign of life, which is answered by on.pong. Returns its size. */
    size_t (*ping)(uint8_t *out);
};
extern const struct dialect base, v2, nats, mqtt0, mqtt1;

/* What a mode wants to hear of; all may be NULL, but `closed`, which ends the process unless set. */
struct handlers {
    void (*ready)(struct client *);
    void (*message)(struct client *, const uint8_t *payload, size_t size);
    void (*burst)(struct client *, uint32_t messages); /* after each read in which messages came */
    void (*pong)(struct client *);
    void (*presence)(struct client *);
    void (*closed)(struct client *);
};
extern struct handlers on;

/* Calls `fire` at its times, all that are due at once if it was late. */
struct pacer {
    uint64_t next;
    double interval; /* nanoseconds, on average if it is random */
    bool is_random;  /* exponential gaps: a Poisson process */
    void (*fire)(uint64_t due);
};

struct options {
    const char *query; /* of every client's upgrade; NULL for none */
    const char *rest_query; /* route: of those who are silent, if they are to have another */
    const char *cases; /* route: see there */
    const struct dialect *dialect;
    uint32_t port, pid;
    uint32_t connections, pairs;
    uint32_t text;      /* mixed: bytes of a message's text */
    uint32_t observers; /* of the watcher */
    uint32_t opening;   /* handshakes at a time */
    uint32_t joins;     /* mixed: a second */
    uint32_t heavy;     /* mixed: clients who are sent a lot */
    uint32_t tls, ids, polls; /* 0 or 1: TLS; messages have an id, so they are acknowledged; measures without sleeping */
    double rate, heavy_rate; /* mixed: messages a second */
    double seconds, warmup, heartbeat, patience;
};
extern struct options options;

/* loop.c */
extern uint64_t received_bytes;
/* Polls without sleeping. Who sends to a process that sleeps pays for waking it, which on a virtual machine costs more than the rest of
 * the message; so a slower server would be charged for its own slowness, and a generator that never sleeps charges nobody. */
extern bool is_busy; /* it sleeps nevertheless if options.polls is 0 */
uint64_t now(void);
_Noreturn void fail(const char *format, ...);
void loop_start(void);
void loop_watch(int fd, void (*readable)(void)); /* one descriptor that is no client */
void pace(struct pacer *);
void unpace(struct pacer *);
void spin(double seconds, bool (*is_done)(void)); /* runs until it is done, or for so long */
bool spin_until(bool (*is_done)(void), const char *what); /* the same, and fails after options.patience */
void settle(double quiet);                                /* until nothing has come for so many seconds */
void client_open(struct client *);
void client_send(struct client *, const void *bytes, size_t size);
void client_deafen(struct client *); /* has nothing more read from it */
void client_close(struct client *);

/* clients.c */
extern struct client *clients;
extern uint32_t open_clients;
void clients_make(uint32_t count);
void clients_open(uint32_t first, uint32_t count);
void heartbeats(uint32_t first, uint32_t count, double period); /* of these clients, from now on, evenly spread */

/* presence.c */
uint64_t presence_hash(uint32_t number);
bool presence_starts(const uint8_t *payload, size_t size);
size_t presence_take(struct client *, const uint8_t *bytes, size_t size);

/* tls.c */
void tls_start(struct client *);
bool tls_shake(struct client *); /* whether it is done */
ptrdiff_t tls_recv(struct client *, void *bytes, size_t size);
ptrdiff_t tls_send(struct client *, const void *bytes, size_t size);
void tls_end(struct client *);

/* measure.c */
void latency_add(uint64_t nanoseconds);
void latency_clear(void);
double latency_us(double share); /* microseconds; of none: 0 */
double server_cpu(void);         /* seconds, all threads */
double own_cpu(void);
double server_rss(void); /* bytes */
void stamp_write(char text[STAMP_SIZE], uint64_t due);
bool stamp_read(const uint8_t *payload, size_t size, uint64_t *due);

/* watch.c */
struct sight {
    double stall;       /* longest answer since the last question, seconds */
    uint32_t probes;    /* answers since then */
    uint64_t full_at, alone_at; /* when the last observer knew that all are online, or nobody else; 0 as long as not */
};
void watch_start(uint32_t expected);
void watch_probe(bool probes);
struct sight watch_ask(void);

void route(void);
void idle(void);
void storm(void);
void upgrades(void);
void mixed(void);
