/* WebSocket (RFC 6455) as a client speaks it, with the frames of docs/protocol.md: the base dialect, and sca.v2. */

#include "load.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t mask[8] = {0x5a, 0xc3, 0x17, 0x9e, 0x5a, 0xc3, 0x17, 0x9e};

static size_t greet(struct client *c, uint8_t *out, const char *offer) {
    return (size_t)sprintf((char *)out,
        "GET /ws/9%09u%s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
        c->number, c->query ? "?" : "", c->query ? c->query : "", options.port, offer);
}

static size_t greet_base(struct client *c, uint8_t *out) {
    return greet(c, out, "");
}

static size_t greet_v2(struct client *c, uint8_t *out) {
    return greet(c, out, "Sec-WebSocket-Protocol: sca.v2\r\n");
}

/* A whole frame, masked. */
static size_t frame(uint8_t *out, uint8_t opcode, const void *payload, size_t size) {
    uint8_t *to = out;
    *to++ = 0x80 | opcode;
    if (size < 126) {
        *to++ = (uint8_t)(0x80 | size);
    } else {
        *to++ = size < 65536 ? 0xfe : 0xff;
        for (int shift = size < 65536 ? 8 : 56; shift >= 0; shift -= 8) *to++ = (uint8_t)((uint64_t)size >> shift);
    }
    memcpy(to, mask, 4);
    to += 4;
    uint64_t eight, word;
    memcpy(&eight, mask, 8);
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        memcpy(&word, (const uint8_t *)payload + i, 8);
        word ^= eight;
        memcpy(to + i, &word, 8);
    }
    for (; i < size; i++) to[i] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
    return (size_t)(to + size - out);
}

static size_t message(uint8_t *out, uint32_t to, const char *text, size_t size) {
    static char json[70000];
    static uint64_t made;
    int head = sprintf(json, "{\"type\":\"message\",\"to\":\"9%09u\",\"text\":\"", to);
    memcpy(json + head, text, size);
    char *end = json + head + size;
    end += options.ids ? sprintf(end, "\",\"id\":\"b%08x\"}", (uint32_t)made++) : sprintf(end, "\"}");
    return frame(out, 1, json, (size_t)(end - json));
}

static size_t ping(uint8_t *out) {
    return frame(out, 1, LITERAL("{\"type\":\"ping\"}"));
}

/* The answer to the upgrade. */
static size_t take_head(struct client *c, uint8_t *bytes, size_t size) {
    uint8_t *end = memmem(bytes, size, LITERAL("\r\n\r\n"));
    if (!end) return 0;
    if (!STARTS(bytes, size, "HTTP/1.1 101 ")) fail("client %u was answered %.12s", c->number, (char *)bytes);
    c->state = READY;
    if (on.ready) on.ready(c);
    return (size_t)(end + 4 - bytes);
}

static void take_text(struct client *c, const uint8_t *payload, size_t size) {
    if (STARTS(payload, size, "{\"type\":\"message\"")) {
        c->came++;
        if (on.message) on.message(c, payload, size);
    } else if (STARTS(payload, size, "{\"type\":\"pong\"")) {
        if (on.pong) on.pong(c);
    } else if (STARTS(payload, size, "{\"type\":\"error\"") && !options.heavy) {
        fail("client %u got %.*s", c->number, (int)size, (const char *)payload);
    }
}

static size_t take(struct client *c, uint8_t *bytes, size_t size) {
    if (c->state != READY) return take_head(c, bytes, size);
    if (c->presence.left) return presence_take(c, bytes, size);
    if (size < 2) return 0;
    size_t header = 2, length = bytes[1] & 127;
    if (length == 126) {
        if (size < 4) return 0;
        header = 4, length = (size_t)bytes[2] << 8 | bytes[3];
    } else if (length == 127) {
        if (size < 10) return 0;
        header = 10, length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | bytes[i];
    }
    uint8_t opcode = bytes[0] & 15, *payload = bytes + header;
    size_t there = size - header;
    if (opcode == 1 && there < length && there < 24) return 0;
    if (opcode == 1 && presence_starts(payload, there < length ? there : length)) {
        c->presence.left = (uint32_t)length;
        c->presence.inside = OUTSIDE;
        return header;
    }
    if (there < length) return 0;
    if (opcode == 1) take_text(c, payload, length);
    if (opcode == 9) {
        uint8_t pong[160];
        client_send(c, pong, frame(pong, 10, payload, length));
    }
    if (opcode == 8 && !on.closed) fail("client %u was closed with %u", c->number, length > 1 ? payload[0] << 8 | payload[1] : 0);
    return header + length;
}

const struct dialect base = {"base", greet_base, take, message, ping};
const struct dialect v2 = {"v2", greet_v2, take, message, ping};
