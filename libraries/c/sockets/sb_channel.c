/* WebSocket channels: /rpc, /log and /telemetry, which the core serves, and the
   echo of /ws. */
#include <string.h>

#include "sb_address.h"
#include "sb_conn.h"

static size_t room(sb_conn *conn) {
    if (conn->send_at > 0) {
        memmove(conn->send, conn->send + conn->send_at, conn->send_end - conn->send_at);
        conn->send_end -= conn->send_at;
        conn->send_at = 0;
    }
    return SB_SEND - conn->send_end;
}

/* The caller has made sure that there is room. */
static void put_frame(sb_conn *conn, uint8_t opcode, const uint8_t *payload, size_t length) {
    conn->send_end += sb_ws_header(conn->send + conn->send_end, opcode, length);
    if (length > 0) {
        memcpy(conn->send + conn->send_end, payload, length);
        conn->send_end += length;
    }
}

static void close_with(sb_server *server, uint64_t now, sb_conn *conn, uint16_t code,
                       const char *reason) {
    conn->send_end += sb_ws_close(conn->send + conn->send_end, code, reason);
    sb_channel_forget(server, now, conn);
    sb_conn_enter(server, now, conn, SB_CONN_CLOSING, SB_STAGE_IDLE, now + SB_DRAIN_MS);
}

#if SB_ECHO_LIMIT > SB_MESSAGE_IN
static void begin_echo(sb_server *server, sb_conn *conn) {
    for (int i = 0; i < SB_READERS; i++) {
        if (!server->echo_used[i]) {
            server->echo_used[i] = true;
            conn->echo = i;
            sb_ws_begin(&conn->ws, server->echoes[i], SB_ECHO_LIMIT);
            return;
        }
    }
}
#else
static void begin_echo(sb_server *server, sb_conn *conn) {
    (void)server;
    sb_ws_begin(&conn->ws, conn->in.message, SB_ECHO_LIMIT);
}
#endif

void sb_channel_forget(sb_server *server, uint64_t now, sb_conn *conn) {
    if (conn->client != 0) {
        sb_disconnect(server->board, now, conn->client);
        conn->client = 0;
    }
#if SB_ECHO_LIMIT > SB_MESSAGE_IN
    if (conn->echo >= 0) {
        server->echo_used[conn->echo] = false;
    }
#endif
    conn->echo = -1;
}

void sb_channel_refuse(sb_server *server, uint64_t now, sb_conn *conn, sb_channel_kind kind,
                       sb_status status) {
    sb_response response = sb_refuse_with(SB_CHANNELS_IN_USE);
    if (status != SB_FULL || kind == SB_CHANNEL_RPC) {
        bool missing = status == SB_NO_TELEMETRY;
        response.status = missing ? 404 : 503;
        response.phrase = missing ? "Not Found" : "Service Unavailable";
        response.type = "application/json";
        response.body = sb_refusal(server->board, status, &response.length);
    }
    sb_conn_respond(server, now, conn, &response, SB_STAGE_REQUESTED);
}

void sb_channel_open(sb_server *server, uint64_t now, sb_conn *conn, sb_channel_kind kind,
                     sb_level level) {
    char from[SB_ADDRESS_TEXT], accept[SB_ACCEPT_LENGTH + 1];
    const sb_http *head = &conn->in.head;
    sb_address_text(&conn->from, from);
    conn->kind = kind;
    sb_status status = sb_open(server->board, now, kind, level, from, &conn->client);
    if (status != SB_OK) {
        conn->client = 0;
        sb_channel_refuse(server, now, conn, kind, status);
        return;
    }
    sb_accept_key(head->key, accept);
    sb_text_out out = {(char *)conn->send, SB_SEND, 0, false};
    sb_put_text(&out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
    sb_put_text(&out, accept);
    /* To name a subprotocol that was not offered would fail the handshake. */
    if (kind == SB_CHANNEL_RPC && head->offers_switchboard) {
        sb_put_text(&out, "\r\nSec-WebSocket-Protocol: switchboard.v1");
    }
    sb_put_text(&out, "\r\n\r\n");
    conn->send_at = 0;
    conn->send_end = out.length;
    conn->waiting = false;
    /* From here on messages take the place of the head. */
    if (kind == SB_CHANNEL_ECHO) {
        begin_echo(server, conn);
    } else {
        sb_ws_begin(&conn->ws, conn->in.message, SB_MESSAGE_IN);
    }
    sb_conn_enter(server, now, conn, SB_CONN_CHANNEL, SB_STAGE_KEPT, SB_NEVER);
}

/* The longest message of a channel: a frame of telemetry may be longer than a
   text. */
#define LONGEST (SB_MESSAGE_OUT > SB_FRAME_BYTES ? SB_MESSAGE_OUT : SB_FRAME_BYTES)

/* Takes what the core has to send; false if the channel ends. */
static bool take_outputs(sb_server *server, uint64_t now, sb_conn *conn) {
    sb_outgoing outgoing;
    while (conn->more_left == 0 && sb_has_next(server->board, conn->client) &&
           room(conn) >= LONGEST + SB_WS_HEADER &&
           sb_next(server->board, now, conn->client, &outgoing)) {
        char reason[SB_WS_CONTROL];
        size_t length;
        switch (outgoing.kind) {
        case SB_SEND_TEXT:
            put_frame(conn, SB_WS_TEXT, outgoing.data, outgoing.length);
            break;
        case SB_SEND_BINARY:
            put_frame(conn, SB_WS_BINARY, outgoing.data, outgoing.length);
            break;
        case SB_SEND_PING:
            put_frame(conn, SB_WS_PING, NULL, 0);
            break;
        case SB_SEND_CLOSE:
            length = outgoing.length < sizeof reason ? outgoing.length : sizeof reason - 1;
            memcpy(reason, outgoing.data, length);
            reason[length] = '\0';
            close_with(server, now, conn, outgoing.code, reason);
            return false;
        }
    }
    return true;
}

static void take_message(sb_server *server, uint64_t now, sb_conn *conn, bool text) {
    sb_heard(server->board, now, conn->client);
    switch (conn->kind) {
    case SB_CHANNEL_RPC:
        if (text) {
            conn->waiting = true;
        } else {
            close_with(server, now, conn, SB_WS_UNSUPPORTED,
                       "the control channel takes JSON in text messages");
        }
        break;
    case SB_CHANNEL_ECHO:
        conn->send_end += sb_ws_header(conn->send + conn->send_end,
                                       text ? SB_WS_TEXT : SB_WS_BINARY, conn->ws.length);
        conn->more = conn->ws.message;
        conn->more_left = conn->ws.length;
        break;
    default:
        /* Readers of the log and of telemetry are not listened to. */
        break;
    }
}

/* Decodes at most one message. The caller has made sure that there is room for
   a control frame. */
static void decode(sb_server *server, uint64_t now, sb_conn *conn) {
    size_t used = 0;
    sb_ws_event event = sb_ws_decode(&conn->ws, conn->received + conn->received_at,
                                     conn->received_end - conn->received_at, &used);
    conn->received_at += used;
    switch (event) {
    case SB_WS_MORE:
        /* Any frame is a sign of life, also a part of a message. */
        if (used > 0 && conn->ws.header_length == 0) {
            sb_heard(server->board, now, conn->client);
        }
        break;
    case SB_WS_GOT_TEXT:
    case SB_WS_GOT_BINARY:
        take_message(server, now, conn, event == SB_WS_GOT_TEXT);
        break;
    case SB_WS_GOT_PING:
        sb_heard(server->board, now, conn->client);
        put_frame(conn, SB_WS_PONG, conn->ws.control, conn->ws.control_length);
        break;
    case SB_WS_GOT_PONG:
        sb_pong(server->board, now, conn->client);
        break;
    case SB_WS_GOT_CLOSE:
        close_with(server, now, conn, conn->ws.close_code, "");
        break;
    case SB_WS_BROKEN:
        close_with(server, now, conn, conn->ws.close_code, conn->ws.close_reason);
        break;
    }
}

bool sb_channel_step(sb_server *server, uint64_t now, sb_conn *conn) {
    if (!take_outputs(server, now, conn)) {
        return true;
    }
    if (conn->waiting) {
        sb_status status = sb_receive(server->board, now, conn->client,
                                      (const char *)conn->in.message, conn->ws.length);
        if (status == SB_BUSY) {
            return false;
        }
        conn->waiting = false;
        return true;
    }
    if (conn->received_at == conn->received_end || conn->more_left > 0 ||
        room(conn) < 2 + SB_WS_CONTROL) {
        return false;
    }
    decode(server, now, conn);
    return true;
}
