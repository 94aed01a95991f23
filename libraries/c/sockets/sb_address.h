/*
 * Addresses as text.
 */
#ifndef SB_ADDRESS_H
#define SB_ADDRESS_H

#include "sb_pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the longest text, with the terminating zero. */
#define SB_ADDRESS_TEXT 56

/* "192.168.1.5:53211" or "[fe80::1]:53211" (RFC 5952). */
void sb_address_text(const sb_address *address, char text[SB_ADDRESS_TEXT]);

/* The address of an IPv4 host. */
sb_address sb_address_v4(const uint8_t ip[4], uint16_t port);

#ifdef __cplusplus
}
#endif

#endif
