#include "sb_http.h"

#include "sb_span.h"

enum {
    BEFORE,
    BEFORE_LF,
    METHOD,
    TARGET,
    VERSION,
    LINE_LF,
    FIELD_START,
    NAME,
    VALUE,
    VALUE_LF,
    END_LF
};

enum {
    OTHER_FIELD,
    HOST,
    ORIGIN,
    CONNECTION,
    UPGRADE,
    WS_VERSION,
    WS_KEY,
    WS_PROTOCOL,
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    TRANSFER_ENCODING,
    EXPECT,
    ACCEPT_ENCODING,
    FIELD_KINDS
};

static const char *const FIELD_NAMES[FIELD_KINDS] = {
    "",
    "Host",
    "Origin",
    "Connection",
    "Upgrade",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Content-Length",
    "Content-Encoding",
    "Transfer-Encoding",
    "Expect",
    "Accept-Encoding",
};

static sb_span span_of(const sb_http_value *value) {
    return sb_span_trim((sb_span){value->text, value->length});
}

static void append(sb_http_value *value, char c) {
    if (value->length < SB_HTTP_VALUE) {
        value->text[value->length++] = c;
    } else {
        value->overflow = true;
    }
}

static void clear(sb_http_value *value) {
    value->length = 0;
    value->overflow = false;
}

/* Stores a value without the spaces around it. */
static void store(sb_http_value *to, sb_span span) {
    memcpy(to->text, span.at, span.length);
    to->length = (uint16_t)span.length;
}

/* RFC 9110, section 5.6.2. */
static bool is_token_char(uint8_t c) {
    return c < 0x80 && (sb_is_alpha((char)c) || sb_is_digit((char)c) ||
                        (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL));
}

/* 16 bytes are 22 base64 digits and two padding characters. */
static bool is_key(sb_span key) {
    if (key.length != SB_KEY_LENGTH || memcmp(key.at + 22, "==", 2) != 0) {
        return false;
    }
    for (size_t i = 0; i < 22; i++) {
        char c = key.at[i];
        if (!sb_is_alpha(c) && !sb_is_digit(c) && c != '+' && c != '/') {
            return false;
        }
    }
    return true;
}

/* Saturates: a length that does not fit is beyond every limit. */
static bool read_length(sb_span digits, uint32_t *length) {
    *length = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (!sb_is_digit(digits.at[i])) {
            return false;
        }
        uint32_t digit = (uint32_t)(digits.at[i] - '0');
        *length = *length > (UINT32_MAX - digit) / 10 ? UINT32_MAX : *length * 10 + digit;
    }
    return digits.length > 0;
}

/* Whether a member of Accept-Encoding allows gzip: with any weight but 0 (RFC
   9110, section 12.4.2). */
static bool allows_gzip(sb_span coding) {
    size_t end = sb_span_find(coding, ';');
    sb_span name = sb_span_trim((sb_span){coding.at, end});
    sb_span weight = sb_span_from(coding, end);
    bool zero = weight.length > 0 && weight.at[weight.length - 1] == '0';
    for (size_t i = 0; i < weight.length; i++) {
        zero = zero && (!sb_is_digit(weight.at[i]) || weight.at[i] == '0');
    }
    return !zero && sb_span_is_like(name, sb_span_of("gzip"));
}

/* A member of a list field (RFC 9110, section 5.6.1). */
static void take_token(sb_http *head) {
    sb_span token = span_of(&head->value);
    if (token.length == 0) {
        return;
    }
    switch (head->field) {
    case CONNECTION:
        head->close |= sb_span_is_like(token, sb_span_of("close"));
        head->connection_upgrade |= sb_span_is_like(token, sb_span_of("upgrade"));
        break;
    case UPGRADE:
        head->upgrade_websocket |= sb_span_is_like(token, sb_span_of("websocket"));
        break;
    case WS_PROTOCOL:
        head->offers_protocols = true;
        head->offers_switchboard |= sb_span_is(token, "switchboard.v1");
        break;
    case CONTENT_ENCODING:
        head->compressed |= !sb_span_is_like(token, sb_span_of("identity"));
        break;
    case EXPECT:
        head->expects_continue |= sb_span_is_like(token, sb_span_of("100-continue"));
        break;
    case ACCEPT_ENCODING:
        head->accepts_gzip |= allows_gzip(token);
        break;
    default:
        break;
    }
}

static bool is_list(uint8_t field) {
    return field == CONNECTION || field == UPGRADE || field == WS_PROTOCOL ||
           field == CONTENT_ENCODING || field == EXPECT || field == ACCEPT_ENCODING;
}

static uint8_t once_more(uint8_t count) {
    return count < 2 ? (uint8_t)(count + 1) : count;
}

static void take_field(sb_http *head) {
    sb_span value = span_of(&head->value);
    bool whole = !head->value.overflow;
    switch (head->field) {
    case HOST:
        head->hosts = once_more(head->hosts);
        /* The authority of an absolute target counts instead. */
        if (!head->host_from_target) {
            store(&head->host, value);
            head->host.overflow = !whole;
        }
        break;
    case ORIGIN:
        head->origins = once_more(head->origins);
        store(&head->origin, value);
        head->origin.overflow |= !whole;
        break;
    case WS_VERSION:
        head->versions = once_more(head->versions);
        head->version_is_13 = sb_span_is(value, "13");
        break;
    case WS_KEY:
        head->keys = once_more(head->keys);
        head->key_is_valid = whole && is_key(value);
        if (head->key_is_valid) {
            memcpy(head->key, value.at, SB_KEY_LENGTH);
        }
        break;
    case CONTENT_LENGTH:
        head->lengths = once_more(head->lengths);
        head->length_is_valid = whole && read_length(value, &head->content_length);
        break;
    case TRANSFER_ENCODING:
        head->encoded = true;
        break;
    default:
        take_token(head);
        break;
    }
}

static void take_method(sb_http *head) {
    sb_span method = {head->value.text, head->value.length};
    head->method = sb_span_is(method, "GET")    ? SB_HTTP_GET
                   : sb_span_is(method, "HEAD") ? SB_HTTP_HEAD_METHOD
                   : sb_span_is(method, "POST") ? SB_HTTP_POST
                                                : SB_HTTP_OTHER;
    clear(&head->value);
}

/* Takes the authority of a target in absolute form (RFC 9112, section 3.2.2).
   A target with another scheme becomes the host as a whole, which matches no
   board (RFC 9110, section 7.4). */
static void take_target(sb_http *head) {
    sb_span target = {head->target.text, head->target.length};
    target.length = sb_span_find(target, '#');
    if (target.length > 0 && target.at[0] != '/') {
        size_t scheme = sb_span_find(target, ':');
        sb_span rest = sb_span_from(target, scheme);
        if (rest.length >= 3 && memcmp(rest.at, "://", 3) == 0) {
            sb_span name = {target.at, scheme};
            head->host_from_target = true;
            if (sb_span_is_like(name, sb_span_of("http")) ||
                sb_span_is_like(name, sb_span_of("ws"))) {
                rest = sb_span_from(rest, 3);
                size_t slash = sb_span_find(rest, '/'), query = sb_span_find(rest, '?');
                size_t end = slash < query ? slash : query;
                store(&head->host, (sb_span){rest.at, end});
                head->host.overflow = head->target.overflow && end == rest.length;
                target = sb_span_from(rest, end);
            } else {
                head->host.overflow = true;
            }
        }
    }
    memmove(head->target.text, target.at, target.length);
    head->target.length = (uint16_t)target.length;
}

static bool take_version(sb_http *head) {
    sb_span version = {head->value.text, head->value.length};
    head->http11 = sb_span_is(version, "HTTP/1.1");
    bool known = head->http11 || sb_span_is(version, "HTTP/1.0");
    clear(&head->value);
    return known;
}

static void take_name(sb_http *head) {
    sb_span name = {head->value.text, head->value.length};
    head->field = OTHER_FIELD;
    for (uint8_t field = 1; field < FIELD_KINDS; field++) {
        if (sb_span_is_like(name, sb_span_of(FIELD_NAMES[field]))) {
            head->field = field;
        }
    }
    clear(&head->value);
}

static sb_http_result finish(const sb_http *head) {
    /* RFC 9112, section 3.2: exactly one Host; none only in HTTP/1.0. */
    if (head->hosts > 1 || (head->hosts == 0 && head->http11)) {
        return SB_HTTP_BAD;
    }
    /* RFC 9112, section 6.3: an invalid or repeated length ends the
       connection. */
    if (!head->encoded && !head->compressed && head->lengths > 0 &&
        (head->lengths > 1 || !head->length_is_valid)) {
        return SB_HTTP_BAD;
    }
    return SB_HTTP_DONE;
}

static sb_http_result to(sb_http *head, uint8_t state) {
    head->state = state;
    return SB_HTTP_MORE;
}

static sb_http_result in_request_line(sb_http *head, uint8_t byte) {
    switch (head->state) {
    case BEFORE:
        /* RFC 9112, section 2.2: empty lines before a request are ignored. */
        if (byte == '\r') {
            return to(head, BEFORE_LF);
        }
        head->state = METHOD;
        /* fall through */
    case METHOD:
        if (byte == ' ' && head->value.length > 0) {
            take_method(head);
            return to(head, TARGET);
        }
        append(&head->value, (char)byte);
        return is_token_char(byte) ? SB_HTTP_MORE : SB_HTTP_BAD;
    case BEFORE_LF:
        head->bytes = 0;
        return byte == '\n' ? to(head, BEFORE) : SB_HTTP_BAD;
    case TARGET:
        if (byte == ' ' && head->target.length > 0) {
            take_target(head);
            return to(head, VERSION);
        }
        append(&head->target, (char)byte);
        return byte > 0x20 && byte < 0x7f ? SB_HTTP_MORE : SB_HTTP_BAD;
    default:
        if (byte == '\r') {
            return take_version(head) ? to(head, LINE_LF) : SB_HTTP_BAD;
        }
        append(&head->value, (char)byte);
        return byte > 0x20 && byte < 0x7f ? SB_HTTP_MORE : SB_HTTP_BAD;
    }
}

static sb_http_result in_field(sb_http *head, uint8_t byte) {
    switch (head->state) {
    case FIELD_START:
        if (byte == '\r') {
            return to(head, END_LF);
        }
        if (++head->fields > SB_HTTP_FIELDS) {
            return SB_HTTP_TOO_LARGE;
        }
        head->state = NAME;
        clear(&head->value);
        /* fall through */
    case NAME:
        if (byte == ':' && head->value.length > 0) {
            take_name(head);
            return to(head, VALUE);
        }
        append(&head->value, (char)byte);
        return is_token_char(byte) ? SB_HTTP_MORE : SB_HTTP_BAD;
    case VALUE:
        if (byte == '\r') {
            take_field(head);
            return to(head, VALUE_LF);
        }
        if (byte == ',' && is_list(head->field)) {
            take_token(head);
            clear(&head->value);
            return SB_HTTP_MORE;
        }
        append(&head->value, (char)byte);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f) ? SB_HTTP_MORE : SB_HTTP_BAD;
    case END_LF:
        return byte == '\n' ? finish(head) : SB_HTTP_BAD;
    default: /* LINE_LF, VALUE_LF */
        return byte == '\n' ? to(head, FIELD_START) : SB_HTTP_BAD;
    }
}

bool sb_http_is_empty(const sb_http *head) {
    return head->state == BEFORE || head->state == BEFORE_LF;
}

sb_http_result sb_http_parse(sb_http *head, const uint8_t *bytes, size_t length, size_t *used) {
    sb_http_result result = SB_HTTP_MORE;
    size_t at = 0;
    while (at < length && result == SB_HTTP_MORE) {
        if (head->bytes == SB_HTTP_HEAD) {
            result = SB_HTTP_TOO_LARGE;
            break;
        }
        head->bytes++;
        uint8_t byte = bytes[at++];
        result = head->state < LINE_LF ? in_request_line(head, byte) : in_field(head, byte);
    }
    *used = at;
    return result;
}

static sb_span path_and_query(const sb_http *head) {
    return (sb_span){head->target.text, head->target.length};
}

sb_http_path sb_http_path_of(const sb_http *head) {
    static const struct {
        const char *text;
        sb_http_path path;
    } paths[] = {
        /* RFC 9110, section 4.2.3: an empty path is equivalent to "/". */
        {"", SB_PATH_PAGE},   {"/", SB_PATH_PAGE},   {"/rpc", SB_PATH_RPC},
        {"/ws", SB_PATH_ECHO}, {"/log", SB_PATH_LOG}, {"/telemetry", SB_PATH_TELEMETRY},
    };
    sb_span path = path_and_query(head);
    path.length = sb_span_find(path, '?');
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (sb_span_is(path, paths[i].text)) {
            return paths[i].path;
        }
    }
    return SB_PATH_UNKNOWN;
}

sb_http_body sb_http_body_of(const sb_http *head) {
    return head->encoded       ? SB_BODY_ENCODED
           : head->compressed  ? SB_BODY_COMPRESSED
           : head->lengths > 0 ? SB_BODY_LENGTH
                               : SB_BODY_NONE;
}

sb_http_upgrade sb_http_upgrade_of(const sb_http *head) {
    if (!head->http11 || head->method != SB_HTTP_GET || !head->connection_upgrade ||
        !head->upgrade_websocket) {
        return SB_UPGRADE_NONE;
    }
    sb_http_body body = sb_http_body_of(head);
    if (body != SB_BODY_NONE && !(body == SB_BODY_LENGTH && head->content_length == 0)) {
        return SB_UPGRADE_BODY;
    }
    if (head->versions != 1 || !head->version_is_13) {
        return SB_UPGRADE_VERSION;
    }
    return head->keys == 1 && head->key_is_valid ? SB_UPGRADE_GOOD : SB_UPGRADE_KEY;
}

bool sb_http_keeps_alive(const sb_http *head) {
    return head->http11 && !head->close;
}

const sb_http_value *sb_http_host(const sb_http *head) {
    return head->hosts > 0 || head->host_from_target ? &head->host : NULL;
}

const char *sb_http_parameter(const sb_http *head, const char *name, size_t *length) {
    sb_span rest = path_and_query(head);
    size_t mark = sb_span_find(rest, '?');
    while (mark < rest.length) {
        rest = sb_span_from(rest, mark + 1);
        sb_span pair = {rest.at, sb_span_find(rest, '&')};
        size_t equals = sb_span_find(pair, '=');
        if (equals < pair.length && sb_span_is((sb_span){pair.at, equals}, name)) {
            *length = pair.length - equals - 1;
            return pair.at + equals + 1;
        }
        mark = pair.length;
    }
    return NULL;
}
