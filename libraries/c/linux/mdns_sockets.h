/*
 * The sockets of the mDNS responder on Linux.
 */
#ifndef MDNS_SOCKETS_H
#define MDNS_SOCKETS_H

#include "mdns.h"

/*
 * Opens a socket on port 5353 of all interfaces. Other programs may use the
 * port, too. Returns the descriptor, or -1 with errno.
 */
int mdns_open(void);

/*
 * Adds to the responder the interfaces on which a board that listens on this
 * numeric address can be reached, and joins the group there. Removes those that
 * are gone, are down or have another address. Returns how many it has then.
 */
unsigned mdns_update_links(mdns_responder *mdns, uint64_t now, int descriptor,
                           const char *address);

/* Reads one packet; false if none has arrived. */
bool mdns_read(mdns_responder *mdns, uint64_t now, int descriptor);

/* Sends a packet on a link's interface. */
void mdns_write(int descriptor, const mdns_link *link, const uint8_t *packet, size_t length,
                const uint8_t to_ip[4], uint16_t to_port);

#endif
