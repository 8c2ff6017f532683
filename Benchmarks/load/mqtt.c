/* MQTT 3.1.1 as a client speaks it, QoS 0 or 1: everyone subscribes to a topic of its own, and publishes to that of its partner. */

#include "load.h"

#include <string.h>

static size_t greet_with(struct client *c, uint8_t *out, uint8_t quality) {
    static const uint8_t head[] = {0x10, 22, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, MOBILE_SIZE};
    static const uint8_t subscribe[] = {0x82, 15, 0, 1, 0, MOBILE_SIZE};
    char mobile[MOBILE_SIZE + 1];
    sprintf(mobile, "9%09u", c->number % 1000000000);
    uint8_t *to = out;
    memcpy(to, head, sizeof head), to += sizeof head;
    memcpy(to, mobile, MOBILE_SIZE), to += MOBILE_SIZE;
    memcpy(to, subscribe, sizeof subscribe), to += sizeof subscribe;
    memcpy(to, mobile, MOBILE_SIZE), to += MOBILE_SIZE;
    *to++ = quality;
    return (size_t)(to - out);
}

static size_t greet0(struct client *c, uint8_t *out) {
    return greet_with(c, out, 0);
}

static size_t greet1(struct client *c, uint8_t *out) {
    return greet_with(c, out, 1);
}

static size_t publish(uint8_t *out, uint8_t quality, uint32_t to, const char *text, size_t size) {
    static uint16_t identifier;
    size_t rest = 2 + MOBILE_SIZE + (quality ? 2 : 0) + size;
    uint8_t *at = out;
    *at++ = (uint8_t)(0x30 | quality << 1);
    do {
        *at++ = (uint8_t)((rest & 127) | (rest > 127 ? 128 : 0));
        rest >>= 7;
    } while (rest);
    *at++ = 0, *at++ = MOBILE_SIZE;
    char mobile[MOBILE_SIZE + 1];
    sprintf(mobile, "9%09u", to % 1000000000);
    memcpy(at, mobile, MOBILE_SIZE), at += MOBILE_SIZE;
    if (quality) {
        if (!++identifier) identifier = 1;
        *at++ = (uint8_t)(identifier >> 8), *at++ = (uint8_t)identifier;
    }
    memcpy(at, text, size);
    return (size_t)(at + size - out);
}

static size_t message0(uint8_t *out, uint32_t to, const char *text, size_t size) {
    return publish(out, 0, to, text, size);
}

static size_t message1(uint8_t *out, uint32_t to, const char *text, size_t size) {
    return publish(out, 1, to, text, size);
}

static size_t ping(uint8_t *out) {
    out[0] = 0xc0, out[1] = 0;
    return 2;
}

static size_t take(struct client *c, uint8_t *bytes, size_t size) {
    size_t length = 0, header = 1;
    for (int shift = 0;; shift += 7) {
        if (header >= size) return 0;
        length |= (size_t)(bytes[header] & 127) << shift;
        if (!(bytes[header++] & 128)) break;
    }
    if (size < header + length) return 0;
    uint8_t *rest = bytes + header;
    switch (bytes[0] >> 4) {
    case 3: { /* PUBLISH; QoS 1 is acknowledged */
        size_t topic = (size_t)rest[0] << 8 | rest[1], skipped = 2 + topic;
        if (bytes[0] & 6) {
            uint8_t acknowledgement[] = {0x40, 2, rest[skipped], rest[skipped + 1]};
            client_send(c, acknowledgement, sizeof acknowledgement);
            skipped += 2;
        }
        c->came++;
        if (on.message) on.message(c, rest + skipped, length - skipped);
        break;
    }
    case 9: /* SUBACK */
        c->state = READY;
        if (on.ready) on.ready(c);
        break;
    case 13: /* PINGRESP */
        if (on.pong) on.pong(c);
        break;
    }
    return header + length;
}

const struct dialect mqtt0 = {"mqtt0", greet0, take, message0, ping};
const struct dialect mqtt1 = {"mqtt1", greet1, take, message1, ping};
