/* What a network may hold for the mDNS responder of the bench program. */
#include <stdlib.h>
#include <string.h>

#include "mdns.h"

static sb_board board;
static mdns_responder responder;

static uint32_t random_bits(void *context) {
    (void)context;
    return 4;
}

static const sb_component components[] = {SB_SWITCH(0, "Relay")};

static const sb_config config = {
    .id = "bench-1",
    .mac = "02:00:00:00:00:01",
    .version = "1",
    .platform = "test",
    .product = "test",
    .components = components,
    .component_count = 1,
    .random = random_bits,
};

static void send_packet(void *context, const mdns_link *link, const uint8_t *packet,
                        size_t length, const uint8_t to_ip[4], uint16_t to_port) {
    (void)context;
    (void)to_ip;
    mdns_incoming incoming;
    /* What is sent can be read, except what repeats a stranger's question. */
    if (length > MDNS_PACKET || link->interface != 1 ||
        (to_port == 0 && !mdns_parse(packet, length, &responder.records, &incoming))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const uint8_t ip[4] = {192, 168, 1, 17};
    uint64_t now = 0;
    memset(&responder, 0, sizeof responder);
    responder.random = random_bits;
    responder.send = send_packet;
    if (sb_init(&board, &config, 0) != SB_OK ||
        !mdns_start(&responder, 0, &board, "_x._tcp.local.", 80)) {
        abort();
    }
    mdns_add_link(&responder, now, 1, ip);
    /* Packets, each after its length in two bytes and a time. */
    while (length >= 3) {
        size_t size = (size_t)bytes[0] << 8 | bytes[1];
        now += 20u * bytes[2];
        bytes += 3;
        length -= 3;
        size = size < length ? size : length;
        mdns_tick(&responder, now);
        mdns_received(&responder, now, 1, bytes, size, ip, size % 2 == 0 ? 5353 : 999);
        bytes += size;
        length -= size;
    }
    mdns_tick(&responder, now + 5000);
    mdns_goodbye(&responder);
    return 0;
}
