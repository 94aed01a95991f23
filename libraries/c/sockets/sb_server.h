/*
 * A board's server without sockets: HTTP/1.1, WebSocket, and which connections
 * are admitted. A driver (`sb_sockets.h`) hands it what it received and the
 * time, and takes from it what to send; a test does so without a network.
 *
 * Everything is in one `sb_server` of fixed size. As with the core, call it from
 * one thread, or hold one lock around each call.
 */
#ifndef SB_SERVER_H
#define SB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sb_http.h"
#include "sb_origin.h"
#include "sb_pool.h"
#include "sb_ws.h"
#include "switchboard.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that are read from a socket at once. */
#ifndef SB_RECEIVE
#define SB_RECEIVE 256
#endif

/*
 * The longest message that /ws echoes, in bytes. The protocol allows up to
 * 65,536; beyond SB_MESSAGE_IN it costs this much memory for each of
 * SB_READERS.
 */
#ifndef SB_ECHO_LIMIT
#define SB_ECHO_LIMIT SB_MESSAGE_IN
#endif

/*
 * Bytes that wait to be sent on a connection: one message of the board and what
 * precedes it, an HTTP head, or small frames that are sent together.
 */
#define SB_SEND ((SB_MESSAGE_OUT > 2048 ? SB_MESSAGE_OUT : 2048) + 512)

/* What a connection is doing. */
typedef enum sb_conn_state {
    SB_CONN_FREE,
    SB_CONN_HEAD,    /* waits for a request's head */
    SB_CONN_BODY,    /* waits for the body of a POST */
    SB_CONN_RESPOND, /* sends a response */
    SB_CONN_CHANNEL, /* is a WebSocket */
    SB_CONN_CLOSING, /* sends a close frame */
    SB_CONN_DRAIN,   /* has sent everything; reads what is on its way */
    SB_CONN_ENDED    /* has to be closed */
} sb_conn_state;

/* One connection. All fields are internal. */
typedef struct sb_conn {
    sb_conn_state state;
    bool was_served; /* a request was answered already */
    bool keep_alive; /* another request may follow the response */
    bool head_only;  /* the response is to HEAD */
    bool waiting;    /* a message waits until the core takes it */
    bool shut_down;  /* the driver has ended the sending direction */
    sb_channel_kind kind;
    uint32_t client;        /* the core's number of a channel */
    uint32_t body_length;   /* of the POST that is read */
    uint32_t body_read;
    uint64_t deadline;      /* of the state; SB_NEVER without one */
    uint64_t send_deadline; /* of what is being sent */
    sb_address from;
    size_t received_at, received_end;
    size_t send_at, send_end;
    const uint8_t *more; /* sent after `send`, without a copy */
    size_t more_left;
    int echo; /* index of the echo's buffer, or -1 */
    sb_ws ws;
    union {
        sb_http head;
        uint8_t message[SB_MESSAGE_IN];
    } in;
    uint8_t received[SB_RECEIVE];
    uint8_t send[SB_SEND];
} sb_conn;

/* What a server needs. Has to stay valid as long as the server. */
typedef struct sb_server_config {
    /* Origins of web pages that may control the board, for example
     * "http://192.168.1.5:8080"; the board's own address always may. */
    const char *const *origins;
    size_t origin_count;
    /* A page for `GET /`, compressed by gzip, and its Content-Security-Policy;
     * NULL for none. Clients that do not read gzip, and all without a page, get
     * a small one that describes the board. */
    const uint8_t *page;
    size_t page_length;
    const char *page_policy;
    /* Connections at most, up to SB_CONNECTIONS; 0: SB_CONNECTIONS. */
    unsigned connections;
} sb_server_config;

/* A server. All fields are internal. */
typedef struct sb_server {
    sb_board *board;
    const sb_server_config *config;
    sb_pool pool;
    uint64_t reboot_deadline; /* SB_NEVER while the board does not restart */
    unsigned others;          /* what the core was told last */
#if SB_ECHO_LIMIT > SB_MESSAGE_IN
    uint8_t echoes[SB_READERS][SB_ECHO_LIMIT];
    bool echo_used[SB_READERS];
#endif
    /* The last one is for the connection that is told that all are in use. */
    sb_conn connections[SB_CONNECTIONS + 1];
} sb_server;

/* The index of no connection. */
#define SB_NO_CONNECTION (-1)

/* Starts a server; `size` is what the program takes for the size of one. */
bool sb_server_init_sized(sb_server *server, size_t size, sb_board *board,
                          const sb_server_config *config, uint64_t secret);

/*
 * Starts a server for a board that was started by `sb_init`. `secret` should be
 * random. False if an origin is invalid, the policy of the page is longer than
 * 700 bytes, or the program and the library were compiled with different SB_
 * sizes.
 */
static inline bool sb_server_init(sb_server *server, sb_board *board,
                                  const sb_server_config *config, uint64_t secret) {
    return sb_server_init_sized(server, sizeof *server, board, config, secret);
}

/*
 * A connection was accepted from this address. Returns its index, or
 * SB_NO_CONNECTION if it has to be closed. If `*evicted` is true, the connection
 * that had this index has to be closed first, without a response.
 */
int sb_server_accept(sb_server *server, uint64_t now, const sb_address *from, bool *evicted);

/* Where to put received bytes; `*size` is 0 while nothing may be read. */
uint8_t *sb_server_buffer(sb_server *server, int index, size_t *size);

/* So many bytes were put there; 0: the client sends nothing more. */
void sb_server_received(sb_server *server, uint64_t now, int index, size_t length);

/* What to send; `*length` is 0 if there is nothing. */
const uint8_t *sb_server_output(sb_server *server, int index, size_t *length);

/* So many bytes of it were sent. */
void sb_server_sent(sb_server *server, uint64_t now, int index, size_t length);

/* Whether the sending direction has to be shut down now. True once. */
bool sb_server_has_to_shut_down(sb_server *server, int index);

/* Whether the connection has to be closed, followed by `sb_server_closed`. */
bool sb_server_has_to_close(const sb_server *server, int index);

/* The connection was closed, or is broken. */
void sb_server_closed(sb_server *server, uint64_t now, int index);

/*
 * Does what is due, and gives each channel what the board has for it. Call it
 * at `sb_server_deadline`, and after anything was done with the board.
 */
void sb_server_tick(sb_server *server, uint64_t now);

/* When `sb_server_tick` is due next, or SB_NEVER. Includes `sb_deadline`. */
uint64_t sb_server_deadline(const sb_server *server);

/*
 * Whether the board has to restart now: all clients know, or had half a second
 * to learn it.
 */
bool sb_server_reboot_due(const sb_server *server, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
