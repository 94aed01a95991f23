#include "sb_server.h"

#include <string.h>

#include "sb_conn.h"

/* How long a restart waits until close frames and responses have been sent. */
#define REBOOT_GRACE_MS 500

static unsigned index_of(const sb_server *server, const sb_conn *conn) {
    return (unsigned)(conn - server->connections);
}

void sb_conn_enter(sb_server *server, uint64_t now, sb_conn *conn, sb_conn_state state,
                   sb_stage stage, uint64_t deadline) {
    conn->state = state;
    conn->deadline = deadline;
    sb_pool_change(&server->pool, now, index_of(server, conn), stage);
}

void sb_conn_drop(sb_server *server, uint64_t now, sb_conn *conn) {
    sb_channel_forget(server, now, conn);
    /* It keeps its place until the driver has closed the socket. */
    sb_conn_enter(server, now, conn, SB_CONN_ENDED, SB_STAGE_KEPT, SB_NEVER);
}

void sb_conn_respond(sb_server *server, uint64_t now, sb_conn *conn,
                     const sb_response *response, sb_stage stage) {
    if (!sb_put_response(conn, response)) {
        sb_conn_drop(server, now, conn);
        return;
    }
    sb_conn_enter(server, now, conn, SB_CONN_RESPOND, stage, now + SB_RESPONSE_MS);
}

static void drain(sb_server *server, uint64_t now, sb_conn *conn) {
    sb_conn_enter(server, now, conn, SB_CONN_DRAIN, SB_STAGE_IDLE, now + SB_DRAIN_MS);
}

/* A step of a connection; false if it has to wait. */
static bool step(sb_server *server, uint64_t now, sb_conn *conn) {
    switch (conn->state) {
    case SB_CONN_HEAD:
    case SB_CONN_BODY:
        return sb_request_step(server, now, conn);
    case SB_CONN_CHANNEL:
        return sb_channel_step(server, now, conn);
    case SB_CONN_RESPOND:
        if (sb_conn_unsent(conn) > 0) {
            return false;
        }
        if (conn->keep_alive) {
            conn->was_served = true;
            sb_conn_await(server, now, conn);
        } else {
            drain(server, now, conn);
        }
        return true;
    case SB_CONN_CLOSING:
        if (sb_conn_unsent(conn) > 0) {
            return false;
        }
        drain(server, now, conn);
        return true;
    case SB_CONN_DRAIN:
        conn->received_at = conn->received_end;
        return false;
    default:
        return false;
    }
}

static void count_others(sb_server *server) {
    unsigned others = 0;
    for (unsigned i = 0; i <= SB_CONNECTIONS; i++) {
        sb_conn_state state = server->connections[i].state;
        others += state != SB_CONN_FREE && state != SB_CONN_CHANNEL;
    }
    if (others != server->others) {
        server->others = others;
        sb_set_others(server->board, others);
    }
}

/* A frame that does not leave ends its channel, a response its connection. */
static void watch_sending(uint64_t now, sb_conn *conn) {
    if (sb_conn_unsent(conn) == 0) {
        conn->send_deadline = SB_NEVER;
    } else if (conn->send_deadline == SB_NEVER) {
        conn->send_deadline =
            now + (conn->state == SB_CONN_CHANNEL ? SB_FRAME_MS : SB_RESPONSE_MS);
    }
}

void sb_conn_run(sb_server *server, uint64_t now, sb_conn *conn) {
    while (step(server, now, conn)) {
    }
    watch_sending(now, conn);
    count_others(server);
}

bool sb_server_init_sized(sb_server *server, size_t size, sb_board *board,
                          const sb_server_config *config, uint64_t secret) {
    if (size != sizeof *server) {
        return false;
    }
    memset(server, 0, sizeof *server);
    server->board = board;
    server->config = config;
    server->reboot_deadline = SB_NEVER;
    sb_pool_init(&server->pool, config->connections == 0 ? SB_CONNECTIONS : config->connections,
                 secret);
    for (size_t i = 0; i < config->origin_count; i++) {
        if (!sb_is_origin(config->origins[i])) {
            return false;
        }
    }
    return config->page_policy == NULL || strlen(config->page_policy) <= SB_POLICY_LENGTH;
}

static void begin(sb_conn *conn, const sb_address *from) {
    memset(conn, 0, sizeof *conn);
    conn->from = *from;
    conn->echo = -1;
    conn->send_deadline = SB_NEVER;
}

int sb_server_accept(sb_server *server, uint64_t now, const sb_address *from, bool *evicted) {
    unsigned index = SB_CONNECTIONS;
    sb_admission admission = sb_pool_admit(&server->pool, now, from, &index);
    sb_conn *conn = &server->connections[index];
    *evicted = admission == SB_EVICTING;
    if (admission == SB_REFUSED) {
        /* One at a time is told; others are closed without a response. */
        if (conn->state != SB_CONN_FREE) {
            return SB_NO_CONNECTION;
        }
        sb_response response = sb_refuse_with(SB_ALL_IN_USE);
        begin(conn, from);
        sb_conn_respond(server, now, conn, &response, SB_STAGE_KEPT);
    } else {
        begin(conn, from);
        sb_conn_await(server, now, conn);
    }
    sb_conn_run(server, now, conn);
    return (int)index;
}

uint8_t *sb_server_buffer(sb_server *server, int index, size_t *size) {
    sb_conn *conn = &server->connections[index];
    bool reads = conn->state == SB_CONN_HEAD || conn->state == SB_CONN_BODY ||
                 conn->state == SB_CONN_CHANNEL || conn->state == SB_CONN_DRAIN;
    *size = reads && conn->received_at == conn->received_end ? SB_RECEIVE : 0;
    return conn->received;
}

void sb_server_received(sb_server *server, uint64_t now, int index, size_t length) {
    sb_conn *conn = &server->connections[index];
    if (length == 0) {
        sb_conn_drop(server, now, conn);
        return;
    }
    conn->received_at = 0;
    conn->received_end = length;
    sb_conn_run(server, now, conn);
}

const uint8_t *sb_server_output(sb_server *server, int index, size_t *length) {
    sb_conn *conn = &server->connections[index];
    *length = 0;
    if (conn->state == SB_CONN_FREE || conn->state == SB_CONN_ENDED) {
        return NULL;
    }
    if (conn->send_at < conn->send_end) {
        *length = conn->send_end - conn->send_at;
        return conn->send + conn->send_at;
    }
    *length = conn->more_left;
    return conn->more;
}

void sb_server_sent(sb_server *server, uint64_t now, int index, size_t length) {
    sb_conn *conn = &server->connections[index];
    if (conn->send_at < conn->send_end) {
        conn->send_at += length;
        if (conn->send_at == conn->send_end) {
            conn->send_at = conn->send_end = 0;
        }
    } else {
        conn->more += length;
        conn->more_left -= length;
    }
    if (length > 0 && conn->state == SB_CONN_CHANNEL) {
        conn->send_deadline = SB_NEVER;
    }
    sb_conn_run(server, now, conn);
}

bool sb_server_has_to_shut_down(sb_server *server, int index) {
    sb_conn *conn = &server->connections[index];
    if (conn->state != SB_CONN_DRAIN || conn->shut_down) {
        return false;
    }
    conn->shut_down = true;
    return true;
}

bool sb_server_has_to_close(const sb_server *server, int index) {
    return server->connections[index].state == SB_CONN_ENDED;
}

void sb_server_closed(sb_server *server, uint64_t now, int index) {
    sb_conn *conn = &server->connections[index];
    if (conn->state != SB_CONN_FREE) {
        sb_channel_forget(server, now, conn);
        sb_conn_enter(server, now, conn, SB_CONN_FREE, SB_STAGE_FREE, SB_NEVER);
        count_others(server);
    }
}


static void time_out(sb_server *server, uint64_t now, sb_conn *conn) {
    switch (conn->state) {
    case SB_CONN_HEAD:
    case SB_CONN_BODY:
        sb_request_timed_out(server, now, conn);
        break;
    default:
        sb_conn_drop(server, now, conn);
        break;
    }
}

/* No close frame can follow a frame that is stuck half sent: if the core ends
   such a channel, it is dropped a moment later. */
static void watch_closing(sb_server *server, uint64_t now, sb_conn *conn) {
    if (conn->state == SB_CONN_CHANNEL && conn->deadline == SB_NEVER &&
        sb_conn_unsent(conn) > 0 && sb_is_closing(server->board, conn->client)) {
        conn->deadline = now + SB_DRAIN_MS;
    }
}

/* Connections that wait for a request are not waited for. */
static void begin_reboot(sb_server *server, uint64_t now) {
    if (server->reboot_deadline != SB_NEVER ||
        sb_can_open(server->board, SB_CHANNEL_RPC) != SB_REBOOTING) {
        return;
    }
    server->reboot_deadline = now + REBOOT_GRACE_MS;
    for (unsigned i = 0; i <= SB_CONNECTIONS; i++) {
        sb_conn *conn = &server->connections[i];
        if (conn->state == SB_CONN_HEAD && conn->was_served) {
            drain(server, now, conn);
        }
    }
}

void sb_server_tick(sb_server *server, uint64_t now) {
    sb_tick(server->board, now);
    begin_reboot(server, now);
    for (unsigned i = 0; i <= SB_CONNECTIONS; i++) {
        sb_conn *conn = &server->connections[i];
        if (conn->state == SB_CONN_FREE) {
            continue;
        }
        if (conn->send_deadline <= now && conn->state != SB_CONN_ENDED) {
            sb_conn_drop(server, now, conn);
        } else if (conn->deadline <= now) {
            time_out(server, now, conn);
        }
        sb_conn_run(server, now, conn);
        watch_closing(server, now, conn);
    }
}

uint64_t sb_server_deadline(const sb_server *server) {
    uint64_t deadline = sb_deadline(server->board);
    if (server->reboot_deadline < deadline) {
        deadline = server->reboot_deadline;
    }
    for (unsigned i = 0; i <= SB_CONNECTIONS; i++) {
        const sb_conn *conn = &server->connections[i];
        if (conn->state == SB_CONN_FREE || conn->state == SB_CONN_ENDED) {
            continue;
        }
        deadline = conn->deadline < deadline ? conn->deadline : deadline;
        deadline = conn->send_deadline < deadline ? conn->send_deadline : deadline;
    }
    return deadline;
}

bool sb_server_reboot_due(const sb_server *server, uint64_t now) {
    if (server->reboot_deadline <= now) {
        return true;
    }
    if (!sb_reboot_due(server->board)) {
        return false;
    }
    for (unsigned i = 0; i <= SB_CONNECTIONS; i++) {
        sb_conn_state state = server->connections[i].state;
        if (state != SB_CONN_FREE && state != SB_CONN_HEAD) {
            return false;
        }
    }
    return true;
}
