/* Storm: all come, as fast as they are accepted, and every one of them is to know all the others; then all leave at once.
 *
 * The time counts from the last handshake to the moment when every client has been told exactly the right list, watchers included. Then
 * the process closes all sockets in one go, and the watcher says when the last of its observers knew that nobody is left, and how long
 * the server at most took for a pong meanwhile.
 */

#include "load.h"

static uint32_t exact_clients, expected_count;
static uint64_t expected_sum, last_exact;

static void told(struct client *c) {
    bool is_exact = c->presence.count == expected_count && c->presence.sum == expected_sum;
    exact_clients += (uint32_t)is_exact - (uint32_t)c->presence.is_exact;
    c->presence.is_exact = is_exact;
    if (exact_clients == options.connections) last_exact = now();
}

static bool all_exact(void) {
    return exact_clients == options.connections;
}


void storm(void) {
    watch_start(options.connections);
    clients_make(options.connections);
    expected_count = options.connections + options.observers + 1;
    for (uint32_t i = 0; i < options.connections; i++) expected_sum += presence_hash(i);
    for (uint32_t i = 0; i <= options.observers; i++) expected_sum += presence_hash(FIRST_WATCHER + i);
    on.presence = told;
    spin(0.2, NULL);
    watch_probe(true);
    received_bytes = 0;
    double cpu = server_cpu(), own = own_cpu();
    uint64_t start = now();
    clients_open(0, options.connections);
    uint64_t joined = now();
    spin_until(all_exact, "everybody knows everybody");
    double joining = (double)(joined - start) / 1e9, exact = last_exact > joined ? (double)(last_exact - joined) / 1e9 : 0;
    cpu = server_cpu() - cpu, own = own_cpu() - own;
    double bytes = (double)received_bytes, rss = server_rss();
    settle(0.5);
    if (!all_exact()) fail("what everybody knew was changed afterwards");
    struct sight join_sight = watch_ask();
    spin(0.5, NULL);
    struct sight calm = watch_ask();
    if (!calm.full_at) fail("the observers do not know everybody");

    double leave_cpu = server_cpu(), stall = 0;
    uint64_t leave = now();
    for (uint32_t i = 0; i < options.connections; i++) client_close(&clients[i]);
    double leaving = (double)(now() - leave) / 1e9;
    struct sight after = {0};
    for (uint64_t end = now() + (uint64_t)(options.patience * 1e9); !after.alone_at;) {
        if (now() > end) fail("the observers did not hear that all have left");
        spin(0.02, NULL);
        after = watch_ask();
        if (after.stall > stall) stall = after.stall;
    }
    spin(1, NULL);
    struct sight late = watch_ask();
    if (late.stall > stall) stall = late.stall;
    leave_cpu = server_cpu() - leave_cpu;
    printf("{\"join_s\":%.3f,\"exact_s\":%.3f,\"bytes\":%.0f,\"cpu_s\":%.3f,\"load_cpu_s\":%.3f,\"rss\":%.0f,", joining, exact, bytes, cpu, own, rss);
    printf("\"join_stall_ms\":%.1f,\"calm_stall_ms\":%.2f,\"leave_s\":%.3f,", join_sight.stall * 1e3, calm.stall * 1e3, leaving);
    double known = (double)(after.alone_at - leave) / 1e9;
    printf("\"known_s\":%.3f,\"stall_ms\":%.1f,\"leave_cpu_s\":%.3f}\n", known, stall * 1e3, leave_cpu);
}
