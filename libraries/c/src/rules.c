/*
 * The fields that a command sets: read from its parameters, and checked against
 * what the component accepts.
 */
#include "core.h"

#include <string.h>

/* The fields of lights, in the order in which they are checked. */
static const uint16_t light_fields[] = {SB_BRIGHTNESS, SB_CT,  SB_EFFECT, SB_ON,
                                        SB_PALETTE,    SB_RGB, SB_WHITE};

/* Whether a list has numbers only. */
static bool is_numbers(const sb_request *request, int token) {
    if (sbi_json_type(&request->json, token) != SBI_JSON_ARRAY) {
        return false;
    }
    int end = sbi_json_after(&request->json, token);
    for (int i = token + 1; i < end; i++) {
        if (!sbi_is_number(request, i)) {
            return false;
        }
    }
    return true;
}

static bool read_color(sb_board *board, const sb_request *request, int token, sb_state *state) {
    static const char accepted[] =
        "a list of red, green and blue, 0 to 255 each, for example [255,120,0]";
    if (!is_numbers(request, token)) {
        return sbi_refuse_value(board, request, "wrong_type", "rgb", accepted, token);
    }
    if (sbi_json_after(&request->json, token) - token != 4) {
        return sbi_refuse_value(board, request, "out_of_range", "rgb", accepted, token);
    }
    uint8_t parts[3];
    for (int i = 0; i < 3; i++) {
        double value = sbi_json_number(&request->json, token + 1 + i);
        if (!sbi_is_whole(value) || value < 0 || value > 255) {
            return sbi_refuse_value(board, request, "out_of_range", "rgb", accepted, token);
        }
        parts[i] = (uint8_t)value;
    }
    state->red = parts[0];
    state->green = parts[1];
    state->blue = parts[2];
    return true;
}

/* The JSON type of a light's field that the light lacks, if the value has
 * another one: a wrong type takes precedence. NULL if it fits. */
static const char *type_error(const sb_request *request, int token, uint16_t field) {
    switch (field) {
    case SB_RGB:
        return is_numbers(request, token) ? NULL : "a list of three numbers";
    case SB_EFFECT:
    case SB_PALETTE:
        return sbi_json_type(&request->json, token) == SBI_JSON_STRING ? NULL : "a text";
    default:
        return sbi_is_number(request, token) ? NULL : "a whole number";
    }
}

static bool lacks(sb_board *board, const sb_request *request, const sb_component *component,
                  int token, uint16_t field) {
    const char *name = sbi_field_name(field);
    const char *type = type_error(request, token, field);
    if (type != NULL) {
        return sbi_refuse_value(board, request, "wrong_type", name, type, token);
    }
    char listed[64];
    sb_writer w = sbi_writer(listed, sizeof listed - 1);
    for (unsigned bit = 0; bit < 16; bit++) {
        uint16_t other = (uint16_t)(1u << bit);
        if ((sbi_fields(component) & other) != 0) {
            sbi_format(&w, "%s%s", w.length > 0 ? ", " : "", sbi_field_name(other));
        }
    }
    (void)sbi_end(&w);
    return sbi_fail(board, SBI_INVALID_PARAMS, "not_supported", "light:%u has no %s; it has %s",
                    (unsigned)component->number, name, listed);
}

static bool read_byte(sb_board *board, const sb_request *request, const char *name, int token,
                      uint64_t max, const char *unit, uint8_t *byte) {
    uint64_t number = 0;
    if (!sbi_whole(board, request, name, token, 0, max, unit, &number)) {
        return false;
    }
    *byte = (uint8_t)number;
    return true;
}

static bool read_ct(sb_board *board, const sb_request *request, const sb_component *component,
                    int token, sb_state *state) {
    uint64_t number = 0;
    if (!sbi_whole(board, request, "ct_k", token, component->ct_warmest, component->ct_coldest,
                   " K", &number)) {
        return false;
    }
    state->ct_k = (uint16_t)number;
    return true;
}

static bool read_on(sb_board *board, const sb_request *request, int token, sb_state *state) {
    if (sbi_json_type(&request->json, token) != SBI_JSON_BOOL) {
        return sbi_refuse_value(board, request, "wrong_type", "on", "true or false", token);
    }
    state->on = sbi_json_true(&request->json, token);
    return true;
}

static bool read_number(sb_board *board, const sb_request *request,
                        const sb_component *component, int token, sb_state *state) {
    if (!sbi_is_number(request, token)) {
        return sbi_refuse_value(board, request, "wrong_type", "value", "a number", token);
    }
    state->value = sbi_json_number(&request->json, token);
    if (state->value >= component->min && state->value <= component->max) {
        return true;
    }
    char accepted[96];
    sb_writer w = sbi_writer(accepted, sizeof accepted - 1);
    sbi_number(&w, component->min);
    sbi_str(&w, " to ");
    sbi_number(&w, component->max);
    if (component->unit != NULL) {
        sbi_format(&w, " %s", component->unit);
    }
    (void)sbi_end(&w);
    return sbi_refuse_value(board, request, "out_of_range", "value", accepted, token);
}

static bool read_text(sb_board *board, const sb_request *request, int token, sb_change *change) {
    size_t length = 0;
    if (!sbi_text(board, request, "value", "a text", token, change->text, SB_TEXT_BYTES,
                  &length) ||
        !sbi_check_line(board, "value", change->text, length, 0, SB_TEXT_BYTES)) {
        return false;
    }
    change->state.text = change->text;
    return true;
}

static bool read_field(sb_board *board, const sb_request *request, const sb_component *component,
                       int token, uint16_t field, sb_change *change) {
    sb_state *state = &change->state;
    switch (field) {
    case SB_ON:
        return read_on(board, request, token, state);
    case SB_BRIGHTNESS:
        return read_byte(board, request, "brightness", token, 100, " %", &state->brightness);
    case SB_RGB:
        return read_color(board, request, token, state);
    case SB_CT:
        return read_ct(board, request, component, token, state);
    case SB_WHITE:
        return read_byte(board, request, "white", token, 255, "", &state->white);
    case SB_EFFECT:
        return sbi_option(board, request, "effect", token, component->options, &state->effect);
    case SB_PALETTE:
        return sbi_option(board, request, "palette", token, component->palettes,
                          &state->palette);
    case SB_OPTION:
        return sbi_option(board, request, "value", token, component->options, &state->option);
    case SB_TEXT:
        return read_text(board, request, token, change);
    default:
        return read_number(board, request, component, token, state);
    }
}

static bool read_one(sb_board *board, const sb_request *request, const sb_component *component,
                     uint16_t field, sb_change *change) {
    int token = sbi_param(request, sbi_field_name(field));
    if (token < 0) {
        return true;
    }
    if ((sbi_fields(component) & field) == 0) {
        return lacks(board, request, component, token, field);
    }
    change->fields |= field;
    change->state.fields |= field;
    return read_field(board, request, component, token, field, change);
}

static bool nothing_to_change(sb_board *board, const sb_request *request, sb_kind kind) {
    switch (kind) {
    case SB_KIND_SWITCH:
        return sbi_missing(board, request, "on", "true or false");
    case SB_KIND_LIGHT:
        return sbi_missing(board, request, "something to change",
                           "on, brightness, rgb, ct_k, white, effect or palette");
    case SB_KIND_NUMBER:
        return sbi_missing(board, request, "value", "a number");
    default:
        return sbi_missing(board, request, "value", "a text");
    }
}

static bool has_light_field(const sb_request *request) {
    for (unsigned i = 0; i < sizeof light_fields / sizeof light_fields[0]; i++) {
        if (sbi_param(request, sbi_field_name(light_fields[i])) >= 0) {
            return true;
        }
    }
    return false;
}

static bool read_light(sb_board *board, const sb_request *request, const sb_component *component,
                       sb_change *change) {
    if (!has_light_field(request)) {
        return nothing_to_change(board, request, SB_KIND_LIGHT);
    }
    if (!sbi_read_transition(board, request, &change->transition)) {
        return false;
    }
    for (unsigned i = 0; i < sizeof light_fields / sizeof light_fields[0]; i++) {
        if (!read_one(board, request, component, light_fields[i], change)) {
            return false;
        }
    }
    return true;
}

bool sbi_read_change(sb_board *board, const sb_request *request, unsigned at,
                     sb_change *change) {
    const sb_component *component = &board->config->components[at];
    memset(change, 0, sizeof *change);
    if (component->kind == SB_KIND_LIGHT) {
        if (!read_light(board, request, component, change)) {
            return false;
        }
    } else if (!read_one(board, request, component, sbi_fields(component), change)) {
        return false;
    } else if (change->fields == 0) {
        return nothing_to_change(board, request, component->kind);
    }
    sbi_normalize(component, &change->fields, &change->state);
    return true;
}

bool sbi_read_transition(sb_board *board, const sb_request *request, uint32_t *transition) {
    uint64_t number = 0;
    int token = sbi_param(request, "transition_ms");
    if (token >= 0 && !sbi_whole(board, request, "transition_ms", token, 0, SBI_TRANSITION,
                                 " ms", &number)) {
        return false;
    }
    *transition = (uint32_t)number;
    return true;
}
