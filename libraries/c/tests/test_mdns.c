/* The mDNS responder: probes, announcements, answers, conflicts, goodbyes. */
#include "expect.h"
#include "mdns.h"

static sb_board board;
static mdns_responder responder;

static const uint8_t own_ip[4] = {192, 168, 1, 17};
static const uint8_t other_ip[4] = {192, 168, 1, 99};

/* The last packet that was sent, and how many there were. */
static uint8_t sent[MDNS_PACKET];
static size_t sent_length;
static unsigned sent_count;
static uint16_t sent_to;

static uint32_t random_bits(void *context) {
    (void)context;
    return 10;
}

static void send_packet(void *context, const mdns_link *link, const uint8_t *packet,
                        size_t length, const uint8_t to_ip[4], uint16_t to_port) {
    (void)context;
    (void)to_ip;
    EXPECT(link->interface == 3 && length > 12);
    memcpy(sent, packet, length);
    sent_length = length;
    sent_count++;
    sent_to = to_port;
}

static const sb_component components[] = {SB_SWITCH(0, "Relay")};

static const sb_config config = {
    .id = "bench-1",
    .name = "Bench",
    .mac = "02:00:00:00:00:01",
    .version = "1",
    .platform = "test",
    .product = "test",
    .components = components,
    .component_count = 1,
    .random = random_bits,
};

static bool has(const char *text, size_t length) {
    for (size_t i = 0; i + length <= sent_length; i++) {
        if (memcmp(sent + i, text, length) == 0) {
            return true;
        }
    }
    return false;
}

#define HAS(text) has((text), sizeof(text) - 1)

/* Lets time pass up to `end`, and counts what was sent. */
static unsigned sent_until(uint64_t *now, uint64_t end) {
    sent_count = 0;
    while (mdns_deadline(&responder) <= end) {
        *now = mdns_deadline(&responder) > *now ? mdns_deadline(&responder) : *now;
        mdns_tick(&responder, *now);
    }
    *now = end;
    return sent_count;
}

static void start(void) {
    EXPECT(sb_init(&board, &config, 0) == SB_OK);
    memset(&responder, 0, sizeof responder);
    responder.random = random_bits;
    responder.send = send_packet;
    EXPECT(mdns_start(&responder, 0, &board, "_x._tcp.local.", 8080));
    EXPECT(mdns_add_link(&responder, 0, 3, own_ip));
}

/* A responder that has announced itself a while ago. */
static uint64_t started(void) {
    uint64_t now = 0;
    start();
    sent_until(&now, 60000);
    return now;
}

static void a_board_probes_and_then_announces_itself(void) {
    uint64_t now = 0;
    start();
    EXPECT(sent_until(&now, 10 + 2 * 250) == 3);
    EXPECT(sent[2] == 0 && sent[5] == 2 && sent[9] == 3);
    EXPECT(sent_until(&now, 10 + 3 * 250) == 1);
    EXPECT(sent[2] == 0x84 && sent[7] == 4);
    EXPECT(HAS("\x07" "bench-1\x02_x\x04_tcp\x05local"));
    EXPECT(HAS("\x09txtvers=1\x0aid=bench-1"));
    EXPECT(HAS("friendly_name=Bench") && HAS("\x07proto=1\x09path=/rpc"));
    EXPECT(HAS("\x1f\x90\x07" "bench-1\x05local"));
    EXPECT(HAS("\xc0\xa8\x01\x11"));
    EXPECT(sent_until(&now, 60000) == 2);
}

/* A query for the service type, with a known answer of this TTL if it is not
   0. */
static size_t query(uint8_t packet[600], uint16_t type, uint32_t ttl) {
    static const uint8_t head[] = "\x00\x07\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                  "\x02_X\x04_tcp\x05local\x00\x00\x00\x00\x01";
    static const uint8_t known[] = "\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x00\x00\x0a"
                                   "\x07" "bench-1\xc0\x0c";
    size_t length = sizeof head - 1;
    memcpy(packet, head, length);
    packet[length - 3] = (uint8_t)type;
    if (ttl != 0) {
        memcpy(packet + length, known, sizeof known - 1);
        packet[7] = 1;
        packet[length + 8] = (uint8_t)(ttl >> 8);
        packet[length + 9] = (uint8_t)ttl;
        length += sizeof known - 1;
    }
    return length;
}

static void it_answers_after_a_moment_what_is_not_known(void) {
    uint8_t packet[600];
    uint64_t now = started();
    mdns_received(&responder, now, 3, packet, query(packet, 12, 0), other_ip, 5353);
    EXPECT(mdns_deadline(&responder) == now + 30);
    EXPECT(sent_until(&now, now + 100) == 1 && sent_to == 0);
    EXPECT(sent[7] == 1 && sent[11] == 3);
    /* At most once per second. */
    mdns_received(&responder, now, 3, packet, query(packet, 12, 0), other_ip, 5353);
    EXPECT(sent_until(&now, now + 500) == 0);
    EXPECT(sent_until(&now, now + 1000) == 1);
    mdns_received(&responder, now, 3, packet, query(packet, 12, 4000), other_ip, 5353);
    EXPECT(sent_until(&now, now + 3000) == 0);
    mdns_received(&responder, now, 3, packet, query(packet, 12, 1000), other_ip, 5353);
    EXPECT(sent_until(&now, now + 3000) == 1);
    mdns_received(&responder, now, 3, packet, query(packet, 16, 0), other_ip, 5353);
    EXPECT(sent_until(&now, now + 3000) == 0);
    /* Not on an interface where the board is not announced. */
    mdns_received(&responder, now, 4, packet, query(packet, 12, 0), other_ip, 5353);
    EXPECT(sent_until(&now, now + 3000) == 0);
}

static void old_resolvers_are_answered_directly(void) {
    uint8_t packet[600];
    uint64_t now = started();
    sent_count = 0;
    mdns_received(&responder, now, 3, packet, query(packet, 12, 0), other_ip, 40000);
    EXPECT(sent_count == 1 && sent_to == 40000);
    EXPECT(sent[1] == 7 && sent[5] == 1 && sent[7] == 1 && HAS("\x02_X\x04_tcp"));
}

/* The response of another host that has this board's instance. */
static size_t claim(uint8_t packet[600], bool response, uint8_t port) {
    static const uint8_t text[] = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                                  "\x07" "bench-1\x02_x\x04_tcp\x05local\x00\x00\x21\x80\x01"
                                  "\x00\x00\x00\x78\x00\x15\x00\x00\x00\x00\x1f\x90"
                                  "\x07" "bench-1\x05local\x00";
    memcpy(packet, text, sizeof text - 1);
    packet[2] = response ? 0x84 : 0;
    packet[response ? 7 : 9] = 1;
    packet[sizeof text - 1 - 16] = port;
    return sizeof text - 1;
}

static void another_host_with_its_name_makes_it_take_another(void) {
    uint8_t packet[600];
    uint64_t now = started();
    /* Its own packets come back to it. */
    mdns_received(&responder, now, 3, packet, claim(packet, true, 0x90), own_ip, 5353);
    EXPECT(sent_until(&now, now + 3000) == 0);
    mdns_received(&responder, now, 3, packet, claim(packet, true, 0x91), other_ip, 5353);
    EXPECT(sent_until(&now, now + 600) == 3 && sent[2] == 0);
    EXPECT(HAS("\x09" "bench-1-2\x02_x\x04_tcp\x05local"));
    EXPECT(sent_until(&now, now + 5000) == 3);
    EXPECT(HAS("\x0aid=bench-1"));
}

static void of_two_that_probe_at_once_the_earlier_record_waits(void) {
    uint8_t packet[600];
    uint64_t now = 0;
    start();
    EXPECT(sent_until(&now, 20) == 1);
    mdns_received(&responder, now, 3, packet, claim(packet, false, 0x8f), other_ip, 5353);
    EXPECT(mdns_deadline(&responder) == 260);
    mdns_received(&responder, now, 3, packet, claim(packet, false, 0x91), other_ip, 5353);
    EXPECT(mdns_deadline(&responder) == 1020);
    EXPECT(sent_until(&now, 1020 + 500) == 3);
}

static void a_name_is_defended_at_once(void) {
    uint8_t packet[600];
    uint64_t now = started();
    size_t length = claim(packet, false, 0x91);
    /* The probe asks for what it claims. */
    static const uint8_t question[] = "\x07" "bench-1\x02_x\x04_tcp\x05local\x00\x00\xff\x00\x01";
    memmove(packet + 12 + sizeof question - 1, packet + 12, length - 12);
    memcpy(packet + 12, question, sizeof question - 1);
    packet[5] = 1;
    mdns_received(&responder, now, 3, packet, length + sizeof question - 1, other_ip, 5353);
    EXPECT(mdns_deadline(&responder) == now);
    EXPECT(sent_until(&now, now) == 1);
    /* Four times per second at most. */
    mdns_received(&responder, now, 3, packet, length + sizeof question - 1, other_ip, 5353);
    EXPECT(mdns_deadline(&responder) == now + 250);
}

static void an_interface_comes_and_goes(void) {
    uint64_t now = started();
    for (unsigned i = 1; i < MDNS_LINKS; i++) {
        EXPECT(mdns_add_link(&responder, now, 3 + i, other_ip));
    }
    EXPECT(!mdns_add_link(&responder, now, 99, other_ip));
    while (responder.link_count > 1) {
        mdns_remove_link(&responder, 1);
    }
    EXPECT(sent_until(&now, now) == 1 && sent_count == 1);
    mdns_remove_link(&responder, 0);
    EXPECT(responder.link_count == 0 && sent_until(&now, now + 5000) == 0);
    EXPECT(mdns_add_link(&responder, now, 3, other_ip));
    EXPECT(sent_until(&now, now) == 1 && HAS("\xc0\xa8\x01\x63"));
}

static void a_new_name_is_announced_and_a_goodbye_ends_it(void) {
    uint64_t now = started();
    EXPECT(sb_rename(&board, "Desk") == SB_OK);
    mdns_renamed(&responder, now);
    EXPECT(sent_until(&now, now + 10) == 1 && HAS("friendly_name=Desk"));
    sent_count = 0;
    mdns_goodbye(&responder);
    EXPECT(sent_count == 1 && HAS("\x00\x0c\x00\x01\x00\x00\x00\x00"));
    EXPECT(sent_until(&now, now + 100000) == 0);
}

static void names_that_refer_to_themselves_are_refused(void) {
    static const uint8_t loop[] = "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                  "\x01x\xc0\x0c\x00\x0c\x00\x01";
    static const uint8_t onward[] = "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                    "\xc0\x0e\xc0\x0c\x00\x0c\x00\x01";
    mdns_incoming incoming;
    start();
    EXPECT(!mdns_parse(loop, sizeof loop - 1, &responder.records, &incoming));
    EXPECT(!mdns_parse(onward, sizeof onward - 1, &responder.records, &incoming));
}

/* Whether a name with so many references is read. */
static bool is_read_with(unsigned references) {
    static const uint8_t head[] = "\x00\x00\x84\x00\x00\x00\x00\x02\x00\x00\x00\x00"
                                  "\x00\x00\x63\x00\x01\x00\x00\x00\x78\x00";
    static const uint8_t rest[] = "\x00\x63\x00\x01\x00\x00\x00\x78\x00\x00";
    uint8_t packet[600];
    mdns_incoming incoming;
    size_t at = sizeof head - 1;
    /* The data of a record: a name, and references to each other. */
    memcpy(packet, head, at);
    packet[at++] = (uint8_t)(3 + 2 * (references - 1));
    memcpy(packet + at, "\x01x", 3);
    size_t to = at;
    at += 3;
    for (unsigned i = 0; i < references; i++) {
        packet[at] = 0xc0;
        packet[at + 1] = (uint8_t)to;
        to = at;
        at += 2;
    }
    /* The last one is the name of a second record. */
    memcpy(packet + at, rest, sizeof rest - 1);
    return mdns_parse(packet, at + sizeof rest - 1, &responder.records, &incoming);
}

static void a_name_has_a_limited_number_of_references(void) {
    start();
    EXPECT(is_read_with(1) && is_read_with(32));
    EXPECT(!is_read_with(33) && !is_read_with(100));
}

static void a_type_so_long_that_nothing_fits_is_refused(void) {
#define LONG_LABEL "a23456789012345678901234567890123456789012345678901234567890"
    sb_config named = config;
    named.id = LONG_LABEL "123";
    named.name = LONG_LABEL;
    EXPECT(sb_init(&board, &named, 0) == SB_OK);
    memset(&responder, 0, sizeof responder);
    responder.random = random_bits;
    EXPECT(mdns_start(&responder, 0, &board, "_x._tcp.local.", 80));
    EXPECT(!mdns_start(&responder, 0, &board,
                       LONG_LABEL "." LONG_LABEL "." LONG_LABEL ".local.", 80));
}

int main(void) {
    a_board_probes_and_then_announces_itself();
    it_answers_after_a_moment_what_is_not_known();
    old_resolvers_are_answered_directly();
    another_host_with_its_name_makes_it_take_another();
    of_two_that_probe_at_once_the_earlier_record_waits();
    a_name_is_defended_at_once();
    a_new_name_is_announced_and_a_goodbye_ends_it();
    names_that_refer_to_themselves_are_refused();
    an_interface_comes_and_goes();
    a_name_has_a_limited_number_of_references();
    a_type_so_long_that_nothing_fits_is_refused();
    return expect_end();
}
