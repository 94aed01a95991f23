/* The server without sockets, with a small board: requests, channels,
   time-outs, restarts and slow clients, at times that the test chooses. */
#include <stdlib.h>

#include "expect.h"
#include "sb_address.h"
#include "sb_server.h"

#define UPGRADE \
    " HTTP/1.1\r\nHost: bench-1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static sb_board board;
static sb_server server;
static sb_server_config server_config;
static uint64_t now;

/* What the last connection was sent, as text. */
static char said[20000];
static size_t said_length;

static uint32_t random_bits(void *context) {
    static uint32_t bits = 12345;
    (void)context;
    bits = bits * 1664525u + 1013904223u;
    return bits;
}

static const sb_component components[] = {SB_SWITCH(0, "Relay"), SB_LIGHT(0, "Lamp")};

static const sb_config config = {
    .id = "bench-1",
    .name = "Bench <1>",
    .mac = "02:00:00:00:00:01",
    .version = "1",
    .platform = "test",
    .product = "test",
    .components = components,
    .component_count = 2,
    .random = random_bits,
};

static void start(void) {
    now = 1000;
    memset(&server_config, 0, sizeof server_config);
    EXPECT(sb_init(&board, &config, now) == SB_OK);
    EXPECT(sb_server_init(&server, &board, &server_config, 7));
}

/* Connects from an address; the index, or -1. */
static int connect_from(unsigned number) {
    const uint8_t ip[4] = {192, 168, 1, (uint8_t)number};
    sb_address from = sb_address_v4(ip, 5000);
    bool evicted = false;
    return sb_server_accept(&server, now, &from, &evicted);
}

/* Takes everything that is to be sent, at most `limit` bytes. */
static void take(int index, size_t limit) {
    said_length = 0;
    for (;;) {
        size_t length = 0;
        const uint8_t *bytes = sb_server_output(&server, index, &length);
        length = length < limit ? length : limit;
        if (length == 0 || said_length + length >= sizeof said) {
            break;
        }
        memcpy(said + said_length, bytes, length);
        said_length += length;
        limit -= length;
        sb_server_sent(&server, now, index, length);
    }
    said[said_length] = '\0';
    if (sb_server_has_to_close(&server, index)) {
        sb_server_closed(&server, now, index);
    }
}

/* Sends bytes as far as they are read. Returns how many were. */
static size_t send_to(int index, const char *bytes, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t size = 0;
        uint8_t *buffer = sb_server_buffer(&server, index, &size);
        size = size < length - at ? size : length - at;
        if (size == 0) {
            break;
        }
        memcpy(buffer, bytes + at, size);
        at += size;
        sb_server_received(&server, now, index, size);
    }
    sb_server_tick(&server, now);
    return at;
}

/* Sends a text on a new connection and takes what is said to it. */
static int asked(const char *text) {
    int index = connect_from(1);
    EXPECT_FOR(text, send_to(index, text, strlen(text)) == strlen(text));
    take(index, sizeof said);
    return index;
}

static bool said_has(const char *text) {
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= said_length; i++) {
        if (memcmp(said + i, text, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Sends a frame, masked with zeros. */
static void send_frame(int index, uint8_t opcode, const char *payload) {
    char frame[2100];
    size_t length = strlen(payload), at = 2;
    frame[0] = (char)(0x80 | opcode);
    frame[1] = (char)(0x80 | (length < 126 ? length : 126));
    if (length >= 126) {
        frame[at++] = (char)(length >> 8);
        frame[at++] = (char)length;
    }
    memset(frame + at, 0, 4);
    memcpy(frame + at + 4, payload, length);
    send_to(index, frame, at + 4 + length);
}

static void wait_ms(uint64_t milliseconds) {
    uint64_t end = now + milliseconds;
    for (;;) {
        uint64_t next = sb_server_deadline(&server);
        now = next > end ? end : next > now ? next : now + 1;
        now = now > end ? end : now;
        sb_server_tick(&server, now);
        if (now == end) {
            return;
        }
    }
}

static sb_conn_state state_of(int index) {
    return server.connections[index].state;
}

static void a_connection_answers_several_requests(void) {
    start();
    int index = asked("GET / HTTP/1.1\r\nHost: bench-1\r\n\r\n");
    EXPECT(said_has("HTTP/1.1 200 OK\r\n") && said_has("Bench &lt;1&gt;"));
    EXPECT(said_has("Connection: keep-alive"));
    const char *two = "POST /rpc HTTP/1.1\r\nHost: bench-1\r\nContent-Length: 44\r\n\r\n"
                      "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"Sys.Ping\"}"
                      "HEAD /nothing HTTP/1.1\r\nHost: bench-1\r\nConnection: close\r\n\r\n";
    /* The second request is read when the first response has left. */
    size_t sent = send_to(index, two, strlen(two));
    take(index, sizeof said);
    EXPECT(said_has("\"id\":7") && said_has("uptime_ms"));
    send_to(index, two + sent, strlen(two) - sent);
    wait_ms(1);
    if (!said_has("404 Not Found")) {
        take(index, sizeof said);
    }
    EXPECT(said_has("404 Not Found") && said_has("Content-Length: 58"));
    EXPECT(!said_has("There is nothing here"));
    EXPECT(sb_server_has_to_shut_down(&server, index));
    EXPECT(!sb_server_has_to_shut_down(&server, index));
    wait_ms(300);
    EXPECT(sb_server_has_to_close(&server, index));
}

static void clients_that_are_silent_are_disconnected(void) {
    start();
    int silent = connect_from(1);
    wait_ms(5000);
    take(silent, sizeof said);
    EXPECT(state_of(silent) == SB_CONN_DRAIN && said_length == 0);
    start();
    int slow = asked("GET / HT");
    wait_ms(4999);
    EXPECT(state_of(slow) == SB_CONN_HEAD);
    wait_ms(1);
    take(slow, sizeof said);
    EXPECT(said_has("408 Request Timeout"));
    start();
    slow = asked("POST /rpc HTTP/1.1\r\nHost: bench-1\r\nContent-Length: 5\r\n\r\n12");
    wait_ms(5000);
    take(slow, sizeof said);
    EXPECT(said_has("408 Request Timeout"));
    start();
    int idle = asked("GET /x HTTP/1.1\r\nHost: bench-1\r\n\r\n");
    wait_ms(29999);
    EXPECT(state_of(idle) == SB_CONN_HEAD);
    wait_ms(1);
    EXPECT(state_of(idle) == SB_CONN_DRAIN);
    start();
    idle = asked("GET /x HTTP/1.1\r\nHost: bench-1\r\n\r\n");
    wait_ms(20000);
    send_to(idle, "GET", 3);
    wait_ms(5000);
    take(idle, sizeof said);
    EXPECT(said_has("408 Request Timeout"));
}

static void a_client_that_does_not_read_its_response_is_dropped(void) {
    start();
    int index = connect_from(1);
    const char *get = "GET / HTTP/1.1\r\nHost: bench-1\r\n\r\n";
    send_to(index, get, strlen(get));
    take(index, 10);
    wait_ms(2500);
    take(index, 10);
    wait_ms(2499);
    EXPECT(state_of(index) == SB_CONN_RESPOND);
    wait_ms(1);
    EXPECT(sb_server_has_to_close(&server, index));
}

static void continue_is_sent_where_it_is_waited_for(void) {
    start();
    int index = asked("POST /rpc HTTP/1.1\r\nHost: bench-1\r\nContent-Length: 2\r\n"
                      "Expect: 100-continue\r\n\r\n");
    EXPECT(said_has("HTTP/1.1 100 Continue\r\n\r\n"));
    send_to(index, "{}", 2);
    take(index, sizeof said);
    EXPECT(said_has("200 OK") && said_has("-32600"));
}

static int controller(void) {
    int index = asked("GET /rpc" UPGRADE "Sec-WebSocket-Protocol: switchboard.v1\r\n\r\n");
    EXPECT(said_has("101 Switching Protocols"));
    EXPECT(said_has("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    EXPECT(said_has("Sec-WebSocket-Protocol: switchboard.v1\r\n"));
    return index;
}

static void a_command_is_pushed_to_every_subscriber(void) {
    start();
    int one = controller(), other = controller();
    send_frame(one, 1, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Device.Subscribe\"}");
    take(one, sizeof said);
    EXPECT(said_has("switch:0"));
    send_frame(other, 1,
               "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"Switch.Set\","
               "\"params\":{\"id\":0,\"on\":true}}");
    take(other, sizeof said);
    EXPECT(said_has("\"was_on\":false"));
    take(one, sizeof said);
    EXPECT(said_has("NotifyStatus") && said_has("\"on\":true"));
}

static void connections_that_are_no_channels_are_counted(void) {
    start();
    int index = controller();
    connect_from(2);
    asked("GET /x HTTP/1.1\r\nHost: bench-1\r\n\r\n");
    send_frame(index, 1, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Clients.List\"}");
    take(index, sizeof said);
    EXPECT(said_has("\"others\":2") && said_has("\"from\":\"192.168.1.1:5000\""));
}

static void channels_end_with_the_right_code(void) {
    start();
    int index = controller();
    send_frame(index, 2, "x");
    take(index, sizeof said);
    EXPECT(said_has("\x03\xeb"));
    index = controller();
    send_frame(index, 1, "\xff");
    take(index, sizeof said);
    EXPECT(said_has("\x03\xef"));
    index = controller();
    send_frame(index, 3, "x");
    take(index, sizeof said);
    EXPECT(said_has("\x03\xea"));
    index = controller();
    send_to(index, "\x81\xfe\x08\x01\x00\x00\x00\x00", 8);
    take(index, sizeof said);
    EXPECT(said_has("\x03\xf1"));
    index = controller();
    send_frame(index, 8, "\x0f\xa0");
    take(index, sizeof said);
    EXPECT(said_length == 4 && memcmp(said, "\x88\x02\x0f\xa0", 4) == 0);
    /* All of them have given their slot back. */
    EXPECT(sb_can_open(&board, SB_CHANNEL_RPC) == SB_OK);
}

static void a_silent_controller_is_pinged_and_closed(void) {
    start();
    int index = controller();
    wait_ms(20000);
    take(index, sizeof said);
    EXPECT(said_length == 2 && memcmp(said, "\x89\x00", 2) == 0);
    send_frame(index, 10, "");
    wait_ms(59000);
    take(index, sizeof said);
    EXPECT(state_of(index) == SB_CONN_CHANNEL);
    wait_ms(1000);
    take(index, sizeof said);
    EXPECT(said_has("\x03\xe9"));
}

static void a_full_board_refuses_and_serves_a_freed_slot(void) {
    int slots[SB_CONTROLLERS];
    start();
    for (int i = 0; i < SB_CONTROLLERS; i++) {
        slots[i] = controller();
    }
    asked("GET /rpc" UPGRADE "\r\n");
    EXPECT(said_has("503 Service Unavailable") && said_has("all_places_taken"));
    sb_server_received(&server, now, slots[0], 0);
    EXPECT(sb_server_has_to_close(&server, slots[0]));
    sb_server_closed(&server, now, slots[0]);
    slots[0] = controller();
    /* Others that wait only displace each other. */
    for (unsigned i = 0; i < 100; i++) {
        connect_from(2 + i % 3);
        wait_ms(7);
    }
    for (int i = 0; i < SB_CONTROLLERS; i++) {
        EXPECT(state_of(slots[i]) == SB_CONN_CHANNEL);
    }
}

static void readers_have_slots_of_their_own(void) {
    start();
    for (int i = 0; i < SB_READERS; i++) {
        asked("GET /log?level=debug" UPGRADE "\r\n");
        EXPECT(said_has("101 Switching") && said_has("Switchboard"));
    }
    asked("GET /ws" UPGRADE "\r\n");
    EXPECT(said_has("503 Service Unavailable") && said_has("side channels"));
    asked("GET /log?level=off" UPGRADE "\r\n");
    EXPECT(said_has("400 Bad Request"));
    asked("GET /telemetry" UPGRADE "\r\n");
    EXPECT(said_has("404 Not Found") && said_has("no_telemetry"));
    asked("GET /telemetry HTTP/1.1\r\nHost: bench-1\r\n\r\n");
    EXPECT(said_has("404 Not Found") && said_has("no_telemetry"));
    asked("GET /log HTTP/1.1\r\nHost: bench-1\r\n\r\n");
    EXPECT(said_has("426 Upgrade Required"));
}

static void an_echo_returns_what_it_is_sent(void) {
    start();
    int index = asked("GET /ws" UPGRADE "\r\n");
    send_frame(index, 1, "hi");
    take(index, sizeof said);
    EXPECT(said_length == 4 && memcmp(said, "\x81\x02hi", 4) == 0);
    send_frame(index, 9, "p");
    take(index, sizeof said);
    EXPECT(said_length == 3 && memcmp(said, "\x8a\x01p", 3) == 0);
}

static void a_restart_tells_everyone_and_refuses_newcomers(void) {
    start();
    int index = controller(), idle = asked("GET /x HTTP/1.1\r\nHost: bench-1\r\n\r\n");
    send_frame(index, 1, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Device.Reboot\"}");
    take(index, sizeof said);
    EXPECT(said_has("\"id\":1") && said_has("rebooting") && said_has("\x03\xf4"));
    EXPECT(state_of(idle) == SB_CONN_DRAIN);
    asked("GET /rpc" UPGRADE "\r\n");
    EXPECT(said_has("503") && said_has("-32002"));
    EXPECT(!sb_server_reboot_due(&server, now));
    wait_ms(500);
    EXPECT(sb_server_reboot_due(&server, now));
}

static void a_controller_that_does_not_read_loses_no_slot_to_a_stuck_frame(void) {
    start();
    int index = controller(), other = controller();
    send_frame(index, 1, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Device.Subscribe\"}");
    for (int i = 0; i < 200 && state_of(index) == SB_CONN_CHANNEL; i++) {
        send_frame(other, 1,
                   "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"Device.SetName\","
                   "\"params\":{\"name\":\"a name that takes some room\"}}");
        take(other, sizeof said);
        wait_ms(200);
    }
    /* Events found no room: the core closes it, and it is dropped although its
       close frame cannot leave. */
    send_frame(other, 1, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"Device.Subscribe\"}");
    take(other, sizeof said);
    for (int i = 0; i < 40 && state_of(index) == SB_CONN_CHANNEL; i++) {
        sb_rename(&board, i % 2 == 0 ? "one" : "two");
        wait_ms(150);
        take(other, sizeof said);
    }
    EXPECT(state_of(index) == SB_CONN_ENDED);
    EXPECT(state_of(other) == SB_CONN_CHANNEL);
}

static void a_page_can_be_embedded(void) {
    static const uint8_t page[] = {0x1f, 0x8b, 1, 2, 3};
    start();
    server_config.page = page;
    server_config.page_length = sizeof page;
    server_config.page_policy = "default-src 'self'";
    asked("GET / HTTP/1.1\r\nHost: bench-1\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n");
    EXPECT(said_has("Content-Security-Policy: default-src 'self'\r\n"));
    EXPECT(said_has("X-Frame-Options: DENY\r\n"));
    EXPECT(said_has("Content-Encoding: gzip\r\n") && said_has("Content-Length: 5\r\n"));
    EXPECT(said_length > 5 && memcmp(said + said_length - 5, page, 5) == 0);
    asked("HEAD / HTTP/1.1\r\nHost: bench-1\r\nAccept-Encoding: gzip\r\n\r\n");
    EXPECT(said_has("Content-Length: 5\r\n") && said[said_length - 1] == '\n');
    asked("GET / HTTP/1.1\r\nHost: bench-1\r\nAccept-Encoding: gzip;q=0.0, br\r\n\r\n");
    EXPECT(said_has("Bench &lt;1&gt;") && !said_has("Content-Encoding"));
}

static void origins_that_are_none_are_refused_at_the_start(void) {
    static const char *const origins[] = {"null"};
    start();
    server_config.origins = origins;
    server_config.origin_count = 1;
    EXPECT(!sb_server_init(&server, &board, &server_config, 7));
    memset(&server_config, 0, sizeof server_config);
    server.reboot_deadline = 7;
    EXPECT(!sb_server_init_sized(&server, sizeof server + 8, &board, &server_config, 7));
    EXPECT(server.reboot_deadline == 7);
    EXPECT(sb_server_init(&server, &board, &server_config, 7));
}

int main(void) {
    a_connection_answers_several_requests();
    clients_that_are_silent_are_disconnected();
    a_client_that_does_not_read_its_response_is_dropped();
    continue_is_sent_where_it_is_waited_for();
    a_command_is_pushed_to_every_subscriber();
    connections_that_are_no_channels_are_counted();
    channels_end_with_the_right_code();
    a_silent_controller_is_pinged_and_closed();
    a_full_board_refuses_and_serves_a_freed_slot();
    readers_have_slots_of_their_own();
    an_echo_returns_what_it_is_sent();
    a_restart_tells_everyone_and_refuses_newcomers();
    a_controller_that_does_not_read_loses_no_slot_to_a_stuck_frame();
    a_page_can_be_embedded();
    origins_that_are_none_are_refused_at_the_start();
    return expect_end();
}
