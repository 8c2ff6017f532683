/* The floor: the least that a WebSocket server can do to hand messages on, as a measure for those that do more.
 *
 *     floor [PORT]      prints the port it got; 0, or none, lets the system choose
 *
 * One thread and one epoll. A burst of bytes is read with one recv, its frames are unmasked in place, the text of each is copied to the
 * buffer of whom it is for, and when all sockets of a wake-up are read, each buffer goes out with one send. On the wire it is the base
 * dialect of docs/protocol.md, byte for byte. What it leaves out is what a server has to do and a floor has not: it believes that JSON
 * comes as our clients spell it (a comparison finds `to`, nothing is parsed), checks neither UTF-8 nor reserved bits, takes texts of up to 64 KB, tells
 * nobody who is online, bounds no queue and drops nobody who is silent. Never let it listen beyond loopback.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUCKETS = 1 << 16, BURST = 256 << 10, EVENTS = 512, MOBILE = 32 };

struct connection {
    int fd; /* -1 once it is closed, until the wake-up ends */
    bool is_open, is_touched, waits;
    uint8_t mobile_size;
    char mobile[MOBILE];
    uint8_t *in, *out; /* an unfinished frame; what is to be sent */
    uint32_t in_size, out_size, out_capacity;
    struct connection *next_of_bucket, *next_touched;
};

static struct connection *buckets[BUCKETS], *touched;
static uint8_t burst[BURST];
static int events_of;

/* SHA-1 (RFC 3174) of less than 120 bytes, which is all that a handshake needs. */
static void sha1(const uint8_t *bytes, size_t size, uint8_t digest[20]) {
    uint8_t blocks[128] = {0};
    size_t total = size < 56 ? 64 : 128;
    memcpy(blocks, bytes, size);
    blocks[size] = 0x80;
    blocks[total - 2] = (uint8_t)(size >> 5);
    blocks[total - 1] = (uint8_t)(size << 3);
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (uint8_t *block = blocks; block < blocks + total; block += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int t = 0; t < 80; t++) {
            uint32_t x = t < 16 ? 0 : w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16];
            w[t] = x << 1 | x >> 31;
            for (int i = 0; t < 16 && i < 4; i++) w[t] = w[t] << 8 | block[4 * t + i];
            uint32_t f = t < 20 ? ((b & c) | (~b & d)) + 0x5a827999 : t < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                : t < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc : (b ^ c ^ d) + 0xca62c1d6;
            x = (a << 5 | a >> 27) + f + e + w[t];
            e = d, d = c, c = b << 30 | b >> 2, b = a, a = x;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static struct connection **bucket(const char *mobile, size_t size) {
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < size; i++) hash = (hash ^ (uint8_t)mobile[i]) * 16777619;
    return &buckets[hash % BUCKETS];
}

static struct connection *find(const char *mobile, size_t size) {
    struct connection *c = *bucket(mobile, size);
    while (c && !(c->mobile_size == size && !memcmp(c->mobile, mobile, size))) c = c->next_of_bucket;
    return c;
}

/* Has it flushed, or freed, when the wake-up ends. */
static void touch(struct connection *c) {
    if (c->is_touched) return;
    c->is_touched = true;
    c->next_touched = touched;
    touched = c;
}

static void hang_up(struct connection *c) {
    if (c->fd < 0) return;
    if (c->is_open) {
        struct connection **link = bucket(c->mobile, c->mobile_size);
        while (*link != c) link = &(*link)->next_of_bucket;
        *link = c->next_of_bucket;
    }
    close(c->fd);
    c->fd = -1;
    touch(c);
}

/* Room for so many bytes at the end of what is to be sent. */
static uint8_t *room(struct connection *c, size_t size) {
    if (c->out_size + size > c->out_capacity) {
        size_t capacity = c->out_capacity ? c->out_capacity : 512;
        while (capacity < c->out_size + size) capacity *= 2;
        if (!(c->out = realloc(c->out, capacity))) abort();
        c->out_capacity = (uint32_t)capacity;
    }
    touch(c);
    c->out_size += size;
    return c->out + c->out_size - size;
}

static void flush(struct connection *c) {
    ssize_t sent = send(c->fd, c->out, c->out_size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return hang_up(c);
    if (sent < 0) sent = 0;
    c->out_size -= (uint32_t)sent;
    bool waits = c->out_size > 0;
    if (waits) {
        memmove(c->out, c->out + sent, c->out_size);
    } else {
        free(c->out);
        c->out = NULL;
        c->out_capacity = 0;
    }
    if (waits != c->waits) {
        c->waits = waits;
        struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
        epoll_ctl(events_of, EPOLL_CTL_MOD, c->fd, &event);
    }
}

#define LITERAL(text) text, sizeof text - 1
#define STARTS(bytes, size, text) ((size) >= sizeof text - 1 && !memcmp(bytes, text, sizeof text - 1))

/* A frame's header and text of so many bytes. */
static uint8_t *frame(struct connection *c, size_t size) {
    uint8_t *to = room(c, size + (size < 126 ? 2 : size < 65536 ? 4 : 10));
    *to++ = 0x81;
    *to++ = (uint8_t)(size < 126 ? size : size < 65536 ? 126 : 127);
    for (int shift = size < 126 ? -8 : size < 65536 ? 8 : 56; shift >= 0; shift -= 8) *to++ = (uint8_t)((uint64_t)size >> shift);
    return to;
}

static uint8_t *append(uint8_t *to, const void *bytes, size_t size) {
    memcpy(to, bytes, size);
    return to + size;
}

static void handle(struct connection *c, const char *text, size_t size) {
    static const char head[] = "{\"type\":\"message\",\"to\":\"", middle[] = "\",\"text\":";
    if (STARTS(text, size, head)) {
        const char *mobile = text + sizeof head - 1;
        const char *quote = memchr(mobile, '"', size - (sizeof head - 1));
        if (!quote) return;
        size_t rest = size - (size_t)(quote - text);
        struct connection *to = find(mobile, (size_t)(quote - mobile));
        if (!to || !STARTS(quote, rest, middle)) return;
        static const char from[] = "{\"type\":\"message\",\"from\":\"";
        uint8_t *out = frame(to, sizeof from - 1 + c->mobile_size + rest);
        out = append(out, from, sizeof from - 1);
        out = append(out, c->mobile, c->mobile_size);
        append(out, quote, rest);
    } else if (STARTS(text, size, "{\"type\":\"ping\"")) {
        append(frame(c, 15), "{\"type\":\"pong\"}", 15);
    }
}

/* Unmasks eight bytes at a time, and what is left one by one. */
static void unmask(uint8_t *bytes, size_t size, const uint8_t mask[4]) {
    uint32_t four;
    memcpy(&four, mask, 4);
    uint64_t eight = (uint64_t)four << 32 | four;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        word ^= eight;
        memcpy(bytes + i, &word, 8);
    }
    for (; i < size; i++) bytes[i] ^= mask[i % 4];
}

/* Answers the upgrade; how many bytes that took, none while its head is unfinished. */
static size_t upgrade(struct connection *c, char *bytes, size_t size) {
    char *end = memmem(bytes, size, LITERAL("\r\n\r\n"));
    if (!end) return 0;
    char *key = memmem(bytes, size, LITERAL("Sec-WebSocket-Key: "));
    size_t digits = size > 8 ? strspn(bytes + 8, "0123456789") : 0;
    if (!STARTS(bytes, size, "GET /ws/") || !key || digits < 1 || digits > MOBILE || end - key < 19 + 24) {
        hang_up(c);
        return size;
    }
    uint8_t guided[60], digest[21] = {0};
    memcpy(guided, key + 19, 24);
    memcpy(guided + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    sha1(guided, sizeof guided, digest);
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char answer[28];
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int j = 0; j < 4; j++) answer[4 * i + j] = alphabet[three >> (18 - 6 * j) & 63];
    }
    answer[27] = '=';
    static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    uint8_t *out = room(c, sizeof head - 1 + sizeof answer + 4);
    append(append(append(out, LITERAL(head)), answer, sizeof answer), LITERAL("\r\n\r\n"));
    memcpy(c->mobile, bytes + 8, digits);
    c->mobile_size = (uint8_t)digits;
    struct connection **first = bucket(c->mobile, digits);
    c->next_of_bucket = *first;
    *first = c;
    c->is_open = true;
    return (size_t)(end + 4 - bytes);
}

/* One frame from the client; how many bytes it took, none while it is unfinished. */
static size_t take(struct connection *c, uint8_t *bytes, size_t size) {
    if (size < 6) return 0;
    size_t header = 6, length = bytes[1] & 127;
    if (length == 126) header = 8, length = (size_t)bytes[2] << 8 | bytes[3];
    if (length == 127 || length > BURST / 2) { /* longer ones would need more than one burst */
        hang_up(c);
        return size;
    }
    if (size < header + length) return 0;
    unmask(bytes + header, length, bytes + header - 4);
    if ((bytes[0] & 15) == 1) handle(c, (char *)bytes + header, length);
    if ((bytes[0] & 15) == 8) hang_up(c);
    return header + length;
}

static void receive(struct connection *c) {
    size_t size = c->in_size, used = 0, step = 1;
    if (size) memcpy(burst, c->in, size);
    free(c->in);
    c->in = NULL;
    c->in_size = 0;
    ssize_t got = recv(c->fd, burst + size, BURST - size, 0);
    if (got <= 0 && !(got < 0 && errno == EAGAIN)) return hang_up(c);
    if (got > 0) size += (size_t)got;
    while (used < size && step && c->fd >= 0) {
        step = c->is_open ? take(c, burst + used, size - used) : upgrade(c, (char *)burst + used, size - used);
        used += step;
    }
    if (used < size && c->fd >= 0) {
        c->in_size = (uint32_t)(size - used);
        if (!(c->in = malloc(c->in_size))) abort();
        memcpy(c->in, burst + used, c->in_size);
    }
}

static void admit(int listener) {
    for (int i = 0; i < 64; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct connection *c = calloc(1, sizeof *c);
        if (!c) abort();
        c->fd = fd;
        epoll_ctl(events_of, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
    }
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)(count > 1 ? atoi(words[1]) : 0));
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) return perror("floor"), 69;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    events_of = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(events_of, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN});
    for (;;) {
        struct epoll_event events[EVENTS];
        int woken = epoll_wait(events_of, events, EVENTS, -1);
        for (int i = 0; i < woken; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) admit(listener);
            if (c && events[i].events & EPOLLOUT) touch(c);
            if (c && events[i].events & ~(uint32_t)EPOLLOUT) receive(c);
        }
        /* A failing send may touch its connection again, so it is taken from the list first. */
        while (touched) {
            struct connection *c = touched;
            touched = c->next_touched;
            c->is_touched = false;
            if (c->fd >= 0 && c->out_size) flush(c);
            if (c->fd >= 0 || c->is_touched) continue;
            free(c->in);
            free(c->out);
            free(c);
        }
    }
}
