/*
 * What the files of the server share; not for users.
 */
#ifndef SB_CONN_H
#define SB_CONN_H

#include "sb_server.h"

/* Times in milliseconds; docs/protocol.md, "HTTP" and "Liveness". */
#define SB_HEAD_MS 5000
#define SB_BODY_MS 5000
#define SB_RESPONSE_MS 5000
#define SB_KEEP_ALIVE_MS 30000
/* How long a frame of a channel may take to leave. */
#define SB_FRAME_MS 60000
/* How long a connection that has been ended is read on. */
#define SB_DRAIN_MS 300

/* Why a request is refused. */
typedef enum sb_refusal_kind {
    SB_NOT_FOUND,
    SB_METHOD_OF_PAGE,
    SB_METHOD_OF_RPC,
    SB_METHOD_OF_CHANNEL,
    SB_NO_UPGRADE,
    SB_UPGRADE_OF_VERSION,
    SB_UPGRADE_WITH_KEY,
    SB_UPGRADE_WITH_BODY,
    SB_OTHER_HOST,
    SB_LENGTH_REQUIRED,
    SB_COMPRESSED,
    SB_BODY_TOO_LONG,
    SB_HEAD_TOO_LONG,
    SB_BAD_REQUEST,
    SB_TIMED_OUT,
    SB_ALL_IN_USE,
    SB_BAD_LEVEL,
    SB_CHANNELS_IN_USE
} sb_refusal_kind;

/* A response. `fields` are further lines, each ending with CR LF. */
typedef struct sb_response {
    uint16_t status;
    const char *phrase;
    const char *fields;
    const char *type; /* NULL for a response without a body */
    const char *body;
    size_t length;
} sb_response;

/* Text in a buffer of fixed size; what does not fit is left out and noted. */
typedef struct sb_text_out {
    char *at;
    size_t size;
    size_t length;
    bool overflow;
} sb_text_out;

void sb_put(sb_text_out *out, const char *text, size_t length);
void sb_put_text(sb_text_out *out, const char *text);
void sb_put_number(sb_text_out *out, size_t number);

/* Puts a response into the connection's buffer; true if it fits. */
bool sb_put_response(sb_conn *conn, const sb_response *response);

/* The response to a refused request. */
sb_response sb_refuse_with(sb_refusal_kind kind);

/* Bytes of the longest Content-Security-Policy. */
#define SB_POLICY_LENGTH 700

/* Bytes of the longest page that describes a board. */
#define SB_PAGE_LENGTH 1600

/* Puts the page that describes the board into `out`. */
void sb_put_page(sb_text_out *out, const sb_board *board);

/* Changes the state and with it the place in the pool. */
void sb_conn_enter(sb_server *server, uint64_t now, sb_conn *conn, sb_conn_state state,
                   sb_stage stage, uint64_t deadline);

/* Ends the connection without sending anything more. */
void sb_conn_drop(sb_server *server, uint64_t now, sb_conn *conn);

/* Begins to wait for a request. */
void sb_conn_await(sb_server *server, uint64_t now, sb_conn *conn);

/* Does what can be done with what was received and what may be sent. */
void sb_conn_run(sb_server *server, uint64_t now, sb_conn *conn);

/* Sends a response and, if the connection is not kept, ends it. */
void sb_conn_respond(sb_server *server, uint64_t now, sb_conn *conn,
                     const sb_response *response, sb_stage stage);

/* A step of a request; false if it has to wait. */
bool sb_request_step(sb_server *server, uint64_t now, sb_conn *conn);

/* A request did not arrive in time. */
void sb_request_timed_out(sb_server *server, uint64_t now, sb_conn *conn);

/* Becomes a channel: 101, or a refusal. */
void sb_channel_open(sb_server *server, uint64_t now, sb_conn *conn, sb_channel_kind kind,
                     sb_level level);

/* Responds why the core does not open a channel. */
void sb_channel_refuse(sb_server *server, uint64_t now, sb_conn *conn, sb_channel_kind kind,
                       sb_status status);

/* A step of a channel; false if it has to wait. */
bool sb_channel_step(sb_server *server, uint64_t now, sb_conn *conn);

/* The core forgets the channel and its buffer is free again. */
void sb_channel_forget(sb_server *server, uint64_t now, sb_conn *conn);

static inline size_t sb_conn_unsent(const sb_conn *conn) {
    return conn->send_end - conn->send_at + conn->more_left;
}

#endif
