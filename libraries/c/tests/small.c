/*
 * A board whose texts are shorter than a frame of telemetry
 * (SB_MESSAGE_OUT=1024): a reader that takes nothing must not fill more than the
 * connection's memory.
 */
#include "expect.h"
#include "sb_address.h"
#include "sb_server.h"

static const sb_component components[] = {SB_SWITCH(0, "Relay")};
static const sb_channel channels[] = {{.name = "Voltage", .unit = "V", .decimals = -1}};

static uint32_t random_bits(void *context) {
    (void)context;
    return 1;
}

static const sb_config config = {
    .id = "small",
    .mac = "02:00:00:00:00:01",
    .version = "1",
    .platform = "test",
    .product = "small",
    .components = components,
    .component_count = 1,
    .channels = channels,
    .channel_count = 1,
    .interval_us = 100,
    .random = random_bits,
};

static const sb_server_config server_config = {.origins = NULL};
static sb_board board;
static sb_server server;

static void receive(int index, const char *text) {
    size_t left = strlen(text);
    size_t size = 0;
    while (left > 0) {
        uint8_t *buffer = sb_server_buffer(&server, index, &size);
        if (!EXPECT(size > 0)) {
            return;
        }
        size_t part = left < size ? left : size;
        memcpy(buffer, text, part);
        text += part;
        left -= part;
        sb_server_received(&server, 0, index, part);
    }
}

/* Frames of so many samples, taken until `now`. */
static size_t frame(uint64_t now, int index, unsigned samples) {
    int16_t sample = 1;
    size_t length = 0;
    for (unsigned i = 0; i < samples; i++) {
        sb_sample(&board, now * 1000 + i * 100, &sample, false);
    }
    sb_server_tick(&server, now);
    (void)sb_server_output(&server, index, &length);
    return length;
}

int main(void) {
    static const uint8_t ip[4] = {192, 168, 1, 5};
    sb_address from = sb_address_v4(ip, 53211);
    bool evicted = false;
    EXPECT(sb_init(&board, &config, 0) == SB_OK);
    EXPECT(sb_server_init(&server, &board, &server_config, 1));
    int index = sb_server_accept(&server, 0, &from, &evicted);
    receive(index, "GET /telemetry HTTP/1.1\r\nHost: 192.168.1.17\r\nConnection: Upgrade\r\n"
                   "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    size_t before = frame(50, index, 0);
    EXPECT(before > 200);
    /* Then what is free is more than a text and less than a full frame. */
    size_t filled = frame(100, index, (unsigned)(SB_SEND - 1100 - before - 28) / 2);
    EXPECT(filled > SB_SEND - SB_FRAME_BYTES && filled < SB_SEND - SB_MESSAGE_OUT);
    EXPECT(frame(150, index, 1000) <= SB_SEND);
    return expect_end();
}
