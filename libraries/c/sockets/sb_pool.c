#include "sb_pool.h"

#include <string.h>

/* In a flood a connection is not evicted by its equals within this time, during
   which a client in a local network answers. */
#define HOLD_MS 60

/* A flood: more connections came in the last seconds than the places could each
   hold for HOLD_MS. */
#define FLOOD_PER_PLACE 16

/* After this time a count is half of what it was. */
#define HALF_LIFE_MS 1000

/* So many connections in a few seconds are ordinary: a browser, a script that
   polls. */
#define ORDINARY 8

/* The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t mixed(uint64_t bits) {
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

/* A number below `end`, or 0. Unpredictable without the secret. */
static unsigned draw(sb_pool *pool, unsigned end) {
    pool->drawn = mixed(pool->drawn + 0x9e3779b97f4a7c15u);
    return end == 0 ? 0 : (unsigned)((pool->drawn >> 33) % end);
}

/* The counter of an address in a row. Addresses that share one share its count,
   and which do depends on the secret. Of two rows the lower count is taken (a
   count-min sketch). */
static unsigned counter(const sb_pool *pool, const sb_address *from, unsigned row) {
    uint64_t bits = pool->secret;
    for (size_t i = 0; i < sizeof from->ip; i++) {
        bits = mixed(bits ^ from->ip[i]);
    }
    return (unsigned)((bits >> (32 * row)) % SB_SOURCE_COUNTERS);
}

static void count(sb_pool *pool, uint64_t now, const sb_address *from) {
    while (now - pool->halved >= HALF_LIFE_MS) {
        if (pool->total == 0) {
            pool->halved = now;
            break;
        }
        pool->halved += HALF_LIFE_MS;
        pool->total /= 2;
        for (unsigned row = 0; row < 2; row++) {
            for (unsigned i = 0; i < SB_SOURCE_COUNTERS; i++) {
                pool->counts[row][i] /= 2;
            }
        }
    }
    pool->total++;
    for (unsigned row = 0; row < 2; row++) {
        uint16_t *at = &pool->counts[row][counter(pool, from, row)];
        *at = *at == UINT16_MAX ? UINT16_MAX : (uint16_t)(*at + 1);
    }
}

unsigned sb_pool_heat(const sb_pool *pool, const sb_address *from) {
    unsigned first = pool->counts[0][counter(pool, from, 0)];
    unsigned second = pool->counts[1][counter(pool, from, 1)];
    unsigned times = (first < second ? first : second) / ORDINARY, powers = 0;
    while (times > 0) {
        times /= 2;
        powers++;
    }
    return powers;
}

static bool is_same(const sb_address *one, const sb_address *other) {
    return memcmp(one->ip, other->ip, sizeof one->ip) == 0;
}

/* How heavily an address burdens the board: its rate, then its places in a
   stage; one of these may be the newcomer's. */
static uint32_t burden(const sb_pool *pool, sb_stage stage, const sb_address *from,
                       const sb_address *newcomer) {
    uint32_t places = is_same(from, newcomer) ? 1 : 0;
    for (unsigned i = 0; i < pool->size; i++) {
        places += pool->places[i].stage == stage && is_same(&pool->places[i].from, from);
    }
    return (uint32_t)sb_pool_heat(pool, from) << 16 | places;
}

static bool is_older(const sb_place *one, const sb_place *other) {
    return one->since < other->since ||
           (one->since == other->since && one->number < other->number);
}

static bool is_held(const sb_place *place, uint64_t now) {
    return now - place->since >= HOLD_MS;
}

/* Which place of this stage the newcomer gets; -1 if the newcomer has to go. */
static int choose(sb_pool *pool, uint64_t now, sb_stage stage, const sb_address *newcomer) {
    uint32_t burdens[SB_CONNECTIONS] = {0};
    uint32_t most = 0, own = burden(pool, stage, newcomer, newcomer);
    unsigned heaviest = 0, held = 0;
    int oldest = -1;
    for (unsigned i = 0; i < pool->size; i++) {
        if (pool->places[i].stage == stage) {
            burdens[i] = burden(pool, stage, &pool->places[i].from, newcomer);
            most = burdens[i] > most ? burdens[i] : most;
        }
    }
    if (most == 0 || own > most) {
        return -1;
    }
    for (unsigned i = 0; i < pool->size; i++) {
        if (burdens[i] != most) {
            continue;
        }
        heaviest++;
        held += is_held(&pool->places[i], now);
        if (oldest < 0 || is_older(&pool->places[i], &pool->places[oldest])) {
            oldest = (int)i;
        }
    }
    /* One that burdens the board more than the newcomer may be interrupted at
       once. */
    bool any = own < most;
    if (!any && held == 0) {
        bool flood = pool->total / FLOOD_PER_PLACE >= pool->size;
        return flood ? -1 : oldest;
    }
    unsigned chosen = draw(pool, any ? heaviest : held);
    for (unsigned i = 0; i < pool->size; i++) {
        if (burdens[i] == most && (any || is_held(&pool->places[i], now)) && chosen-- == 0) {
            return (int)i;
        }
    }
    return oldest;
}

static int victim(sb_pool *pool, uint64_t now, const sb_address *newcomer) {
    unsigned silent = 0, requested = 0;
    int idle = -1;
    for (unsigned i = 0; i < pool->size; i++) {
        const sb_place *place = &pool->places[i];
        silent += place->stage == SB_STAGE_SILENT;
        requested += place->stage == SB_STAGE_REQUESTED;
        if (place->stage == SB_STAGE_IDLE &&
            (idle < 0 || is_older(place, &pool->places[idle]))) {
            idle = (int)i;
        }
    }
    if (idle >= 0) {
        return idle;
    }
    /* Those whose request has arrived keep three quarters of what neither is
       kept nor idle: connections that send nothing cannot displace them. */
    unsigned waiting = silent + requested, quarter = waiting / 4 > 0 ? waiting / 4 : 1;
    unsigned share = waiting > quarter ? waiting - quarter : 0;
    bool of_requested = silent == 0 || requested > share;
    return choose(pool, now, of_requested ? SB_STAGE_REQUESTED : SB_STAGE_SILENT, newcomer);
}

void sb_pool_init(sb_pool *pool, unsigned size, uint64_t secret) {
    memset(pool, 0, sizeof *pool);
    pool->size = size < SB_CONNECTIONS ? size : SB_CONNECTIONS;
    pool->secret = secret;
    pool->drawn = secret;
}

sb_admission sb_pool_admit(sb_pool *pool, uint64_t now, const sb_address *from,
                           unsigned *index) {
    sb_admission admission = SB_ADMITTED;
    unsigned at = 0;
    count(pool, now, from);
    while (at < pool->size && pool->places[at].stage != SB_STAGE_FREE) {
        at++;
    }
    if (at == pool->size) {
        int evicted = victim(pool, now, from);
        if (evicted < 0) {
            return SB_REFUSED;
        }
        at = (unsigned)evicted;
        admission = SB_EVICTING;
    }
    sb_place *place = &pool->places[at];
    place->stage = SB_STAGE_SILENT;
    place->since = now;
    place->number = ++pool->last_number;
    place->from = *from;
    *index = at;
    return admission;
}

void sb_pool_change(sb_pool *pool, uint64_t now, unsigned index, sb_stage stage) {
    if (index < pool->size && pool->places[index].stage != stage) {
        pool->places[index].stage = stage;
        pool->places[index].since = now;
    }
}
