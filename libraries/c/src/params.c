/*
 * The parameters of a request, read one by one, so that each error says what
 * would be accepted. Unknown ones are ignored.
 */
#include "core.h"

#include <string.h>

/* Most components that an error lists. */
#define MOST_LISTED 8

int sbi_param(const sb_request *request, const char *name) {
    if (request->params < 0) {
        return -1;
    }
    int token = sbi_json_member(&request->json, request->params, name);
    if (token >= 0 && sbi_json_type(&request->json, token) == SBI_JSON_NULL) {
        return -1; /* counts as absent */
    }
    return token;
}

bool sbi_missing(sb_board *board, const sb_request *request, const char *name,
                 const char *accepted) {
    return sbi_fail(board, SBI_INVALID_PARAMS, "missing", "%s needs %s: %s", request->method,
                    name, accepted);
}

bool sbi_refuse_value(sb_board *board, const sb_request *request, const char *reason,
                      const char *name, const char *accepted, int token) {
    char excerpt[SBI_EXCERPT];
    size_t length;
    const char *source = sbi_json_source(&request->json, token, &length);
    return sbi_fail(board, SBI_INVALID_PARAMS, reason, "%s is %s, not %s", name, accepted,
                    sbi_clip(excerpt, source, length));
}

bool sbi_is_number(const sb_request *request, int token) {
    return sbi_json_type(&request->json, token) == SBI_JSON_NUMBER;
}

/* A whole number that is not negative; more than fits is UINT64_MAX. */
static uint64_t to_unsigned(double value) {
    return value >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)value;
}

bool sbi_whole(sb_board *board, const sb_request *request, const char *name, int token,
               uint64_t min, uint64_t max, const char *unit, uint64_t *number) {
    char accepted[64];
    sb_writer w = sbi_writer(accepted, sizeof accepted - 1);
    if (max == UINT64_MAX) {
        sbi_format(&w, "a whole number from %llu on", (unsigned long long)min);
    } else {
        sbi_format(&w, "a whole number from %llu to %llu", (unsigned long long)min,
                   (unsigned long long)max);
    }
    (void)sbi_end(&w);
    if (!sbi_is_number(request, token)) {
        return sbi_refuse_value(board, request, "wrong_type", name, accepted, token);
    }
    double value = sbi_json_number(&request->json, token);
    if (sbi_is_whole(value) && value >= 0 && to_unsigned(value) >= min &&
        to_unsigned(value) <= max) {
        *number = to_unsigned(value);
        return true;
    }
    if (sbi_is_whole(value) && max != UINT64_MAX) {
        w.length = 0;
        sbi_format(&w, "%llu to %llu%s", (unsigned long long)min, (unsigned long long)max, unit);
        (void)sbi_end(&w);
    }
    return sbi_refuse_value(board, request, "out_of_range", name, accepted, token);
}

/* An optional whole number without an upper limit. */
static bool optional(sb_board *board, const sb_request *request, const char *name, uint64_t min,
                     uint64_t *number) {
    int token = sbi_param(request, name);
    return token < 0 || sbi_whole(board, request, name, token, min, UINT64_MAX, "", number);
}

bool sbi_page(sb_board *board, const sb_request *request, uint64_t *offset, uint64_t *limit) {
    *offset = 0;
    *limit = UINT64_MAX;
    return optional(board, request, "offset", 0, offset) &&
           optional(board, request, "limit", 1, limit);
}

bool sbi_text(sb_board *board, const sb_request *request, const char *name, const char *accepted,
              int token, char *buffer, size_t capacity, size_t *length) {
    if (sbi_json_type(&request->json, token) != SBI_JSON_STRING) {
        return sbi_refuse_value(board, request, "wrong_type", name, accepted, token);
    }
    *length = sbi_json_decode(&request->json, token, buffer, capacity);
    return true;
}

bool sbi_check_line(sb_board *board, const char *name, const char *text, size_t length,
                    size_t min, size_t max) {
    if (length > max) { /* was cut: its length is not known */
        return sbi_fail(board, SBI_INVALID_PARAMS, "out_of_range",
                        "%s has %u to %u bytes of UTF-8, not more", name, (unsigned)min,
                        (unsigned)max);
    }
    if (length < min) {
        return sbi_fail(board, SBI_INVALID_PARAMS, "out_of_range",
                        "%s has %u to %u bytes of UTF-8, not %u", name, (unsigned)min,
                        (unsigned)max, (unsigned)length);
    }
    if (!sbi_is_line(text, length)) {
        return sbi_fail(board, SBI_INVALID_PARAMS, "control_character",
                        "%s is one line of text without control characters", name);
    }
    return true;
}

bool sbi_option(sb_board *board, const sb_request *request, const char *name, int token,
                const char *const *words, uint8_t *index) {
    for (unsigned i = 0; i < sbi_count(words); i++) {
        if (sbi_json_equals(&request->json, token, words[i])) {
            *index = (uint8_t)i;
            return true;
        }
    }
    char accepted[SBI_ERROR_MESSAGE];
    sb_writer w = sbi_writer(accepted, sizeof accepted - 1);
    sbi_str(&w, "one of ");
    for (unsigned i = 0; i < sbi_count(words); i++) {
        sbi_format(&w, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
    }
    (void)sbi_end(&w);
    bool text = sbi_json_type(&request->json, token) == SBI_JSON_STRING;
    return sbi_refuse_value(board, request, text ? "not_an_option" : "wrong_type", name, accepted,
                            token);
}

static bool not_found(sb_board *board, const sb_request *request, sb_kind kind, int token) {
    const sb_config *config = board->config;
    char listed[MOST_LISTED * 24 + 32];
    sb_writer w = sbi_writer(listed, sizeof listed - 1);
    unsigned count = 0;
    for (unsigned at = 0; at < config->component_count; at++) {
        if (config->components[at].kind != kind) {
            continue;
        }
        if (count < MOST_LISTED) {
            sbi_str(&w, count > 0 ? ", " : "");
            sbi_write_key(&w, &config->components[at]);
        }
        count++;
    }
    if (count == 0) {
        sbi_format(&w, "no %s", sbi_kind_name(kind));
    } else if (count > MOST_LISTED) {
        sbi_format(&w, " and %u more", count - MOST_LISTED);
    }
    (void)sbi_end(&w);
    char excerpt[SBI_EXCERPT];
    size_t length;
    const char *source = sbi_json_source(&request->json, token, &length);
    return sbi_fail(board, SBI_NOT_FOUND, "not_found", "no %s:%s; this board has %s",
                    sbi_kind_name(kind), sbi_clip(excerpt, source, length), listed);
}

bool sbi_target(sb_board *board, const sb_request *request, sb_kind kind, unsigned *at) {
    static const char accepted[] = "the number in the component's key, a whole number";
    int token = sbi_param(request, "id");
    if (token < 0) {
        return sbi_missing(board, request, "id", accepted);
    }
    if (!sbi_is_number(request, token)) {
        return sbi_refuse_value(board, request, "wrong_type", "id", accepted, token);
    }
    double value = sbi_json_number(&request->json, token);
    if (!sbi_is_whole(value)) {
        return sbi_refuse_value(board, request, "out_of_range", "id", accepted, token);
    }
    const sb_config *config = board->config;
    for (unsigned i = 0; i < config->component_count && value >= 0; i++) {
        const sb_component *component = &config->components[i];
        if (component->kind == kind && component->number == to_unsigned(value)) {
            *at = i;
            return true;
        }
    }
    return not_found(board, request, kind, token);
}
