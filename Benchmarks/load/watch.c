/* The watcher: a process of its own, so that nothing the load generator does delays it. It has some observers, who are told who is online
 * like everybody else, and a probe, who asks for nothing but a pong, a millisecond after the last one: the longest answer is the longest
 * stall of the event loop that the probe is on, give or take the scheduler. It is asked through a socket, a byte each:
 *
 *     p, s   probe from now on; stop it
 *     r      answer with what was seen since the last question (struct sight)
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

enum { GAP = 1000000 };

static int control;
static struct sight sight;
static uint64_t full_sum, alone_sum, asked_at;
static uint32_t full_count, alone_count;
static struct pacer pacer;

static struct client *probe(void) {
    return &clients[options.observers];
}

static void ask(uint64_t due) {
    (void)due;
    if (asked_at) return;
    uint8_t ping[64];
    asked_at = now();
    client_send(probe(), ping, base.ping(ping));
}

static void answered(struct client *c) {
    if (c != probe() || !asked_at) return;
    double seconds = (double)(now() - asked_at) / 1e9;
    if (seconds > sight.stall) sight.stall = seconds;
    sight.probes++;
    asked_at = 0;
    pacer.next = now() + GAP;
}

static void told(struct client *c) {
    (void)c;
    bool full = true, alone = true;
    for (uint32_t i = 0; i < options.observers; i++) {
        struct presence *p = &clients[i].presence;
        full = full && p->count == full_count && p->sum == full_sum;
        alone = alone && p->count == alone_count && p->sum == alone_sum;
    }
    if (full) sight.full_at = now();
    if (alone) sight.alone_at = now();
    if (!full) sight.full_at = 0;
    if (!alone) sight.alone_at = 0;
}

static void obey(void) {
    char order;
    if (read(control, &order, 1) != 1) exit(0);
    if (order == 'p') pacer.interval = GAP, asked_at = 0, pacer.next = now();
    if (order == 's') pacer.interval = 0;
    if (order != 'r') return;
    double waited = asked_at ? (double)(now() - asked_at) / 1e9 : 0;
    if (waited > sight.stall) sight.stall = waited;
    if (write(control, &sight, sizeof sight) != sizeof sight) exit(1);
    sight.stall = 0;
    sight.probes = 0;
}

static void watch(uint32_t expected) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpriority(PRIO_PROCESS, 0, -20); /* if it may: the scheduler should not look like the server */
    loop_start();
    clients_make(options.observers + 1);
    for (uint32_t i = 0; i <= options.observers; i++) {
        clients[i].number = FIRST_WATCHER + i;
        alone_sum += presence_hash(clients[i].number);
    }
    probe()->dialect = options.dialect == &base ? &v2 : options.dialect;
    probe()->query = "presence=none";
    alone_count = options.observers + 1;
    full_count = alone_count + expected, full_sum = alone_sum;
    for (uint32_t i = 0; i < expected; i++) full_sum += presence_hash(i);
    on.pong = answered;
    on.presence = told;
    clients_open(0, options.observers + 1);
    if (write(control, "k", 1) != 1) exit(1);
    pacer = (struct pacer){.fire = ask};
    pace(&pacer);
    loop_watch(control, obey);
    for (;;) spin(3600, NULL);
}

void watch_start(uint32_t expected) {
    int pair[2];
    char ready;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) fail("no socketpair");
    pid_t child = fork();
    if (child < 0) fail("no fork");
    control = pair[child == 0];
    close(pair[child != 0]);
    if (child == 0) watch(expected);
    if (read(control, &ready, 1) != 1) fail("the watcher did not start");
}

static void order(char letter) {
    if (write(control, &letter, 1) != 1) fail("the watcher is gone");
}

void watch_probe(bool probes) {
    order(probes ? 'p' : 's');
}

struct sight watch_ask(void) {
    struct sight answer;
    order('r');
    if (read(control, &answer, sizeof answer) != sizeof answer) fail("the watcher is gone");
    return answer;
}
