/* NATS as a client speaks it: everyone subscribes to a subject of its own, and publishes to that of its partner. */

#include "load.h"

#include <stdlib.h>
#include <string.h>

static size_t greet(struct client *c, uint8_t *out) {
    return (size_t)sprintf((char *)out, "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\nSUB 9%09u 1\r\nPING\r\n", c->number);
}

static size_t message(uint8_t *out, uint32_t to, const char *text, size_t size) {
    int head = sprintf((char *)out, "PUB 9%09u %zu\r\n", to, size);
    memcpy(out + head, text, size);
    memcpy(out + head + size, "\r\n", 2);
    return (size_t)head + size + 2;
}

static size_t ping(uint8_t *out) {
    memcpy(out, "PING\r\n", 6);
    return 6;
}

static size_t take(struct client *c, uint8_t *bytes, size_t size) {
    uint8_t *end = memchr(bytes, '\n', size);
    if (!end) return 0;
    size_t line = (size_t)(end + 1 - bytes);
    if (STARTS(bytes, size, "MSG ")) {
        uint8_t *blank = memrchr(bytes, ' ', line);
        size_t length = (size_t)strtoul((char *)blank + 1, NULL, 10);
        if (size < line + length + 2) return 0;
        c->came++;
        if (on.message) on.message(c, bytes + line, length);
        return line + length + 2;
    }
    if (STARTS(bytes, size, "PING")) client_send(c, "PONG\r\n", 6);
    if (STARTS(bytes, size, "-ERR")) fail("client %u got %.*s", c->number, (int)line, (char *)bytes);
    if (STARTS(bytes, size, "PONG")) {
        bool is_first = c->state == GREETING;
        c->state = READY;
        if (is_first && on.ready) on.ready(c);
        if (!is_first && on.pong) on.pong(c);
    }
    return line;
}

const struct dialect nats = {"nats", greet, take, message, ping};
