#include "sb_accept_key.h"

#include <string.h>

/* RFC 6455, section 1.3. */
static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static uint32_t rotate(uint32_t word, unsigned bits) {
    return (word << bits) | (word >> (32 - bits));
}

static void hash_block(uint32_t state[5], const uint8_t block[64]) {
    uint32_t words[80];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (size_t i = 0; i < 16; i++) {
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | (uint32_t)block[4 * i + 3];
    }
    for (size_t i = 16; i < 80; i++) {
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    for (size_t i = 0; i < 80; i++) {
        uint32_t mixed, constant;
        if (i < 20) {
            mixed = (b & c) | (~b & d);
            constant = 0x5a827999u;
        } else if (i < 40) {
            mixed = b ^ c ^ d;
            constant = 0x6ed9eba1u;
        } else if (i < 60) {
            mixed = (b & c) | (b & d) | (c & d);
            constant = 0x8f1bbcdcu;
        } else {
            mixed = b ^ c ^ d;
            constant = 0xca62c1d6u;
        }
        uint32_t next = rotate(a, 5) + mixed + e + constant + words[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

void sb_sha1(const uint8_t *bytes, size_t length, uint8_t digest[20]) {
    uint32_t state[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
    uint8_t blocks[128] = {0};
    memset(digest, 0, 20);
    if (length > 119) {
        return;
    }
    if (length > 0) {
        memcpy(blocks, bytes, length);
    }
    blocks[length] = 0x80;
    size_t end = length < 56 ? 64 : 128;
    blocks[end - 2] = (uint8_t)(length * 8 >> 8);
    blocks[end - 1] = (uint8_t)(length * 8);
    for (size_t at = 0; at < end; at += 64) {
        hash_block(state, blocks + at);
    }
    for (size_t i = 0; i < 20; i++) {
        digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void sb_accept_key(const char key[SB_KEY_LENGTH], char accept[SB_ACCEPT_LENGTH + 1]) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t text[SB_KEY_LENGTH + sizeof GUID - 1];
    /* One byte more than a hash, so that the last group of three is whole. */
    uint8_t digest[21] = {0};
    memcpy(text, key, SB_KEY_LENGTH);
    memcpy(text + SB_KEY_LENGTH, GUID, sizeof GUID - 1);
    sb_sha1(text, sizeof text, digest);
    for (size_t group = 0; group < 7; group++) {
        const uint8_t *from = digest + 3 * group;
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        for (size_t i = 0; i < 4; i++) {
            accept[4 * group + i] = digits[bits >> (18 - 6 * i) & 63];
        }
    }
    accept[SB_ACCEPT_LENGTH - 1] = '=';
    accept[SB_ACCEPT_LENGTH] = '\0';
}
