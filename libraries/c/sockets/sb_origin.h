/*
 * Refuses requests that a web page may not make. A browser runs programs of
 * strangers and reaches the boards of its user's network: so a page may control
 * a board only if its origin is allowed (RFC 6454), and a request must name the
 * board by a host that no stranger can point at it (DNS rebinding).
 */
#ifndef SB_ORIGIN_H
#define SB_ORIGIN_H

#include <stdbool.h>

#include "sb_http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What may be done with a request. */
typedef enum {
    SB_ORIGIN_GOOD,
    SB_ORIGIN_OTHER_HOST, /* 421: `Host` is not the board's */
    SB_ORIGIN_NOT_ALLOWED /* 403: a page of an origin that is not allowed */
} sb_origin_check;

/* Origins that are allowed. */
typedef struct {
    const char *const *origins; /* for example "http://192.168.1.5:8080" */
    size_t count;
} sb_origins;

/* Whether a text is an origin: scheme, host and at most a port. */
bool sb_is_origin(const char *text);

/* Checks the `Host` and the `Origin` of a complete head. */
sb_origin_check sb_origin_of(const sb_http *head, const char *board_id,
                             const sb_origins *allowed);

/*
 * Whether a `Host` may name a board: an IP address, `localhost`, a name under
 * `.local` or the board's id, each with or without a port.
 */
bool sb_is_host_of_board(const char *host, size_t length, const char *board_id);

#ifdef __cplusplus
}
#endif

#endif
