/* WebSocket: the accept key, frames, UTF-8 and close codes. */
#include "expect.h"
#include "sb_accept_key.h"
#include "sb_ws.h"

static uint8_t message[64];

/* The example of RFC 6455, section 1.3, and the vectors of FIPS 180. */
static void the_accept_value_is_that_of_the_rfc(void) {
    char accept[SB_ACCEPT_LENGTH + 1];
    uint8_t digest[20];
    static const uint8_t abc[20] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                                    0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    static const uint8_t two_blocks[20] = {0x84, 0x98, 0x3e, 0x44, 0x1c, 0x3b, 0xd2,
                                           0x6e, 0xba, 0xae, 0x4a, 0xa1, 0xf9, 0x51,
                                           0x29, 0xe5, 0xe5, 0x46, 0x70, 0xf1};
    sb_accept_key("dGhlIHNhbXBsZSBub25jZQ==", accept);
    EXPECT(strcmp(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == 0);
    sb_sha1((const uint8_t *)"abc", 3, digest);
    EXPECT(memcmp(digest, abc, 20) == 0);
    sb_sha1((const uint8_t *)"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
            digest);
    EXPECT(memcmp(digest, two_blocks, 20) == 0);
}

/* A frame of a client, masked with a mask that is not zero. */
static size_t frame(uint8_t *to, uint8_t first, const char *payload, size_t length) {
    static const uint8_t mask[4] = {0x11, 0x22, 0x33, 0x44};
    to[0] = first;
    to[1] = (uint8_t)(0x80 | length);
    memcpy(to + 2, mask, 4);
    for (size_t i = 0; i < length; i++) {
        to[6 + i] = (uint8_t)payload[i] ^ mask[i % 4];
    }
    return 6 + length;
}

/* The event that bytes lead to, whole and byte by byte. */
static sb_ws_event decoded(const uint8_t *bytes, size_t length, sb_ws *ws) {
    sb_ws whole;
    sb_ws_event first = SB_WS_MORE, event = SB_WS_MORE;
    size_t used = 0, at = 0;
    sb_ws_begin(&whole, message, sizeof message);
    while (first == SB_WS_MORE && at < length) {
        first = sb_ws_decode(&whole, bytes + at, length - at, &used);
        at += used;
    }
    sb_ws_begin(ws, message, sizeof message);
    for (at = 0; event == SB_WS_MORE && at < length; at++) {
        event = sb_ws_decode(ws, bytes + at, 1, &used);
    }
    EXPECT(event == first);
    EXPECT(ws->close_code == whole.close_code);
    EXPECT(event == SB_WS_BROKEN || ws->length == whole.length);
    return event;
}

static void messages_are_assembled(void) {
    uint8_t bytes[200];
    sb_ws ws;
    size_t length = frame(bytes, 0x81, "Hello", 5);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_GOT_TEXT);
    EXPECT(ws.length == 5 && memcmp(message, "Hello", 5) == 0);
    length = frame(bytes, 0x01, "gr\xc3", 3);
    length += frame(bytes + length, 0x80, "\xbc\xc3\x9f", 3);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_GOT_TEXT);
    EXPECT(ws.length == 6 && memcmp(message, "gr\xc3\xbc\xc3\x9f", 6) == 0);
    length = frame(bytes, 0x82, "", 0);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_GOT_BINARY && ws.length == 0);
    length = frame(bytes, 0x8a, "", 0);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_GOT_PONG);
}

static void a_ping_may_come_within_a_message(void) {
    uint8_t bytes[200];
    sb_ws ws;
    size_t used = 0, length = frame(bytes, 0x02, "ab", 2);
    length += frame(bytes + length, 0x89, "hi", 2);
    length += frame(bytes + length, 0x80, "cd", 2);
    sb_ws_begin(&ws, message, sizeof message);
    EXPECT(sb_ws_decode(&ws, bytes, length, &used) == SB_WS_GOT_PING);
    EXPECT(ws.control_length == 2 && memcmp(ws.control, "hi", 2) == 0);
    size_t before = used;
    EXPECT(sb_ws_decode(&ws, bytes + before, length - before, &used) == SB_WS_GOT_BINARY);
    EXPECT(ws.length == 4 && memcmp(message, "abcd", 4) == 0);
}

static void what_the_rfc_forbids_is_refused(void) {
    static const struct {
        const char *what;
        uint8_t first;
        const char *payload;
        size_t length;
        uint16_t code;
    } cases[] = {
        {"a reserved bit", 0xc1, "a", 1, 1002},
        {"an unknown opcode", 0x83, "a", 1, 1002},
        {"an unknown control opcode", 0x8b, "a", 1, 1002},
        {"a fragmented ping", 0x09, "a", 1, 1002},
        {"nothing to continue", 0x80, "a", 1, 1002},
        {"a close of one byte", 0x88, "a", 1, 1002},
        {"a close with 1005", 0x88, "\x03\xed", 2, 1002},
        {"a close with 999", 0x88, "\x03\xe7", 2, 1002},
        {"a close with 5000", 0x88, "\x13\x88", 2, 1002},
        {"a close whose reason is not UTF-8", 0x88, "\x03\xe8\xff", 3, 1007},
        {"text that is not UTF-8", 0x81, "\xff", 1, 1007},
        {"an overlong form", 0x81, "\xc0\x80", 2, 1007},
        {"a surrogate", 0x81, "\xed\xa0\x80", 3, 1007},
        {"beyond Unicode", 0x81, "\xf4\x90\x80\x80", 4, 1007},
        {"text that ends within a character", 0x81, "\xe2\x82", 2, 1007},
    };
    uint8_t bytes[200];
    sb_ws ws;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = frame(bytes, cases[i].first, cases[i].payload, cases[i].length);
        EXPECT_FOR(cases[i].what, decoded(bytes, length, &ws) == SB_WS_BROKEN);
        EXPECT_FOR(cases[i].what, ws.close_code == cases[i].code);
    }
    size_t length = frame(bytes, 0x01, "a", 1);
    length += frame(bytes + length, 0x81, "b", 1);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_BROKEN && ws.close_code == 1002);
    static const uint8_t unmasked[] = {0x81, 0x01, 'a'};
    EXPECT(decoded(unmasked, sizeof unmasked, &ws) == SB_WS_BROKEN && ws.close_code == 1002);
    static const uint8_t long_ping[] = {0x89, 0xfe, 0, 126, 0, 0, 0, 0};
    EXPECT(decoded(long_ping, sizeof long_ping, &ws) == SB_WS_BROKEN && ws.close_code == 1002);
}

static void a_message_over_the_limit_is_refused_by_its_header(void) {
    static const uint8_t at_limit[] = {0x82, 0xc0, 0, 0, 0, 0};
    static const uint8_t one_more[] = {0x82, 0xc1, 0, 0, 0, 0};
    static const uint8_t huge[] = {0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0,    0,    0,    0};
    uint8_t bytes[200];
    sb_ws ws;
    EXPECT(decoded(at_limit, sizeof at_limit, &ws) == SB_WS_MORE);
    EXPECT(decoded(one_more, sizeof one_more, &ws) == SB_WS_BROKEN && ws.close_code == 1009);
    EXPECT(decoded(huge, sizeof huge, &ws) == SB_WS_BROKEN && ws.close_code == 1009);
    char part[60] = {0};
    size_t length = frame(bytes, 0x02, part, 60);
    length += frame(bytes + length, 0x80, part, 5);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_BROKEN && ws.close_code == 1009);
}

static void closes_are_read_and_written(void) {
    uint8_t bytes[200], close[2 + SB_WS_CONTROL];
    sb_ws ws;
    size_t length = frame(bytes, 0x88, "\x03\xe9", 2);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_GOT_CLOSE && ws.close_code == 1001);
    length = frame(bytes, 0x88, "", 0);
    EXPECT(decoded(bytes, length, &ws) == SB_WS_GOT_CLOSE && ws.close_code == 0);
    EXPECT(sb_ws_close(close, 0, "x") == 2 && memcmp(close, "\x88\x00", 2) == 0);
    EXPECT(sb_ws_close(close, 1000, "ok") == 6 && memcmp(close, "\x88\x04\x03\xe8ok", 6) == 0);
    char reason[200];
    memset(reason, 'a', sizeof reason);
    /* A character of two bytes; only the first would fit. */
    memcpy(reason + 122, "\xc3\xbc", 2);
    reason[199] = '\0';
    EXPECT(sb_ws_close(close, 1000, reason) == 4 + 122 && close[1] == 124);
}

static void headers_have_the_shortest_form(void) {
    uint8_t header[SB_WS_HEADER];
    EXPECT(sb_ws_header(header, SB_WS_TEXT, 125) == 2 && header[1] == 125);
    EXPECT(sb_ws_header(header, SB_WS_TEXT, 126) == 4 && header[1] == 126 && header[3] == 126);
    EXPECT(sb_ws_header(header, SB_WS_TEXT, 65535) == 4 && header[2] == 255 && header[3] == 255);
    EXPECT(sb_ws_header(header, SB_WS_TEXT, 65536) == 10 && header[1] == 127 && header[7] == 1);
}

int main(void) {
    the_accept_value_is_that_of_the_rfc();
    messages_are_assembled();
    a_ping_may_come_within_a_message();
    what_the_rfc_forbids_is_refused();
    a_message_over_the_limit_is_refused_by_its_header();
    closes_are_read_and_written();
    headers_have_the_shortest_form();
    return expect_end();
}
