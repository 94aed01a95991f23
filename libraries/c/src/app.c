/* What the application reports: changes, presses, events, its name. */
#include "core.h"

#include <math.h>
#include <string.h>

static const sb_component *component_at(const sb_board *board, unsigned at) {
    return at < board->config->component_count ? &board->config->components[at] : NULL;
}

/* Who causes what the application does now. */
static sb_cause cause_now(const sb_board *board) {
    return board->in_command ? board->cause : sbi_physical();
}

const sb_state *sb_get(const sb_board *board, unsigned component) {
    return component_at(board, component) != NULL ? &board->states[component] : NULL;
}

int sb_find(const sb_board *board, const char *key) {
    for (unsigned at = 0; at < board->config->component_count; at++) {
        char buffer[32];
        sb_writer w = sbi_writer(buffer, sizeof buffer);
        sbi_write_key(&w, &board->config->components[at]);
        if (strlen(key) == w.length && memcmp(key, buffer, w.length) == 0) {
            return (int)at;
        }
    }
    return -1;
}

bool sbi_state_fits(const sb_component *component, uint16_t fields, const sb_state *state) {
    uint16_t known = fields & state->fields;
    if ((fields & ~sbi_fields(component)) != 0) {
        return false;
    }
    if ((known & SB_BRIGHTNESS) != 0 && state->brightness > 100) {
        return false;
    }
    if ((known & SB_CT) != 0 &&
        (state->ct_k < component->ct_warmest || state->ct_k > component->ct_coldest)) {
        return false;
    }
    if (((known & SB_EFFECT) != 0 && state->effect >= sbi_count(component->options)) ||
        ((known & SB_PALETTE) != 0 && state->palette >= sbi_count(component->palettes)) ||
        ((known & SB_OPTION) != 0 && state->option >= sbi_count(component->options))) {
        return false;
    }
    if (((known & SB_MOVEMENT) != 0 && state->movement > SB_COVER_STOPPED) ||
        ((known & SB_POSITION) != 0 && state->position > 100)) {
        return false;
    }
    if ((known & SB_VALUE) != 0 && component->kind == SB_KIND_NUMBER &&
        !(state->value >= component->min && state->value <= component->max)) {
        return false;
    }
    return (known & SB_TEXT) == 0 ||
           (state->text != NULL && strlen(state->text) <= SB_TEXT_BYTES &&
            sbi_is_line(state->text, strlen(state->text)));
}

void sbi_normalize(const sb_component *component, uint16_t *fields, sb_state *state) {
    uint16_t known = *fields & state->fields;
    if ((known & SB_VALUE) != 0) {
        if (!isfinite(state->value)) {
            state->fields &= (uint16_t)~SB_VALUE; /* unknown */
        } else if (component->kind == SB_KIND_SENSOR) {
            state->value = sbi_round(state->value, component->decimals);
        } else {
            state->value =
                sbi_step(state->value, component->min, component->max, component->step);
        }
    }
    /* A light shows a color or a color temperature, not both: setting one makes
     * the other unknown. If both are set, the color wins. */
    const uint16_t modes = SB_RGB | SB_CT;
    if ((sbi_fields(component) & modes) != modes || (known & modes) == 0) {
        return;
    }
    uint16_t other = (known & SB_RGB) != 0 ? SB_CT : SB_RGB;
    *fields |= other;
    state->fields &= (uint16_t)~other;
}

sb_status sb_set(sb_board *board, unsigned component, uint16_t fields, const sb_state *state) {
    const sb_component *about = component_at(board, component);
    if (about == NULL || board->in_output || !sbi_state_fits(about, fields, state)) {
        return SB_INVALID;
    }
    sb_state normal = *state;
    sbi_normalize(about, &fields, &normal);
    uint16_t changed = sbi_differing(&board->states[component], &normal, fields);
    if (changed != 0 || board->fades[component].running) {
        sbi_apply(board, component, &normal, changed, 0, cause_now(board));
    }
    return SB_OK;
}

sb_status sb_set_on(sb_board *board, unsigned component, bool on) {
    sb_state state = {.fields = SB_ON, .on = on};
    return sb_set(board, component, SB_ON, &state);
}

sb_status sb_set_value(sb_board *board, unsigned component, double value) {
    sb_state state = {.fields = SB_VALUE, .value = value};
    if (!isfinite(value)) {
        state.fields = 0;
    }
    return sb_set(board, component, SB_VALUE, &state);
}

sb_status sb_set_text(sb_board *board, unsigned component, const char *text) {
    sb_state state = {.fields = text != NULL ? SB_TEXT : 0, .text = text};
    return sb_set(board, component, SB_TEXT, &state);
}

sb_status sb_set_option(sb_board *board, unsigned component, uint8_t option) {
    sb_state state = {.fields = SB_OPTION, .option = option};
    return sb_set(board, component, SB_OPTION, &state);
}

sb_status sb_set_cover(sb_board *board, unsigned component, sb_movement movement,
                       uint8_t position) {
    sb_state state = {.fields = SB_MOVEMENT, .movement = (uint8_t)movement};
    if (position <= 100) {
        state.fields |= SB_POSITION;
        state.position = position;
    }
    return sb_set(board, component, SB_MOVEMENT | SB_POSITION, &state);
}

sb_status sb_press(sb_board *board, unsigned component, const char *event) {
    const sb_component *about = component_at(board, component);
    int index = sbi_word(sbi_button_events, event);
    if (about == NULL || about->kind != SB_KIND_BUTTON || index < 0 || board->in_command ||
        board->in_output) {
        return SB_INVALID;
    }
    sbi_begin_command(board, sbi_physical());
    sbi_pressed(board, component, sbi_button_events[index]);
    sbi_end_command(board);
    return SB_OK;
}

sb_status sb_event(sb_board *board, unsigned component, const char *event) {
    const sb_component *about = component_at(board, component);
    if (about == NULL || about->kind != SB_KIND_EVENT || sbi_word(about->options, event) < 0 ||
        board->in_output) {
        return SB_INVALID;
    }
    if (!board->in_command) {
        sbi_flush(board);
    }
    sbi_push_event(board, about, event, NULL, cause_now(board));
    return SB_OK;
}

bool sb_refuse(sb_board *board, const char *reason, const char *message) {
    board->refused = true;
    return sbi_fail(board, SBI_PRECONDITION, reason, "%s", message);
}

void sbi_rename(sb_board *board, const char *name, sb_cause cause) {
    const sb_config *config = board->config;
    if (strcmp(name, board->name) == 0) {
        return;
    }
    sb_writer w = sbi_writer(board->name, SB_NAME_BYTES);
    sbi_str(&w, name);
    (void)sbi_end(&w);
    sbi_logf(board, SB_INFO, "renamed \"%s\"", board->name);
    sbi_push_event(board, NULL, "renamed", board->name, cause);
    if (config->renamed != NULL) {
        config->renamed(board, board->name, config->context);
    }
}

sb_status sb_rename(sb_board *board, const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > SB_NAME_BYTES || !sbi_is_line(name, length)) {
        return SB_INVALID;
    }
    sbi_rename(board, name, cause_now(board));
    return SB_OK;
}
