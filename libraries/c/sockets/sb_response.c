#include <string.h>

#include "sb_conn.h"

void sb_put(sb_text_out *out, const char *text, size_t length) {
    if (length > out->size - out->length) {
        out->overflow = true;
        return;
    }
    memcpy(out->at + out->length, text, length);
    out->length += length;
}

void sb_put_text(sb_text_out *out, const char *text) {
    sb_put(out, text, strlen(text));
}

void sb_put_number(sb_text_out *out, size_t number) {
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    sb_put(out, digits + at, sizeof digits - at);
}

bool sb_put_response(sb_conn *conn, const sb_response *response) {
    sb_text_out out = {(char *)conn->send + conn->send_end, SB_SEND - conn->send_end, 0, false};
    /* RFC 9110, section 7.8: Upgrade must also be listed in Connection. */
    bool upgrade = strncmp(response->fields, "Upgrade:", 8) == 0;
    sb_put_text(&out, "HTTP/1.1 ");
    sb_put_number(&out, response->status);
    sb_put_text(&out, " ");
    sb_put_text(&out, response->phrase);
    sb_put_text(&out, "\r\n");
    sb_put_text(&out, response->fields);
    if (response->type != NULL) {
        sb_put_text(&out, "Content-Type: ");
        sb_put_text(&out, response->type);
        sb_put_text(&out, "\r\nContent-Length: ");
        sb_put_number(&out, response->length);
        sb_put_text(&out, "\r\n");
    }
    sb_put_text(&out, conn->keep_alive ? "Connection: keep-alive" : "Connection: close");
    sb_put_text(&out, upgrade ? ", upgrade\r\n" : "\r\n");
    sb_put_text(&out, "Cache-Control: no-store\r\n\r\n");
    if (!conn->head_only && response->body != NULL) {
        sb_put(&out, response->body, response->length);
    }
    if (out.overflow) {
        return false;
    }
    conn->send_end += out.length;
    return true;
}

static const struct {
    uint16_t status;
    const char *phrase;
    const char *fields;
    const char *sentence;
} refusals[] = {
    [SB_NOT_FOUND] = {404, "Not Found", "",
                      "There is nothing here. A board has /, /rpc, /log and /ws.\n"},
    [SB_METHOD_OF_PAGE] = {405, "Method Not Allowed", "Allow: GET, HEAD\r\n",
                           "This page is read with GET.\n"},
    [SB_METHOD_OF_RPC] = {405, "Method Not Allowed", "Allow: GET, POST\r\n",
                          "Open /rpc as a WebSocket with GET, or POST one JSON-RPC request to "
                          "it.\n"},
    [SB_METHOD_OF_CHANNEL] = {405, "Method Not Allowed", "Allow: GET\r\n",
                              "Open /ws, /log and /telemetry as a WebSocket with GET.\n"},
    [SB_NO_UPGRADE] = {426, "Upgrade Required",
                       "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                       "This is a WebSocket: ask for the upgrade to websocket.\n"},
    [SB_UPGRADE_OF_VERSION] = {426, "Upgrade Required",
                               "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                               "This board speaks version 13 of WebSocket (RFC 6455).\n"},
    [SB_UPGRADE_WITH_KEY] = {400, "Bad Request", "",
                             "Sec-WebSocket-Key is 16 bytes in base64 (RFC 6455, section "
                             "4.1).\n"},
    [SB_UPGRADE_WITH_BODY] = {400, "Bad Request", "",
                              "An opening handshake has no body (RFC 6455, section 4.1).\n"},
    [SB_OTHER_HOST] = {421, "Misdirected Request", "",
                       "A board is reached by its IP address, a name under .local, localhost or "
                       "its id. Host names another.\n"},
    [SB_LENGTH_REQUIRED] = {411, "Length Required", "",
                            "Send Content-Length with the request.\n"},
    /* RFC 9110, section 15.5.16: the field tells the client what was wrong. */
    [SB_COMPRESSED] = {415, "Unsupported Media Type", "Accept-Encoding: identity\r\n",
                       "Send the request without Content-Encoding.\n"},
    [SB_BODY_TOO_LONG] = {413, "Content Too Large", "",
                          "The request is longer than the 2048 bytes that this board takes.\n"},
    [SB_HEAD_TOO_LONG] = {431, "Request Header Fields Too Large", "",
                          "The head of the request is longer than this board takes.\n"},
    [SB_BAD_REQUEST] = {400, "Bad Request", "",
                        "This is not a request of HTTP/1.1 (RFC 9112).\n"},
    [SB_TIMED_OUT] = {408, "Request Timeout", "", "The request did not arrive in time.\n"},
    [SB_ALL_IN_USE] = {503, "Service Unavailable", "",
                       "All connections of this board are in use. Try again later.\n"},
    [SB_BAD_LEVEL] = {400, "Bad Request", "", "level is error, warn, info or debug.\n"},
    [SB_CHANNELS_IN_USE] = {503, "Service Unavailable", "",
                            "All side channels (/ws, /log and /telemetry) are in use. Try again "
                            "later.\n"},
};

sb_response sb_refuse_with(sb_refusal_kind kind) {
    return (sb_response){refusals[kind].status,      refusals[kind].phrase,
                         refusals[kind].fields,      "text/plain; charset=utf-8",
                         refusals[kind].sentence,    strlen(refusals[kind].sentence)};
}

/* Escapes text for an element. */
static void put_escaped(sb_text_out *out, const char *text) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            sb_put_text(out, "&amp;");
            break;
        case '<':
            sb_put_text(out, "&lt;");
            break;
        case '>':
            sb_put_text(out, "&gt;");
            break;
        default:
            sb_put(out, text, 1);
            break;
        }
    }
}

void sb_put_page(sb_text_out *out, const sb_board *board) {
    const sb_config *config = sb_configuration(board);
    sb_put_text(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    put_escaped(out, sb_name(board));
    sb_put_text(out, "</title><style>:root{color-scheme:light dark}"
                     "body{font:16px/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}"
                     "pre{background:#8882;padding:.5em 1em;overflow:auto}</style></head>\n"
                     "<body><h1>");
    put_escaped(out, sb_name(board));
    sb_put_text(out, "</h1>\n<p>A Switchboard board, ");
    put_escaped(out, config->id);
    sb_put_text(out, ", with ");
    sb_put_number(out, config->component_count);
    sb_put_text(out, " components. It is open: anyone on this network can control it.</p>\n"
                     "<p>Put its address for HOST:</p>\n"
                     "<pre>websocat --jsonrpc ws://HOST/rpc\nDevice.GetInfo\n"
                     "Device.GetComponents\nDevice.Subscribe</pre>\n"
                     "<pre>curl -d '{\"jsonrpc\":\"2.0\",\"id\":1,"
                     "\"method\":\"Device.GetStatus\"}' http://HOST/rpc</pre>\n"
                     "<p><code>ws://HOST/log</code> sends the log.</p>\n</body></html>\n");
}
