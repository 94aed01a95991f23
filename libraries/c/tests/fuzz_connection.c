/* What clients may send, in any pieces and at any time, to the whole server and
   the core behind it. An input is a sequence of actions: a byte says which, the
   next ones for which connection, how many bytes, how much time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sb_address.h"
#include "sb_server.h"

static sb_board board;
static sb_server server;
static sb_server_config server_config;
static uint64_t now;

typedef struct {
    const uint8_t *bytes;
    size_t length;
} input;

static uint32_t random_bits(void *context) {
    static uint32_t bits;
    (void)context;
    bits = bits * 1664525u + 1013904223u;
    return bits;
}

static bool command(sb_board *of, const sb_command *what, void *context) {
    (void)context;
    return what->component != 0 || !what->target->on ||
           sb_refuse(of, "interlocked", "not now");
}

static const char *const words[] = {"a", "b", NULL};
static const sb_component components[] = {
    SB_SWITCH(0, "Relay"),
    SB_COLOR_LIGHT(0, "Lamp"),
    SB_BUTTON(0, "Button", "light:0"),
    SB_SENSOR(0, "Temperature", "temperature", "K", 1),
    SB_SELECT(0, "Mode", words),
    SB_TEXT_FIELD(0, "Label", "x"),
    SB_EVENTS(0, "Bell", "doorbell", words),
};

static const sb_channel channels[] = {{"Voltage", "V", 0.001, 3}};

static const sb_config config = {
    .id = "bench-1",
    .mac = "02:00:00:00:00:01",
    .version = "1",
    .platform = "test",
    .product = "test",
    .components = components,
    .component_count = sizeof components / sizeof *components,
    .channels = channels,
    .channel_count = 1,
    .interval_us = 1000,
    .random = random_bits,
    .command = command,
};

static uint8_t next(input *from) {
    if (from->length == 0) {
        return 0;
    }
    from->length--;
    return *from->bytes++;
}

static void fail(const char *what) {
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void settle(int index) {
    sb_server_has_to_shut_down(&server, index);
    if (sb_server_has_to_close(&server, index)) {
        sb_server_closed(&server, now, index);
    }
}

static void send_bytes(int index, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        size_t size = 0;
        uint8_t *buffer = sb_server_buffer(&server, index, &size);
        size = size < length ? size : length;
        if (server.connections[index].state == SB_CONN_FREE || size == 0) {
            return;
        }
        memcpy(buffer, bytes, size);
        sb_server_received(&server, now, index, size);
        settle(index);
        bytes += size;
        length -= size;
    }
}

static void take(int index, size_t limit) {
    while (limit > 0) {
        size_t length = 0;
        const uint8_t *bytes = sb_server_output(&server, index, &length);
        length = length < limit ? length : limit;
        if (length == 0) {
            break;
        }
        static volatile uint8_t seen;
        seen = bytes[0];
        seen = bytes[length - 1];
        (void)seen;
        sb_server_sent(&server, now, index, length);
        limit -= length;
    }
    settle(index);
}

static void tick_all(void) {
    sb_server_tick(&server, now);
    for (int index = 0; index <= SB_CONNECTIONS; index++) {
        settle(index);
    }
}

static void request(int index, unsigned which) {
    static const char *const paths[] = {"/rpc", "/ws", "/log?level=debug", "/telemetry"};
    char text[400];
    int length = snprintf(text, sizeof text,
                          "GET %s HTTP/1.1\r\nHost: bench-1\r\nConnection: Upgrade\r\n"
                          "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          paths[which % 4]);
    send_bytes(index, (const uint8_t *)text, (size_t)length);
}

/* A frame with the next bytes as its payload. */
static void frame(int index, input *from) {
    uint8_t bytes[6 + 255] = {0};
    bytes[0] = next(from);
    size_t length = next(from);
    bytes[1] = (uint8_t)(0x80 | (length & 0x7f));
    length &= 0x7f;
    if (length > 125) {
        length = 125;
        bytes[1] = 0x80 | 125;
    }
    for (size_t i = 0; i < length; i++) {
        bytes[6 + i] = next(from);
    }
    send_bytes(index, bytes, 6 + length);
}

static void call(int index, input *from) {
    static const char *const calls[] = {
        "\"Device.Subscribe\"",
        "\"Device.GetComponents\"",
        "\"Log.Subscribe\",\"params\":{\"level\":\"debug\"}",
        "\"Button.Press\",\"params\":{\"id\":0}",
        "\"Light.Set\",\"params\":{\"id\":0,\"on\":true,\"transition_ms\":500}",
        "\"Device.SetName\",\"params\":{\"name\":\"x\"}",
        "\"Clients.Close\",\"params\":{\"id\":1}",
        "\"Device.Reboot\"",
    };
    uint8_t bytes[200] = {0x81};
    int length = snprintf((char *)bytes + 6, sizeof bytes - 6,
                          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":%s}", calls[next(from) % 8]);
    bytes[1] = (uint8_t)(0x80 | length);
    send_bytes(index, bytes, 6 + (size_t)length);
}

static void act(input *from) {
    uint8_t what = next(from);
    int index = next(from) % (SB_CONNECTIONS + 1);
    sb_address address = {{0}, 1};
    const int16_t sample[1] = {what};
    bool evicted = false;
    size_t length;
    switch (what % 12) {
    case 0:
        address.ip[15] = (uint8_t)index;
        sb_server_accept(&server, now, &address, &evicted);
        break;
    case 1:
    case 2:
        length = next(from);
        length = length < from->length ? length : from->length;
        send_bytes(index, from->bytes, length);
        from->bytes += length;
        from->length -= length;
        break;
    case 3:
        request(index, next(from));
        break;
    case 4:
    case 5:
        frame(index, from);
        break;
    case 6:
        call(index, from);
        break;
    case 7:
        length = next(from);
        take(index, length == 255 ? SIZE_MAX : length);
        break;
    case 8:
        length = next(from);
        now += length * length;
        break;
    case 9:
        if (server.connections[index].state != SB_CONN_FREE) {
            size_t size = 0;
            sb_server_buffer(&server, index, &size);
            if (size > 0) {
                sb_server_received(&server, now, index, 0);
            }
        }
        break;
    case 10:
        sb_set_value(&board, 3, next(from));
        sb_press(&board, 2, "press");
        sb_event(&board, 6, "a");
        break;
    default:
        for (uint64_t at = 0; at < 100; at++) {
            sb_sample(&board, now * 1000 + at * 1000, sample, false);
        }
        break;
    }
    tick_all();
}

/* Clients that read and say nothing more are gone after a while. */
static void check_end(void) {
    for (int step = 0; step < 200; step++) {
        now += 1000;
        tick_all();
        for (int index = 0; index <= SB_CONNECTIONS; index++) {
            take(index, SIZE_MAX);
        }
    }
    for (int index = 0; index <= SB_CONNECTIONS; index++) {
        if (server.connections[index].state != SB_CONN_FREE) {
            fail("a connection stays");
        }
    }
    for (int index = 0; index < SB_CONNECTIONS; index++) {
        if (server.pool.places[index].stage != SB_STAGE_FREE) {
            fail("a place stays in use");
        }
    }
    bool refuses = sb_can_open(&board, SB_CHANNEL_RPC) == SB_FULL ||
                   sb_can_open(&board, SB_CHANNEL_LOG) == SB_FULL;
    if (refuses || server.others != 0) {
        fail("a slot stays in use");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    input from = {bytes, length};
    now = 0;
    if (sb_init(&board, &config, 0) != SB_OK ||
        !sb_server_init(&server, &board, &server_config, 1)) {
        fail("the board does not start");
    }
    while (from.length > 0) {
        act(&from);
    }
    check_end();
    return 0;
}
