/* Lists and deltas of who is online. A list of 10,000 has 130 KB and comes 10,000 times, so it is not kept: each mobile is hashed as it
 * comes by and added to a sum, from which `left` takes away. Equal count and sum: the same set, but for one chance in 2^64.
 *
 * All mobiles of the load generator have ten digits, which are read as one word of eight and one of two.
 */

#include "load.h"

#include <string.h>

static uint64_t hash_of(const uint8_t *digits) {
    uint64_t eight;
    uint16_t two;
    memcpy(&eight, digits, 8);
    memcpy(&two, digits + 8, 2);
    uint64_t x = (eight ^ (uint64_t)two << 40) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93) + two;
    return x ^ x >> 29;
}

uint64_t presence_hash(uint32_t number) {
    char mobile[MOBILE_SIZE + 1];
    sprintf(mobile, "9%09u", number % 1000000000);
    return hash_of((uint8_t *)mobile);
}

bool presence_starts(const uint8_t *payload, size_t size) {
    return STARTS(payload, size, "{\"type\":\"online_users\"") || STARTS(payload, size, "{\"type\":\"presence\"");
}

static void read_rev(struct client *c, const uint8_t *bytes, size_t size) {
    const uint8_t *rev = memmem(bytes, size, LITERAL("\"rev\":"));
    if (!rev) return;
    uint32_t value = 0;
    for (rev += 6; rev < bytes + size && *rev >= '0' && *rev <= '9'; rev++) value = value * 10 + *rev - '0';
    if (c->presence.is_delta && value > c->presence.rev + 1) fail("client %u: rev %u after %u", c->number, value, c->presence.rev);
    c->presence.is_old = c->presence.is_delta && value <= c->presence.rev;
    if (!c->presence.is_old) c->presence.rev = value;
}

/* What is between the arrays: up to and with the next bracket, or up to the end. */
static size_t outside(struct client *c, const uint8_t *bytes, size_t size, bool is_all) {
    struct presence *p = &c->presence;
    const uint8_t *bracket = memchr(bytes, '[', size);
    if (!bracket && !is_all) return 0;
    size_t used = bracket ? (size_t)(bracket + 1 - bytes) : size;
    if (STARTS(bytes, size, "{\"type\":\"p")) p->is_delta = true;
    if (STARTS(bytes, size, "{\"type\":\"o")) p->is_delta = p->is_old = false;
    read_rev(c, bytes, used);
    if (!bracket) return used;
    const uint8_t *key = bracket - 3; /* the last letter of users, joined, left */
    p->inside = key < bytes ? OUTSIDE : *key == 's' ? USERS : *key == 'd' ? JOINED : LEFT;
    if (p->inside == USERS) p->count = 0, p->sum = 0;
    return used;
}

static size_t inside(struct client *c, const uint8_t *bytes, size_t size) {
    const uint8_t *at = bytes, *end = bytes + size;
    uint64_t sum = 0;
    uint32_t count = 0;
    while (end - at >= MOBILE_SIZE + 3 && at[0] == '"') {
        if (at[MOBILE_SIZE + 1] != '"') fail("client %u was told of a mobile that is none of ours", c->number);
        sum += hash_of(at + 1);
        count++;
        at += MOBILE_SIZE + 2;
        if (*at == ',') at++;
    }
    struct presence *p = &c->presence;
    if (!p->is_old) {
        p->sum += p->inside == LEFT ? -sum : sum;
        p->count += p->inside == LEFT ? -count : count;
    }
    if (at < end && *at == ']') {
        p->inside = OUTSIDE;
        at++;
    }
    return (size_t)(at - bytes);
}

size_t presence_take(struct client *c, const uint8_t *bytes, size_t size) {
    struct presence *p = &c->presence;
    bool is_all = size >= p->left;
    if (is_all) size = p->left;
    size_t used = p->inside == OUTSIDE ? outside(c, bytes, size, is_all) : inside(c, bytes, size);
    if (!used && is_all) fail("client %u got presence that is none", c->number);
    p->left -= (uint32_t)used;
    if (!p->left && on.presence) on.presence(c);
    return used;
}
