/*
 * Announces a board by multicast DNS (RFC 6762) and DNS-SD (RFC 6763): probes,
 * announces, answers and says goodbye. Owns no socket and reads no clock;
 * mdns_sockets.c has those of Linux.
 */
#ifndef MDNS_H
#define MDNS_H

#include "mdns_packet.h"
#include "switchboard.h"

/* Interfaces on which a board is announced, at most. */
#define MDNS_LINKS 16

/* One interface, and what is due on it. */
typedef struct mdns_link {
    unsigned interface;
    uint8_t ip[4];
    unsigned pending;    /* records that are due at `due` */
    uint64_t due;
    uint64_t sent[5];    /* when each record was last sent, plus 1; 0: never */
} mdns_link;

/* A responder. */
typedef struct mdns_responder {
    const sb_board *board;
    mdns_records records;
    mdns_link links[MDNS_LINKS];
    unsigned link_count;
    unsigned attempt;  /* the number behind the names, after conflicts */
    unsigned conflicts;
    unsigned probes;   /* probes sent, of 3; then announced */
    unsigned announced; /* announcements sent, of 3 */
    uint64_t next;     /* of the next probe or announcement, or SB_NEVER */
    uint32_t (*random)(void *context);
    /* Sends a packet on a link, to the group or, if `to_port` is not 0, to an
     * address. */
    void (*send)(void *context, const mdns_link *link, const uint8_t *packet, size_t length,
                 const uint8_t to_ip[4], uint16_t to_port);
    void *context;
} mdns_responder;

/*
 * Begins to announce a board. The caller has set `random`, `send` and `context`.
 * False if `service` is not a type such as "_x._tcp.local.", or is so long that
 * the records do not fit into a packet.
 */
bool mdns_start(mdns_responder *mdns, uint64_t now, const sb_board *board, const char *service,
                uint16_t port);

/* Adds an interface. False if there are MDNS_LINKS already. */
bool mdns_add_link(mdns_responder *mdns, uint64_t now, unsigned interface, const uint8_t ip[4]);

/* Removes the interface at this position of `links`. */
void mdns_remove_link(mdns_responder *mdns, unsigned at);

/* The board's name has changed. */
void mdns_renamed(mdns_responder *mdns, uint64_t now);

/* The clock starts again from 0, because the board did. Announces again. */
void mdns_restart_clock(mdns_responder *mdns);

/* Does what is due. */
void mdns_tick(mdns_responder *mdns, uint64_t now);

/* When `mdns_tick` is due next, or SB_NEVER. */
uint64_t mdns_deadline(const mdns_responder *mdns);

/* A packet arrived on an interface. */
void mdns_received(mdns_responder *mdns, uint64_t now, unsigned interface, const uint8_t *packet,
                   size_t length, const uint8_t from_ip[4], uint16_t from_port);

/* Says that the board leaves (section 10.1). */
void mdns_goodbye(mdns_responder *mdns);

#endif
