/* Reads requests and decides what is done with each. */
#include <string.h>

#include "sb_conn.h"

static void refuse(sb_server *server, uint64_t now, sb_conn *conn, sb_refusal_kind kind) {
    sb_response response = sb_refuse_with(kind);
    sb_conn_respond(server, now, conn, &response, SB_STAGE_REQUESTED);
}

/* Ends a connection whose further bytes cannot be understood. */
static void refuse_and_end(sb_server *server, uint64_t now, sb_conn *conn,
                           sb_refusal_kind kind) {
    sb_response response = sb_refuse_with(kind);
    conn->keep_alive = false;
    conn->head_only = false;
    sb_conn_respond(server, now, conn, &response, SB_STAGE_IDLE);
}

void sb_conn_await(sb_server *server, uint64_t now, sb_conn *conn) {
    bool more = conn->received_at < conn->received_end;
    uint64_t patience = conn->was_served && !more ? SB_KEEP_ALIVE_MS : SB_HEAD_MS;
    memset(&conn->in.head, 0, sizeof conn->in.head);
    conn->send_deadline = SB_NEVER;
    sb_conn_enter(server, now, conn, SB_CONN_HEAD,
                  conn->was_served ? SB_STAGE_IDLE : SB_STAGE_SILENT, now + patience);
}

void sb_request_timed_out(sb_server *server, uint64_t now, sb_conn *conn) {
    if (conn->state == SB_CONN_HEAD && sb_http_is_empty(&conn->in.head)) {
        /* It sent nothing: it is not told why it is disconnected. */
        sb_conn_enter(server, now, conn, SB_CONN_DRAIN, SB_STAGE_IDLE, now + SB_DRAIN_MS);
        return;
    }
    refuse_and_end(server, now, conn, SB_TIMED_OUT);
}

/* What every page has: no other page may embed it, as a frame or as a resource,
   and a link does not tell where it is. */
static const char page_fields[] = "X-Frame-Options: DENY\r\n"
                                  "X-Content-Type-Options: nosniff\r\n"
                                  "Cross-Origin-Resource-Policy: same-origin\r\n"
                                  "Referrer-Policy: no-referrer\r\n"
                                  "Vary: Accept-Encoding\r\n"
                                  "Content-Security-Policy: ";

/* The page that describes the board has a style and nothing else. */
static const char description_policy[] = "default-src 'none'; style-src 'unsafe-inline'; "
                                         "base-uri 'none'; form-action 'none'; "
                                         "frame-ancestors 'none'";

static void respond_with_page(sb_server *server, uint64_t now, sb_conn *conn) {
    const sb_server_config *config = server->config;
    bool embedded = config->page != NULL && conn->in.head.accepts_gzip;
    const char *policy = embedded ? config->page_policy : description_policy;
    char description[SB_PAGE_LENGTH], fields[1024];
    sb_text_out page = {description, sizeof description, 0, false};
    sb_text_out out = {fields, sizeof fields - 1, 0, false};
    sb_put_text(&out, page_fields);
    sb_put_text(&out, policy == NULL ? "frame-ancestors 'none'" : policy);
    sb_put_text(&out, embedded ? "\r\nContent-Encoding: gzip\r\n" : "\r\n");
    fields[out.length] = '\0';
    sb_response response = {200, "OK", fields, "text/html; charset=utf-8", NULL, 0};
    if (embedded) {
        response.length = config->page_length;
        if (!conn->head_only) {
            conn->more = config->page;
            conn->more_left = config->page_length;
        }
    } else {
        sb_put_page(&page, server->board);
        response.body = description;
        response.length = page.length;
    }
    sb_conn_respond(server, now, conn, &response, SB_STAGE_REQUESTED);
}

static void begin_post(sb_server *server, uint64_t now, sb_conn *conn) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const sb_http *head = &conn->in.head;
    switch (sb_http_body_of(head)) {
    case SB_BODY_COMPRESSED:
        refuse(server, now, conn, SB_COMPRESSED);
        return;
    case SB_BODY_LENGTH:
        break;
    default:
        refuse(server, now, conn, SB_LENGTH_REQUIRED);
        return;
    }
    uint32_t length = head->content_length;
    if (length > SB_MESSAGE_IN) {
        refuse(server, now, conn, SB_BODY_TOO_LONG);
        return;
    }
    conn->keep_alive = sb_http_keeps_alive(head);
    if (head->http11 && head->expects_continue &&
        conn->received_end - conn->received_at < length) {
        memcpy(conn->send, go_on, sizeof go_on - 1);
        conn->send_end = sizeof go_on - 1;
    }
    /* The body takes the place of the head. */
    conn->body_length = length;
    conn->body_read = 0;
    sb_conn_enter(server, now, conn, SB_CONN_BODY, SB_STAGE_REQUESTED, now + SB_BODY_MS);
}

static void answer_post(sb_server *server, uint64_t now, sb_conn *conn) {
    const char *answer = NULL;
    size_t length = 0;
    sb_post(server->board, now, (const char *)conn->in.message, conn->body_length, &answer,
            &length);
    sb_response response = {200, "OK", "", "application/json", answer, length};
    if (length == 0) {
        response = (sb_response){204, "No Content", "", NULL, NULL, 0};
    }
    sb_conn_respond(server, now, conn, &response, SB_STAGE_REQUESTED);
}

static void respond_with_error(sb_server *server, uint64_t now, sb_conn *conn, uint16_t status,
                               const char *phrase, int code, const char *reason,
                               const char *message, const sb_origins *listed) {
    char body[640];
    sb_text_out out = {body, sizeof body, 0, false};
    sb_put_text(&out, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-");
    sb_put_number(&out, (size_t)-code);
    sb_put_text(&out, ",\"message\":\"");
    sb_put_text(&out, message);
    for (size_t i = 0; listed != NULL && i < listed->count; i++) {
        size_t length = strlen(listed->origins[i]);
        if (length + 100 > out.size - out.length) {
            sb_put_text(&out, ", \xe2\x80\xa6");
            break;
        }
        sb_put_text(&out, i == 0 ? " " : ", ");
        sb_put(&out, listed->origins[i], length);
    }
    sb_put_text(&out, "\",\"data\":{\"reason\":\"");
    sb_put_text(&out, reason);
    sb_put_text(&out, "\"}}}");
    sb_response response = {status, phrase, "", "application/json", body, out.length};
    sb_conn_respond(server, now, conn, &response, SB_STAGE_REQUESTED);
}

static void refuse_origin(sb_server *server, uint64_t now, sb_conn *conn,
                          const sb_origins *allowed) {
    const char *message = "no web page may control this board; a program sends no Origin, or "
                          "the address that it connects to";
    if (allowed->count > 0) {
        message = "only web pages of these origins may control this board:";
    }
    respond_with_error(server, now, conn, 403, "Forbidden", -32006, "origin_not_allowed",
                       message, allowed);
}

/* The opening handshake of a WebSocket. */
static void upgrade(sb_server *server, uint64_t now, sb_conn *conn, sb_channel_kind kind) {
    const sb_http *head = &conn->in.head;
    sb_level level = SB_INFO;
    size_t length = 0;
    if (sb_can_open(server->board, kind) == SB_NO_TELEMETRY) {
        /* Precedes errors of the handshake. */
        sb_channel_refuse(server, now, conn, kind, SB_NO_TELEMETRY);
        return;
    }
    switch (sb_http_upgrade_of(head)) {
    case SB_UPGRADE_NONE:
        refuse(server, now, conn, SB_NO_UPGRADE);
        return;
    case SB_UPGRADE_VERSION:
        refuse(server, now, conn, SB_UPGRADE_OF_VERSION);
        return;
    case SB_UPGRADE_KEY:
        refuse(server, now, conn, SB_UPGRADE_WITH_KEY);
        return;
    case SB_UPGRADE_BODY:
        refuse(server, now, conn, SB_UPGRADE_WITH_BODY);
        return;
    case SB_UPGRADE_GOOD:
        break;
    }
    if (kind == SB_CHANNEL_RPC && head->offers_protocols && !head->offers_switchboard) {
        respond_with_error(server, now, conn, 400, "Bad Request", -32008, "unsupported_version",
                           "this board speaks switchboard.v1; offer it, or no subprotocol at "
                           "all",
                           NULL);
        return;
    }
    const char *text = sb_http_parameter(head, "level", &length);
    if (kind == SB_CHANNEL_LOG && text != NULL && !sb_parse_level(text, length, &level)) {
        refuse(server, now, conn, SB_BAD_LEVEL);
        return;
    }
    sb_channel_open(server, now, conn, kind, level);
}

/* Decides what is done with a request from its head alone. */
static void route(sb_server *server, uint64_t now, sb_conn *conn) {
    const sb_http *head = &conn->in.head;
    const sb_origins allowed = {server->config->origins, server->config->origin_count};
    sb_http_body body = sb_http_body_of(head);
    /* A body that is not read would be taken for the next request. */
    bool no_body = body == SB_BODY_NONE || (body == SB_BODY_LENGTH && head->content_length == 0);
    bool get = head->method == SB_HTTP_GET;
    conn->head_only = head->method == SB_HTTP_HEAD_METHOD;
    conn->keep_alive = sb_http_keeps_alive(head) && no_body;
    switch (sb_origin_of(head, sb_configuration(server->board)->id, &allowed)) {
    case SB_ORIGIN_OTHER_HOST:
        refuse(server, now, conn, SB_OTHER_HOST);
        return;
    case SB_ORIGIN_NOT_ALLOWED:
        refuse_origin(server, now, conn, &allowed);
        return;
    case SB_ORIGIN_GOOD:
        break;
    }
    switch (sb_http_path_of(head)) {
    case SB_PATH_PAGE:
        if (get || conn->head_only) {
            respond_with_page(server, now, conn);
        } else {
            refuse(server, now, conn, SB_METHOD_OF_PAGE);
        }
        return;
    case SB_PATH_RPC:
        if (head->method == SB_HTTP_POST) {
            begin_post(server, now, conn);
        } else if (get) {
            upgrade(server, now, conn, SB_CHANNEL_RPC);
        } else {
            refuse(server, now, conn, SB_METHOD_OF_RPC);
        }
        return;
    case SB_PATH_UNKNOWN:
        refuse(server, now, conn, SB_NOT_FOUND);
        return;
    default:
        break;
    }
    if (!get) {
        refuse(server, now, conn, SB_METHOD_OF_CHANNEL);
        return;
    }
    sb_http_path path = sb_http_path_of(head);
    upgrade(server, now, conn,
            path == SB_PATH_ECHO  ? SB_CHANNEL_ECHO
            : path == SB_PATH_LOG ? SB_CHANNEL_LOG
                                  : SB_CHANNEL_TELEMETRY);
}

static bool head_step(sb_server *server, uint64_t now, sb_conn *conn) {
    size_t used = 0;
    bool began = !sb_http_is_empty(&conn->in.head);
    sb_http_result result =
        sb_http_parse(&conn->in.head, conn->received + conn->received_at,
                      conn->received_end - conn->received_at, &used);
    conn->received_at += used;
    switch (result) {
    case SB_HTTP_MORE:
        if (!began && !sb_http_is_empty(&conn->in.head) && conn->was_served) {
            conn->deadline = now + SB_HEAD_MS;
        }
        return false;
    case SB_HTTP_DONE:
        route(server, now, conn);
        return true;
    case SB_HTTP_TOO_LARGE:
        refuse_and_end(server, now, conn, SB_HEAD_TOO_LONG);
        return true;
    default:
        refuse_and_end(server, now, conn, SB_BAD_REQUEST);
        return true;
    }
}

static bool body_step(sb_server *server, uint64_t now, sb_conn *conn) {
    size_t left = conn->body_length - conn->body_read;
    size_t part = conn->received_end - conn->received_at;
    part = part < left ? part : left;
    memcpy(conn->in.message + conn->body_read, conn->received + conn->received_at, part);
    conn->received_at += part;
    conn->body_read += (uint32_t)part;
    /* `100 Continue` has to leave before the response. */
    if (conn->body_read < conn->body_length || sb_conn_unsent(conn) > 0) {
        return false;
    }
    answer_post(server, now, conn);
    return true;
}

bool sb_request_step(sb_server *server, uint64_t now, sb_conn *conn) {
    return conn->state == SB_CONN_HEAD ? head_step(server, now, conn)
                                       : body_step(server, now, conn);
}
