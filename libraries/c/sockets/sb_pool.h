/*
 * The connection pool: how many connections there are, and which one ends when
 * another comes and all places are taken. A connection that only waits for its
 * client can be evicted; a controller or another channel cannot. Owns no socket
 * and reads no clock.
 *
 * During a flood every choice is unfair to someone, so it is made by what an
 * attacker cannot choose freely: a source address that opened many connections
 * in the last seconds goes first, then one that has many places.
 */
#ifndef SB_POOL_H
#define SB_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "switchboard.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Connections of all kinds at once; at least four more than controllers. One
 * more is accepted briefly, to be told that all are in use.
 */
#ifndef SB_CONNECTIONS
#define SB_CONNECTIONS (SB_CONTROLLERS + 4)
#endif

/* Counters of source addresses: two rows of this many. A power of two. */
#ifndef SB_SOURCE_COUNTERS
#define SB_SOURCE_COUNTERS 128
#endif

/* An address: IPv6, or IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2). */
typedef struct sb_address {
    uint8_t ip[16];
    uint16_t port;
} sb_address;

/* What a connection is doing. */
typedef enum sb_stage {
    SB_STAGE_FREE,     /* no connection */
    SB_STAGE_KEPT,     /* a channel: it must not be interrupted */
    SB_STAGE_IDLE,     /* it had its answer and may send another request */
    SB_STAGE_SILENT,   /* its request is incomplete */
    SB_STAGE_REQUESTED /* its request has arrived */
} sb_stage;

/* A place in the pool. */
typedef struct sb_place {
    sb_stage stage;
    uint64_t since;  /* when it came into this stage */
    uint32_t number; /* in the order of arrival */
    sb_address from;
} sb_place;

/* The pool. */
typedef struct sb_pool {
    unsigned size; /* places in use at most, up to SB_CONNECTIONS */
    uint32_t last_number;
    uint64_t secret;
    uint64_t drawn;
    uint64_t halved; /* when the counters were last halved */
    uint32_t total;  /* connections in the last seconds, from everywhere */
    uint16_t counts[2][SB_SOURCE_COUNTERS];
    sb_place places[SB_CONNECTIONS];
} sb_pool;

/* What is done with a new connection. */
typedef enum sb_admission {
    SB_ADMITTED, /* it has the place `index` */
    SB_EVICTING, /* it gets the place `index`, whose connection has to end */
    SB_REFUSED   /* it has none */
} sb_admission;

/* Starts an empty pool. `secret` should be random: choices depend on it. */
void sb_pool_init(sb_pool *pool, unsigned size, uint64_t secret);

/* A connection was accepted. The place is the newcomer's when this returns. */
sb_admission sb_pool_admit(sb_pool *pool, uint64_t now, const sb_address *from,
                           unsigned *index);

/* A connection comes into a stage; SB_STAGE_FREE when it has ended. */
void sb_pool_change(sb_pool *pool, uint64_t now, unsigned index, sb_stage stage);

/*
 * How far above the ordinary the rate of an address is, in powers of two: 0 is
 * ordinary.
 */
unsigned sb_pool_heat(const sb_pool *pool, const sb_address *from);

#ifdef __cplusplus
}
#endif

#endif
