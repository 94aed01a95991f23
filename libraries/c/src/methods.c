/* Requests: what they are, which method carries them out, and their answers. */
#include "core.h"

#include <string.h>

/* Longest name of a method. */
#define METHOD_BYTES 32

typedef bool (*handler)(sb_board *board, const sb_request *request, sb_writer *result);

typedef struct method {
    const char *name;
    handler handler;
    bool logged; /* successful requests are in the log, at level debug */
} method;

/* Methods of one namespace are adjacent. */
static const method methods[] = {
    {"Device.GetInfo", sbi_get_info, true},
    {"Device.GetComponents", sbi_get_components, true},
    {"Device.GetStatus", sbi_get_status, true},
    {"Device.Subscribe", sbi_subscribe, true},
    {"Device.SetName", sbi_set_name, true},
    {"Device.Identify", sbi_identify, true},
    {"Device.Reboot", sbi_reboot, true},
    {"Sys.Ping", sbi_ping, false},
    {"Switch.Set", sbi_set_switch, true},
    {"Switch.Toggle", sbi_toggle, true},
    {"Light.Set", sbi_set_light, true},
    {"Cover.Open", sbi_cover_open, true},
    {"Cover.Close", sbi_cover_close, true},
    {"Cover.Stop", sbi_cover_stop, true},
    {"Cover.Set", sbi_cover_set, true},
    {"Number.Set", sbi_set_number, true},
    {"Select.Set", sbi_set_select, true},
    {"Text.Set", sbi_set_text, true},
    {"Button.Press", sbi_button_press, true},
    {"Log.Subscribe", sbi_log_subscribe, true},
    {"Clients.List", sbi_list_clients, false},
    {"Clients.Close", sbi_close_client, true},
};

#define METHODS (sizeof methods / sizeof methods[0])

static const method *find_method(const char *name) {
    for (size_t i = 0; i < METHODS; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}

static size_t namespace_length(const char *name) {
    const char *dot = strchr(name, '.');
    return dot != NULL ? (size_t)(dot - name) : strlen(name);
}

static bool same_namespace(const char *a, const char *b) {
    size_t length = namespace_length(a);
    return length == namespace_length(b) && memcmp(a, b, length) == 0;
}

/* Lists the methods of the same namespace, or all namespaces. */
static void list_methods(sb_writer *w, const char *requested) {
    for (size_t i = 0; i < METHODS; i++) {
        if (same_namespace(methods[i].name, requested)) {
            sbi_format(w, "%s%s", w->length > 0 ? ", " : "", methods[i].name);
        }
    }
    if (w->length > 0) {
        return;
    }
    for (size_t i = 0; i < METHODS; i++) {
        if (i == 0 || !same_namespace(methods[i - 1].name, methods[i].name)) {
            sbi_format(w, "%s%.*s.\xe2\x80\xa6", i > 0 ? ", " : "",
                       (int)namespace_length(methods[i].name), methods[i].name);
        }
    }
}

static bool no_such_method(sb_board *board, const sb_request *request) {
    char listed[256];
    sb_writer w = sbi_writer(listed, sizeof listed - 1);
    list_methods(&w, request->method);
    (void)sbi_end(&w);
    char excerpt[SBI_EXCERPT];
    return sbi_fail(board, SBI_NO_METHOD, "no_such_method", "no method %s; this board has %s",
                    sbi_clip(excerpt, request->method, strlen(request->method)), listed);
}

bool sbi_fail_rebooting(sb_board *board) {
    return sbi_fail(board, SBI_UNAVAILABLE, "rebooting",
                    "the board is restarting: connect again in some seconds");
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Divides a message that is JSON into tokens. */
static bool tokenize(sb_board *board, sb_request *request, const char *text, size_t length) {
    size_t at = 0;
    while (at < length && is_space(text[at])) {
        at++;
    }
    if (at < length && text[at] == '[') {
        return sbi_fail(board, SBI_INVALID_REQUEST, "batch",
                        "batches are not supported: send one object per message");
    }
    if (at == length || text[at] != '{') {
        return sbi_fail(board, SBI_INVALID_REQUEST, "not_an_object",
                        "expected a request: an object with jsonrpc, id, method and params");
    }
    jsmn_parser parser;
    jsmn_init(&parser);
    int count = jsmn_parse(&parser, text, length, board->tokens, SB_TOKENS);
    if (count < 1) {
        return sbi_fail(board, SBI_INVALID_REQUEST, "too_large",
                        "a message has at most %u values and names", (unsigned)SB_TOKENS);
    }
    request->json.text = text;
    request->json.tokens = board->tokens;
    request->json.count = count;
    return true;
}

static bool check_text(sb_board *board, const char *text, size_t length) {
    if (length > SB_MESSAGE_IN) {
        return sbi_fail(board, SBI_INVALID_REQUEST, "too_large",
                        "a message has at most %u bytes, not %llu", (unsigned)SB_MESSAGE_IN,
                        (unsigned long long)length);
    }
    if (!sbi_is_utf8(text, length)) {
        return sbi_fail(board, SBI_PARSE_ERROR, "not_utf8", "a message is UTF-8");
    }
    size_t at = 0;
    switch (sbi_json_check(text, length, &at)) {
    case SBI_JSON_OK:
        return true;
    case SBI_JSON_TOO_DEEP:
        return sbi_fail(board, SBI_PARSE_ERROR, "nested_too_deeply",
                        "objects and arrays can be nested at most %d levels deep", SBI_NESTING);
    default:
        return sbi_fail(board, SBI_PARSE_ERROR, "not_json",
                        "one JSON object is expected: not JSON at byte %llu",
                        (unsigned long long)at);
    }
}

/* Whether it is a whole number that fits a signed 64-bit integer, written
 * without a decimal point or exponent. */
static bool is_integer(const char *text, size_t length) {
    bool negative = length > 0 && text[0] == '-';
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1u : 0u);
    uint64_t number = 0;
    for (size_t i = negative ? 1 : 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (number > (most - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    return true;
}

static bool read_id(sb_board *board, sb_request *request) {
    const sb_json *json = &request->json;
    int token = sbi_json_member(json, 0, "id");
    if (token < 0) {
        return true;
    }
    size_t length;
    const char *source = sbi_json_source(json, token, &length);
    sb_json_type type = sbi_json_type(json, token);
    bool valid = type == SBI_JSON_STRING ||
                 (type == SBI_JSON_NUMBER && is_integer(source, length));
    if (!valid) {
        return sbi_fail(board, SBI_INVALID_REQUEST, "bad_id",
                        "id must be a whole number or a text");
    }
    if (length > SBI_REQUEST_ID) {
        return sbi_fail(board, SBI_INVALID_REQUEST, "bad_id", "id has at most %d bytes as JSON",
                        SBI_REQUEST_ID);
    }
    request->id = source;
    request->id_length = length;
    return true;
}

static bool read_method(sb_board *board, sb_request *request, char *buffer, size_t capacity) {
    const sb_json *json = &request->json;
    int version = sbi_json_member(json, 0, "jsonrpc");
    if (version < 0 || !sbi_json_equals(json, version, "2.0")) {
        return sbi_fail(board, SBI_INVALID_REQUEST, "not_json_rpc",
                        "expected \"jsonrpc\":\"2.0\"");
    }
    int token = sbi_json_member(json, 0, "method");
    if (token < 0 || sbi_json_type(json, token) != SBI_JSON_STRING) {
        return sbi_fail(board, SBI_INVALID_REQUEST, "no_method",
                        "method must be a text, for example Light.Set");
    }
    /* One that is cut is longer than any method, and unknown. */
    size_t length = sbi_json_decode(json, token, buffer, capacity);
    for (size_t i = 0; length != SIZE_MAX && i < length; i++) {
        if (buffer[i] == '\0') {
            buffer[i] = ' '; /* does not end it */
        }
    }
    request->method = buffer;
    return true;
}

static bool read_params(sb_board *board, sb_request *request) {
    const sb_json *json = &request->json;
    int token = sbi_json_member(json, 0, "params");
    request->params = -1;
    if (token < 0) {
        return true;
    }
    sb_json_type type = sbi_json_type(json, token);
    if (type == SBI_JSON_OBJECT) {
        request->params = token;
        return true;
    }
    if (type == SBI_JSON_ARRAY && sbi_json_after(json, token) == token + 1) {
        return true; /* `websocat --jsonrpc` sends [] */
    }
    return sbi_fail(board, SBI_INVALID_PARAMS, "params_not_by_name",
                    "params must be given by name, as an object: {\"id\":0,\"on\":true}");
}

/* Logs a refused request, or a successful one at level debug. */
static void log_request(sb_board *board, const sb_request *request, bool succeeded) {
    char method_name[SBI_EXCERPT];
    (void)sbi_clip(method_name, request->method, strlen(request->method));
    if (!succeeded) {
        sbi_logf(board, SB_INFO, "client:%u %s refused: %s", (unsigned)request->caller,
                 method_name, board->error.message);
        return;
    }
    if (!sbi_log_records(board, SB_DEBUG)) {
        return;
    }
    char excerpt[SBI_EXCERPT];
    size_t length = 2;
    const char *source = "{}";
    if (request->params >= 0) {
        source = sbi_json_source(&request->json, request->params, &length);
    }
    sbi_logf(board, SB_DEBUG, "client:%u %s %s", (unsigned)request->caller, method_name,
             sbi_clip(excerpt, source, length));
}

static bool dispatch(sb_board *board, const sb_request *request, sb_writer *result) {
    const method *found = find_method(request->method);
    bool succeeded = false;
    if (board->reboot != SBI_RUNNING) {
        (void)sbi_fail_rebooting(board);
    } else if (found == NULL) {
        (void)no_such_method(board, request);
    } else {
        succeeded = found->handler(board, request, result);
    }
    if (!succeeded || found->logged) {
        log_request(board, request, succeeded);
    }
    return succeeded;
}

/* The answer with the error, in the scratch memory. */
static size_t answer_error(sb_board *board, const sb_request *request) {
    sb_writer w = sbi_writer(board->scratch, SB_MESSAGE_OUT);
    if (request->id != NULL) {
        sbi_write_error(&w, board, request->id, request->id_length);
    } else {
        sbi_write_error(&w, board, "null", 4);
    }
    return w.length;
}

size_t sbi_carry_out(sb_board *board, uint32_t caller, const char *text, size_t length) {
    char name[METHOD_BYTES * 6];
    sb_request request = {.params = -1, .caller = caller};
    if (!check_text(board, text, length) || !tokenize(board, &request, text, length) ||
        !read_id(board, &request) || !read_method(board, &request, name, sizeof name - 1)) {
        return answer_error(board, &request);
    }
    bool answers = request.id != NULL;
    if (!read_params(board, &request)) {
        return answers ? answer_error(board, &request) : 0;
    }
    sb_writer result = sbi_writer(board->scratch, SB_MESSAGE_OUT);
    if (answers) {
        sbi_str(&result, "{\"jsonrpc\":\"2.0\",\"id\":");
        sbi_raw(&result, request.id, request.id_length);
        sbi_str(&result, ",\"result\":");
    }
    if (!dispatch(board, &request, &result)) {
        return answers ? answer_error(board, &request) : 0;
    }
    sbi_put(&result, '}');
    if (!answers) {
        return 0;
    }
    if (!sbi_fits(&result)) {
        (void)sbi_fail(board, SBI_EXHAUSTED, "too_large",
                       "the response would have more than %u bytes", (unsigned)SB_MESSAGE_OUT);
        return answer_error(board, &request);
    }
    return result.length;
}
