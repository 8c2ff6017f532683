/* Sockets and time. A socket is read once for each wake-up, into one buffer that all clients share; what is unfinished is carried by its
 * client to the next. What is sent while a burst of the same client is handled goes out with one send at its end.
 */

#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 512 << 10, EVENTS = 512, PACERS = 8, SOURCES = 200 };

struct handlers on;
uint64_t received_bytes;
bool is_busy;

static int events_of;
static uint8_t burst[BURST], staged[BURST];
static size_t staged_size;
static struct client *bursting; /* whose sends are staged */
static bool was_quiet; /* nothing came in the last turn */
static struct pacer *pacers[PACERS];
static void (*other_readable)(void);

uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

void fail(const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

void loop_start(void) {
    events_of = epoll_create1(EPOLL_CLOEXEC);
    prctl(PR_SET_TIMERSLACK, 1);
}

void loop_watch(int fd, void (*readable)(void)) {
    other_readable = readable;
    epoll_ctl(events_of, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN});
}

void unpace(struct pacer *pacer) {
    for (int i = 0; i < PACERS; i++) {
        if (pacers[i] == pacer) pacers[i] = NULL;
    }
}

void pace(struct pacer *pacer) {
    unpace(pacer);
    for (int i = 0; i < PACERS; i++) {
        if (pacers[i]) continue;
        pacers[i] = pacer;
        pacer->next = now() + (uint64_t)pacer->interval;
        return;
    }
    fail("more than %d pacers", PACERS);
}

static void expect(struct client *c, uint32_t interest) {
    if (c->is_deaf) interest &= ~(uint32_t)EPOLLIN;
    epoll_ctl(events_of, EPOLL_CTL_MOD, c->fd, &(struct epoll_event){.events = interest, .data.ptr = c});
}

void client_open(struct client *c) {
    static uint32_t source;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) fail("socket: %s", strerror(errno));
    /* About 28,000 ports belong to a source address, so there are many of them; the port is chosen when the destination is known. */
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + source++ % SOURCES)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (c->is_far) setsockopt(c->fd, IPPROTO_TCP, TCP_MAXSEG, &(int){1448}, sizeof(int));
    if (c->is_far) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &(int){32768}, sizeof(int));
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) fail("bind: %s", strerror(errno));
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) fail("connect: %s", strerror(errno));
    c->state = CONNECTING;
    epoll_ctl(events_of, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){.events = EPOLLOUT, .data.ptr = c});
}

/* Closes without a word, as a process that is killed does. */
void client_close(struct client *c) {
    if (c->state == CLOSED) return;
    if (c->tls) tls_end(c);
    close(c->fd);
    free(c->carry);
    free(c->unsent);
    c->carry = c->unsent = NULL;
    c->carry_size = c->unsent_size = 0;
    c->waits = false;
    c->state = CLOSED;
    c->presence = (struct presence){0};
    if (bursting == c) bursting = NULL;
}

void client_deafen(struct client *c) {
    c->is_deaf = true;
    expect(c, c->waits ? EPOLLOUT : 0);
}

static void lost(struct client *c, const char *why) {
    client_close(c);
    if (!on.closed) fail("client %u was closed: %s", c->number, why);
    on.closed(c);
}

static ssize_t put(struct client *c, const void *bytes, size_t size) {
    return c->tls ? tls_send(c, bytes, size) : send(c->fd, bytes, size, MSG_NOSIGNAL);
}

static void keep(uint8_t **kept, uint32_t *kept_size, const void *bytes, size_t size) {
    if (!(*kept = realloc(*kept, *kept_size + size))) fail("no memory");
    memcpy(*kept + *kept_size, bytes, size);
    *kept_size += (uint32_t)size;
}

static void send_now(struct client *c, const uint8_t *bytes, size_t size) {
    ssize_t sent = c->unsent_size ? 0 : put(c, bytes, size);
    if (sent < 0 && errno != EAGAIN) return lost(c, strerror(errno));
    if (sent < 0) sent = 0;
    if ((size_t)sent < size) {
        keep(&c->unsent, &c->unsent_size, bytes + sent, size - (size_t)sent);
        if (!c->waits) expect(c, EPOLLIN | EPOLLOUT);
        c->waits = true;
    }
}

void client_send(struct client *c, const void *bytes, size_t size) {
    if (c == bursting && staged_size + size <= BURST) {
        memcpy(staged + staged_size, bytes, size);
        staged_size += size;
    } else {
        send_now(c, bytes, size);
    }
}

static void send_unsent(struct client *c) {
    uint8_t *bytes = c->unsent;
    uint32_t size = c->unsent_size;
    c->unsent = NULL;
    c->unsent_size = 0;
    if (size) send_now(c, bytes, size);
    free(bytes);
    if (c->state != CLOSED && !c->unsent_size && c->waits) {
        c->waits = false;
        expect(c, EPOLLIN);
    }
}

static void greet(struct client *c) {
    uint8_t greeting[1024];
    c->state = GREETING;
    expect(c, EPOLLIN);
    send_now(c, greeting, c->dialect->greet(c, greeting));
}

static void connected(struct client *c) {
    int error = 0;
    socklen_t size = sizeof error;
    if (!c->tls) {
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) return lost(c, strerror(error));
        if (!options.tls) return greet(c);
        tls_start(c);
        expect(c, EPOLLIN);
    }
    if (tls_shake(c)) greet(c);
}

static void receive(struct client *c) {
    size_t size = c->carry_size, used = 0, step = 1;
    if (size) memcpy(burst, c->carry, size);
    ssize_t got = c->tls ? tls_recv(c, burst + size, BURST - size) : recv(c->fd, burst + size, BURST - size, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return lost(c, got ? strerror(errno) : "end of stream");
    was_quiet = false;
    received_bytes += (uint64_t)got;
    size += (size_t)got;
    bursting = c;
    staged_size = 0;
    c->came = 0;
    while (used < size && step && bursting) {
        step = c->dialect->take(c, burst + used, size - used);
        used += step;
    }
    if (!bursting) return; /* it was closed */
    if (c->came && on.burst) on.burst(c, c->came);
    bursting = NULL;
    c->carry_size = 0;
    if (used < size) {
        keep(&c->carry, &c->carry_size, burst + used, size - used);
    } else if (c->carry) {
        free(c->carry);
        c->carry = NULL;
    }
    if (staged_size) send_now(c, staged, staged_size);
}

static double gap(struct pacer *pacer) {
    return pacer->is_random ? -log(1 - drand48()) * pacer->interval : pacer->interval;
}

/* Fires all that is due; when the next one is. */
static uint64_t fire(uint64_t end) {
    for (int i = 0; i < PACERS; i++) {
        struct pacer *pacer = pacers[i];
        if (!pacer || pacer->interval <= 0) continue;
        uint64_t time = now();
        while (pacer->interval > 0 && pacer->next <= time) {
            uint64_t due = pacer->next;
            pacer->next += (uint64_t)gap(pacer);
            pacer->fire(due);
        }
        if (pacer->interval > 0 && pacer->next < end) end = pacer->next;
    }
    return end;
}

static void turn(uint64_t end) {
    struct epoll_event events[EVENTS];
    uint64_t next = fire(end), time = now();
    uint64_t wait = next > time && !(is_busy && options.polls) ? next - time : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / SECOND), .tv_nsec = (long)(wait % SECOND)};
    int woken = epoll_pwait2(events_of, events, EVENTS, &timeout, NULL);
    was_quiet = true;
    for (int i = 0; i < woken; i++) {
        struct client *c = events[i].data.ptr;
        if (!c) {
            other_readable();
        } else if (c->state == CONNECTING) {
            connected(c);
        } else {
            if (events[i].events & EPOLLOUT) send_unsent(c);
            uint32_t rest = events[i].events & ~(uint32_t)EPOLLOUT;
            if (c->state >= GREETING && rest && !c->is_deaf) receive(c);
            if (c->state >= GREETING && rest && c->is_deaf) lost(c, "it did not read");
        }
    }
}

void spin(double seconds, bool (*is_done)(void)) {
    uint64_t end = now() + (uint64_t)(seconds * (double)SECOND);
    while (!(is_done && is_done()) && now() < end) turn(end);
}

bool spin_until(bool (*is_done)(void), const char *what) {
    spin(options.patience, is_done);
    if (!is_done()) fail("not within %.0f s: %s", options.patience, what);
    return true;
}

void settle(double quiet) {
    uint64_t last = now(), end = last + (uint64_t)(options.patience * (double)SECOND);
    uint64_t span = (uint64_t)(quiet * (double)SECOND);
    while (now() - last < span) {
        if (now() > end) fail("not quiet within %.0f s", options.patience);
        turn(last + span);
        if (!was_quiet) last = now();
    }
}
