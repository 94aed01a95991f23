/* The connection pool: which connection ends when all places are taken. */
#include "expect.h"
#include "sb_address.h"
#include "sb_pool.h"

static sb_pool pool;

static sb_address host(unsigned number) {
    const uint8_t ip[4] = {192, 168, (uint8_t)(number >> 8), (uint8_t)number};
    return sb_address_v4(ip, 1234);
}

/* Admits a connection that comes into a stage; its place, or -1. */
static int admitted(uint64_t now, unsigned from, sb_stage stage) {
    sb_address address = host(from);
    unsigned index = 0;
    if (sb_pool_admit(&pool, now, &address, &index) == SB_REFUSED) {
        return -1;
    }
    sb_pool_change(&pool, now, index, stage);
    return (int)index;
}

static void idle_connections_go_first_the_longest_silent_before_others(void) {
    sb_pool_init(&pool, 4, 7);
    admitted(0, 1, SB_STAGE_SILENT);
    int younger = admitted(10, 2, SB_STAGE_IDLE);
    int older = admitted(5, 3, SB_STAGE_IDLE);
    admitted(20, 4, SB_STAGE_REQUESTED);
    EXPECT(admitted(1000, 5, SB_STAGE_KEPT) == older);
    EXPECT(admitted(1000, 6, SB_STAGE_KEPT) == younger);
}

static void channels_are_never_evicted(void) {
    sb_pool_init(&pool, 3, 7);
    for (unsigned i = 0; i < 3; i++) {
        EXPECT(admitted(i, i, SB_STAGE_KEPT) >= 0);
    }
    EXPECT(admitted(90000, 9, SB_STAGE_SILENT) == -1);
    sb_pool_change(&pool, 90000, 1, SB_STAGE_FREE);
    EXPECT(admitted(90000, 9, SB_STAGE_SILENT) == 1);
}

static void connections_that_send_nothing_displace_none_whose_request_has_arrived(void) {
    sb_pool_init(&pool, 8, 7);
    for (unsigned i = 0; i < 6; i++) {
        admitted(0, 1, SB_STAGE_REQUESTED);
    }
    for (uint64_t now = 1; now < 2000; now++) {
        admitted(now, 2, SB_STAGE_SILENT);
    }
    unsigned requested = 0;
    for (unsigned i = 0; i < 8; i++) {
        requested += pool.places[i].stage == SB_STAGE_REQUESTED;
    }
    EXPECT(requested == 6);
}

static void requests_that_never_end_leave_room_for_a_newcomer(void) {
    sb_pool_init(&pool, 8, 7);
    for (unsigned i = 0; i < 8; i++) {
        admitted(0, 2, SB_STAGE_REQUESTED);
    }
    EXPECT(admitted(1, 1, SB_STAGE_SILENT) >= 0);
}

static void an_address_that_connects_often_goes_before_another(void) {
    sb_pool_init(&pool, 8, 7);
    int client = admitted(0, 1, SB_STAGE_SILENT);
    for (uint64_t now = 1; now < 3000; now++) {
        admitted(now, 2, SB_STAGE_SILENT);
    }
    EXPECT(pool.places[client].number == 1);
    sb_address busy = host(2), quiet = host(1);
    EXPECT(sb_pool_heat(&pool, &busy) > 4 && sb_pool_heat(&pool, &quiet) == 0);
}

/* How many of 30 clients of an address keep their place for a round trip, while
   a flood of `rate` connections per second comes from `hosts` addresses. */
static unsigned survivors(unsigned places, unsigned rate, unsigned hosts, unsigned own) {
    unsigned survived = 0, next = 0;
    uint64_t now = 0;
    sb_pool_init(&pool, places, 99);
    for (unsigned client = 0; client < 30; client++) {
        uint64_t comes = 3000 + client * 500u;
        for (; now < comes; now++) {
            for (unsigned i = 0; i < (rate + 999) / 1000; i++) {
                admitted(now, 1000 + next++ % hosts, SB_STAGE_SILENT);
            }
        }
        int place = admitted(now, own, SB_STAGE_SILENT);
        uint32_t number = place < 0 ? 0 : pool.places[place].number;
        for (; now < comes + 20; now++) {
            admitted(now, 1000 + next++ % hosts, SB_STAGE_SILENT);
        }
        if (place >= 0 && pool.places[place].number == number) {
            survived++;
            sb_pool_change(&pool, now, (unsigned)place, SB_STAGE_FREE);
        }
    }
    return survived;
}

static void a_flood_from_other_addresses_keeps_no_client_out(void) {
    EXPECT(survivors(8, 1000, 1, 1) == 30);
    EXPECT(survivors(8, 1000, 20, 1) >= 25);
}

static void a_flood_from_the_clients_own_address_leaves_it_a_share(void) {
    EXPECT(survivors(8, 1000, 1, 1000) >= 1);
}

static void an_address_is_cool_again_after_a_rest(void) {
    sb_address busy = host(2);
    unsigned index;
    sb_pool_init(&pool, 4, 7);
    for (int i = 0; i < 900; i++) {
        if (sb_pool_admit(&pool, 5000, &busy, &index) != SB_REFUSED) {
            sb_pool_change(&pool, 5000, index, SB_STAGE_FREE);
        }
    }
    EXPECT(sb_pool_heat(&pool, &busy) == 7);
    admitted(13000, 1, SB_STAGE_SILENT);
    EXPECT(sb_pool_heat(&pool, &busy) == 0);
    admitted(UINT64_MAX / 2, 1, SB_STAGE_SILENT);
}

static void addresses_are_written_as_the_rfc_recommends(void) {
    static const struct {
        uint8_t ip[16];
        const char *text;
    } cases[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 168, 1, 5}, "192.168.1.5:80"},
        {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "[fe80::1]:80"},
        {{0}, "[::]:80"},
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "[::1]:80"},
        {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, "[2001:db8:0:1::]:80"},
        {{0, 1, 0, 2, 0, 0, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, "[1:2:0:4:5:6:7:8]:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SB_ADDRESS_TEXT];
        sb_address address = {{0}, 80};
        memcpy(address.ip, cases[i].ip, 16);
        sb_address_text(&address, text);
        EXPECT_FOR(cases[i].text, strcmp(text, cases[i].text) == 0);
    }
}

int main(void) {
    idle_connections_go_first_the_longest_silent_before_others();
    channels_are_never_evicted();
    connections_that_send_nothing_displace_none_whose_request_has_arrived();
    requests_that_never_end_leave_room_for_a_newcomer();
    an_address_that_connects_often_goes_before_another();
    a_flood_from_other_addresses_keeps_no_client_out();
    a_flood_from_the_clients_own_address_leaves_it_a_share();
    an_address_is_cool_again_after_a_rest();
    addresses_are_written_as_the_rfc_recommends();
    return expect_end();
}
