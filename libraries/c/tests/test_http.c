/* HTTP: heads of requests, and which hosts and origins are accepted. */
#include "expect.h"
#include "sb_http.h"
#include "sb_origin.h"

#define HOST "Host: bench-1\r\n"
#define UPGRADE \
    "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* The result of parsing a text, whole and byte by byte. */
static sb_http_result parsed(const char *text, sb_http *head) {
    size_t length = strlen(text), used = 0;
    sb_http whole;
    memset(&whole, 0, sizeof whole);
    memset(head, 0, sizeof *head);
    sb_http_result first = sb_http_parse(&whole, (const uint8_t *)text, length, &used);
    sb_http_result result = SB_HTTP_MORE;
    size_t at = 0;
    while (result == SB_HTTP_MORE && at < length) {
        size_t one = 0;
        result = sb_http_parse(head, (const uint8_t *)text + at, 1, &one);
        at += one;
    }
    EXPECT_FOR(text, result == first);
    EXPECT_FOR(text, at == used);
    return result;
}

static void requests_of_http_1_1_are_parsed(void) {
    sb_http head;
    EXPECT(parsed("GET /log?a=b&level=debug HTTP/1.1\r\n" HOST UPGRADE "\r\nmore", &head) ==
           SB_HTTP_DONE);
    size_t length = 0;
    const char *level = sb_http_parameter(&head, "level", &length);
    EXPECT(head.method == SB_HTTP_GET && head.http11);
    EXPECT(sb_http_path_of(&head) == SB_PATH_LOG);
    EXPECT(level != NULL && length == 5 && memcmp(level, "debug", 5) == 0);
    EXPECT(sb_http_parameter(&head, "c", &length) == NULL);
    EXPECT(sb_http_upgrade_of(&head) == SB_UPGRADE_GOOD);
    EXPECT(memcmp(head.key, "dGhlIHNhbXBsZSBub25jZQ==", 24) == 0);
    EXPECT(sb_http_keeps_alive(&head));
    EXPECT(parsed("\r\nPOST /rpc HTTP/1.1\r\n" HOST
                  "content-length: 12\r\nExpect: 100-continue\r\n\r\n",
                  &head) == SB_HTTP_DONE);
    EXPECT(head.method == SB_HTTP_POST && sb_http_path_of(&head) == SB_PATH_RPC);
    EXPECT(sb_http_body_of(&head) == SB_BODY_LENGTH && head.content_length == 12);
    EXPECT(head.expects_continue);
    EXPECT(parsed("GET / HTTP/1.0\r\n\r\n", &head) == SB_HTTP_DONE);
    EXPECT(!sb_http_keeps_alive(&head) && sb_http_host(&head) == NULL);
}

static void malformed_heads_are_refused(void) {
    static const char *const bad[] = {
        "GET /\r\n",
        "GET / HTTP/2.0\r\n",
        "GET / HTTP/1.12\r\n",
        "GET  / HTTP/1.1\r\n",
        " GET / HTTP/1.1\r\n",
        "\nGET / HTTP/1.1\r\n",
        "\x16\x03\x01",
        "GET /\x01 HTTP/1.1\r\n",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r\nHost: a\n",
        "GET / HTTP/1.1\r\nHost : a\r\n",
        "GET / HTTP/1.1\r\n: a\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n b\r\n",
        "GET / HTTP/1.1\r\nX: a\x01\r\n",
        "GET / HTTP/1.1\r\nX: a\rb",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST HOST "\r\n",
        "POST /rpc HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "POST /rpc HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n",
        "POST /rpc HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n",
        "POST /rpc HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\n",
    };
    sb_http head;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT_FOR(bad[i], parsed(bad[i], &head) == SB_HTTP_BAD);
    }
}

static void heads_over_the_limits_are_refused(void) {
    static char text[6000];
    static const char start[] = "GET / HTTP/1.1\r\n" HOST "X: ";
    sb_http head;
    for (size_t length = SB_HTTP_HEAD - 1; length <= SB_HTTP_HEAD + 1; length++) {
        memset(text, 'a', sizeof text);
        memcpy(text, start, sizeof start - 1);
        memcpy(text + length - 4, "\r\n\r\n", 5);
        EXPECT(parsed(text, &head) ==
               (length <= SB_HTTP_HEAD ? SB_HTTP_DONE : SB_HTTP_TOO_LARGE));
    }
    for (int fields = SB_HTTP_FIELDS; fields <= SB_HTTP_FIELDS + 1; fields++) {
        strcpy(text, "GET / HTTP/1.1\r\n" HOST);
        for (int i = 1; i < fields; i++) {
            strcat(text, "A: b\r\n");
        }
        strcat(text, "\r\n");
        EXPECT(parsed(text, &head) ==
               (fields <= SB_HTTP_FIELDS ? SB_HTTP_DONE : SB_HTTP_TOO_LARGE));
    }
}

static void opening_handshakes_are_judged(void) {
    static const struct {
        const char *text;
        sb_http_upgrade expected;
    } cases[] = {
        {"GET /rpc HTTP/1.1\r\n" HOST "\r\n", SB_UPGRADE_NONE},
        {"GET /rpc HTTP/1.0\r\n" HOST UPGRADE "\r\n", SB_UPGRADE_NONE},
        {"POST /rpc HTTP/1.1\r\n" HOST UPGRADE "\r\n", SB_UPGRADE_NONE},
        {"GET /rpc HTTP/1.1\r\n" HOST UPGRADE "Content-Length: 0\r\n\r\n", SB_UPGRADE_GOOD},
        {"GET /rpc HTTP/1.1\r\n" HOST UPGRADE "Content-Length: 1\r\n\r\n", SB_UPGRADE_BODY},
        {"GET /rpc HTTP/1.1\r\n" HOST UPGRADE "Sec-WebSocket-Version: 13\r\n\r\n",
         SB_UPGRADE_VERSION},
        {"GET /rpc HTTP/1.1\r\n" HOST UPGRADE
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         SB_UPGRADE_KEY},
        {"GET /rpc HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n\r\n",
         SB_UPGRADE_KEY},
        {"GET /rpc HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         SB_UPGRADE_VERSION},
    };
    sb_http head;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        EXPECT_FOR(cases[i].text, parsed(cases[i].text, &head) == SB_HTTP_DONE);
        EXPECT_FOR(cases[i].text, sb_http_upgrade_of(&head) == cases[i].expected);
    }
    EXPECT(parsed("GET /rpc HTTP/1.1\r\n" HOST UPGRADE
                  "Sec-WebSocket-Protocol: other , switchboard.v1\r\n\r\n",
                  &head) == SB_HTTP_DONE);
    EXPECT(head.offers_protocols && head.offers_switchboard);
    EXPECT(parsed("GET /rpc HTTP/1.1\r\n" HOST UPGRADE
                  "Sec-WebSocket-Protocol: switchboard.v2\r\n\r\n",
                  &head) == SB_HTTP_DONE);
    EXPECT(head.offers_protocols && !head.offers_switchboard);
}

static void a_host_is_one_that_no_stranger_can_point_at_the_board(void) {
    static const char *const good[] = {
        "192.168.1.17",   "192.168.1.17:8080",     "192.168.1.17:",   "[::1]",
        "localhost:40123", "[fe80::1%25wlan0]:80", "LocalHost",       "lamp.local",
        "bench-1",        "Desk-Lamp.LOCAL.:80",   "BENCH-1:80",      "[1:2:3:4:5:6:7:8]",
        "[::ffff:1.2.3.4]", "[2001:db8::]",
    };
    static const char *const bad[] = {
        "",
        ":80",
        ".local",
        "local",
        "attacker.example",
        "attacker.example:80",
        "bench-1.attacker.example",
        "192.168.1.17.attacker.example",
        "lamp.local.attacker.example",
        "localhost.attacker.example",
        "notlocal",
        "x.notlocal",
        "[attacker.example]",
        "[::1",
        "[::1]x",
        "[192.168.1.17]",
        "::1",
        "192.168.1.17:80:80",
        "192.168.1.17:99999",
        "192.168.1.17:65536",
        "user@192.168.1.17",
        "192.168.1.17/x",
        "192.168.1",
        "192.168.1.256",
        "192.168.1.017",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[12345::]",
        "[:1]",
        "[]",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        EXPECT_FOR(good[i], sb_is_host_of_board(good[i], strlen(good[i]), "bench-1"));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT_FOR(bad[i], !sb_is_host_of_board(bad[i], strlen(bad[i]), "bench-1"));
    }
}

/* What is said to a request with this Host and Origin. */
static sb_origin_check checked(const char *host, const char *origin) {
    static const char *const origins[] = {"http://Panel.example:8080", "https://lab.example"};
    static const sb_origins allowed = {origins, 2};
    char text[600];
    sb_http head;
    snprintf(text, sizeof text, "GET /rpc HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n" UPGRADE "\r\n",
             host, origin);
    EXPECT_FOR(text, parsed(text, &head) == SB_HTTP_DONE);
    return sb_origin_of(&head, "bench-1", &allowed);
}

static void origins_are_compared_as_a_whole(void) {
    static const char *const good[] = {
        "http://panel.example:8080",
        "HTTP://PANEL.EXAMPLE:8080",
        "https://lab.example:443",
        "https://lab.example",
    };
    static const char *const bad[] = {
        "",
        "null",
        "http://panel.example",
        "https://panel.example:8080",
        "http://panel.example:8080/",
        "http://panel.example:80800",
        "http://x.panel.example:8080",
        "http://panel.example:8080.attacker.example",
        "https://lab.example, https://attacker.example",
        "lab.example",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        EXPECT_FOR(good[i], checked("bench-1", good[i]) == SB_ORIGIN_GOOD);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT_FOR(bad[i], checked("bench-1", bad[i]) == SB_ORIGIN_NOT_ALLOWED);
    }
    EXPECT(checked("attacker.example", "null") == SB_ORIGIN_OTHER_HOST);
}

static void the_boards_own_address_is_an_allowed_origin(void) {
    static const char *const own[][2] = {
        {"192.168.1.17", "http://192.168.1.17"},
        {"192.168.1.17", "http://192.168.1.17:80"},
        {"192.168.1.17:80", "http://192.168.1.17"},
        {"192.168.1.17:8080", "http://192.168.1.17:8080"},
        {"desk-lamp.local.", "HTTP://Desk-Lamp.LOCAL"},
        {"desk-lamp.local", "http://desk-lamp.local.:80"},
        {"[::1]:8080", "http://[::1]:8080"},
        {"[fe80::1]:80", "http://[FE80:0::1]"},
        {"[fe80::1%25wlan0]", "http://[fe80::1%25wlan0]"},
    };
    static const char *const other[][2] = {
        {"192.168.1.17", "http://"},
        {"192.168.1.17", "https://192.168.1.17"},
        {"192.168.1.17", "https://192.168.1.17:80"},
        {"192.168.1.17", "ws://192.168.1.17"},
        {"192.168.1.17", "192.168.1.17"},
        {"192.168.1.17", "http://192.168.1.17:8080"},
        {"192.168.1.17:8080", "http://192.168.1.17"},
        {"192.168.1.17", "http://192.168.1.18"},
        {"192.168.1.17", "http://192.168.1.17/"},
        {"192.168.1.17", "http://192.168.1.17.stranger.example"},
        {"192.168.1.17", "http://user@192.168.1.17"},
        {"192.168.1.17", "http://192.168.1.17, http://192.168.1.17"},
        {"[::1]", "http://::1"},
        {"[::1]", "http://[::2]"},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        EXPECT_FOR(own[i][1], checked(own[i][0], own[i][1]) == SB_ORIGIN_GOOD);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        EXPECT_FOR(other[i][1], checked(other[i][0], other[i][1]) == SB_ORIGIN_NOT_ALLOWED);
    }
}

static void the_authority_of_an_absolute_target_counts(void) {
    static const sb_origins none = {NULL, 0};
    sb_http head;
    EXPECT(parsed("GET http://bench-1/rpc HTTP/1.1\r\nHost: evil.example\r\n\r\n", &head) ==
           SB_HTTP_DONE);
    EXPECT(sb_http_path_of(&head) == SB_PATH_RPC);
    EXPECT(sb_origin_of(&head, "bench-1", &none) == SB_ORIGIN_GOOD);
    EXPECT(parsed("GET http://evil.example/rpc HTTP/1.1\r\n" HOST "\r\n", &head) == SB_HTTP_DONE);
    EXPECT(sb_origin_of(&head, "bench-1", &none) == SB_ORIGIN_OTHER_HOST);
    EXPECT(parsed("GET https://bench-1/ HTTP/1.1\r\n" HOST "\r\n", &head) == SB_HTTP_DONE);
    EXPECT(sb_origin_of(&head, "bench-1", &none) == SB_ORIGIN_OTHER_HOST);
    EXPECT(parsed("GET ws://bench-1?x HTTP/1.1\r\n" HOST "\r\n", &head) == SB_HTTP_DONE);
    EXPECT(sb_http_path_of(&head) == SB_PATH_PAGE);
}

int main(void) {
    requests_of_http_1_1_are_parsed();
    malformed_heads_are_refused();
    heads_over_the_limits_are_refused();
    opening_handshakes_are_judged();
    a_host_is_one_that_no_stranger_can_point_at_the_board();
    origins_are_compared_as_a_whole();
    the_boards_own_address_is_an_allowed_origin();
    the_authority_of_an_absolute_target_counts();
    return expect_end();
}
