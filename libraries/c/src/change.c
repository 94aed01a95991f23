/*
 * Changes of components. They are collected in a batch, which is pushed by the
 * next `sb_tick` if the last one is old enough, and at once after a command.
 */
#include "core.h"

#include <string.h>

static bool same_text(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

/* Whether a known field has the same value in both states. */
static bool same_value(const sb_state *a, const sb_state *b, uint16_t field) {
    switch (field) {
    case SB_ON:
        return a->on == b->on;
    case SB_BRIGHTNESS:
        return a->brightness == b->brightness;
    case SB_RGB:
        return a->red == b->red && a->green == b->green && a->blue == b->blue;
    case SB_CT:
        return a->ct_k == b->ct_k;
    case SB_WHITE:
        return a->white == b->white;
    case SB_EFFECT:
        return a->effect == b->effect;
    case SB_PALETTE:
        return a->palette == b->palette;
    case SB_MOVEMENT:
        return a->movement == b->movement;
    case SB_POSITION:
        return a->position == b->position;
    case SB_OPTION:
        return a->option == b->option;
    case SB_TEXT:
        return same_text(a->text, b->text);
    default:
        return a->value >= b->value && a->value <= b->value;
    }
}

uint16_t sbi_differing(const sb_state *a, const sb_state *b, uint16_t fields) {
    uint16_t differing = 0;
    for (unsigned bit = 0; bit < 16; bit++) {
        uint16_t field = (uint16_t)(1u << bit);
        if ((fields & field) == 0) {
            continue;
        }
        bool known = (a->fields & field) != 0;
        if (known != ((b->fields & field) != 0) || (known && !same_value(a, b, field))) {
            differing |= field;
        }
    }
    return differing;
}

static void copy_value(sb_state *to, const sb_state *from, uint16_t field) {
    switch (field) {
    case SB_ON:
        to->on = from->on;
        break;
    case SB_BRIGHTNESS:
        to->brightness = from->brightness;
        break;
    case SB_RGB:
        to->red = from->red;
        to->green = from->green;
        to->blue = from->blue;
        break;
    case SB_CT:
        to->ct_k = from->ct_k;
        break;
    case SB_WHITE:
        to->white = from->white;
        break;
    case SB_EFFECT:
        to->effect = from->effect;
        break;
    case SB_PALETTE:
        to->palette = from->palette;
        break;
    case SB_MOVEMENT:
        to->movement = from->movement;
        break;
    case SB_POSITION:
        to->position = from->position;
        break;
    case SB_OPTION:
        to->option = from->option;
        break;
    case SB_TEXT:
        to->text = from->text;
        break;
    default:
        to->value = from->value;
        break;
    }
}

void sbi_copy_fields(sb_state *to, const sb_state *from, uint16_t fields) {
    for (unsigned bit = 0; bit < 16; bit++) {
        uint16_t field = (uint16_t)(1u << bit);
        if ((fields & field) == 0) {
            continue;
        }
        if ((from->fields & field) == 0) {
            to->fields &= (uint16_t)~field;
        } else {
            to->fields |= field;
            copy_value(to, from, field);
        }
    }
}

/* Copies a text to the memory that the board has for the component's. */
static void store_text(sb_board *board, unsigned at, const char *text) {
    char *storage = board->texts[board->text_slots[at]];
    size_t length = strlen(text);
    if (length > SB_TEXT_BYTES) {
        length = SB_TEXT_BYTES;
    }
    memmove(storage, text, length);
    storage[length] = '\0';
    board->states[at].text = storage;
}

void sbi_store(sb_board *board, unsigned at, const sb_state *from, uint16_t fields) {
    sb_state *state = &board->states[at];
    sbi_copy_fields(state, from, fields);
    if ((fields & SB_TEXT) != 0 && (from->fields & SB_TEXT) != 0) {
        store_text(board, at, from->text);
    }
}

void sbi_apply(sb_board *board, unsigned at, const sb_state *target, uint16_t fields,
               uint32_t transition, sb_cause cause) {
    const sb_component *component = &board->config->components[at];
    sb_state before;
    sbi_shown(board, at, &before);
    sbi_store(board, at, target, fields);
    if (fields != 0) {
        sbi_add_to_batch(board, at, fields, cause);
    }
    if (sbi_is_output(component->kind)) {
        sbi_start_fade(board, at, &before, transition);
    }
}

static void join(sb_cause *cause, sb_cause other) {
    if (cause->kind != other.kind || cause->client != other.client) {
        cause->kind = SBI_SEVERAL;
        cause->client = 0;
    }
}

void sbi_merge(sb_changes *into, const sb_changes *changes) {
    if (!into->any) {
        *into = *changes;
        return;
    }
    join(&into->cause, changes->cause);
    for (unsigned i = 0; i < SB_COMPONENTS; i++) {
        into->fields[i] |= changes->fields[i];
    }
}

void sbi_add_to_batch(sb_board *board, unsigned at, uint16_t fields, sb_cause cause) {
    sb_changes *batch = &board->batch;
    if (!batch->any) {
        batch->any = true;
        batch->cause = cause;
        board->batch_due = board->now > board->batch_earliest ? board->now : board->batch_earliest;
    }
    join(&batch->cause, cause);
    batch->fields[at] |= fields;
}

void sbi_flush(sb_board *board) {
    if (board->batch.any) {
        /* Counted from when it was due: a late tick must not postpone all
         * batches that follow. */
        uint64_t counted = board->now < board->batch_due ? board->now : board->batch_due;
        board->batch_earliest = counted + SBI_BATCH;
        board->seq++;
        sbi_push_status(board, &board->batch);
        memset(&board->batch, 0, sizeof board->batch);
    }
}

void sbi_begin_command(sb_board *board, sb_cause cause) {
    sbi_flush(board);
    board->in_command = true;
    board->cause = cause;
    board->refused = false;
}

void sbi_end_command(sb_board *board) {
    board->in_command = false;
    sbi_flush(board);
}

bool sbi_ask(sb_board *board, const sb_command *command) {
    const sb_config *config = board->config;
    board->refused = false;
    if (config->command == NULL || config->command(board, command, config->context)) {
        return true;
    }
    if (!board->refused) {
        (void)sb_refuse(board, "refused", "the board refuses this");
    }
    return false;
}

bool sbi_set_output(sb_board *board, unsigned at, const sb_state *state, uint16_t fields,
                    uint32_t transition) {
    uint16_t changed = sbi_differing(&board->states[at], state, fields);
    if (changed == 0 && !board->fades[at].running) {
        return true;
    }
    sb_state target = board->states[at];
    sbi_copy_fields(&target, state, changed);
    sb_command command = {.component = at,
                          .action = SB_ACTION_SET,
                          .fields = changed,
                          .target = &target,
                          .transition_ms = transition};
    if (!sbi_ask(board, &command)) {
        return false;
    }
    sbi_apply(board, at, &target, changed, transition, board->cause);
    return true;
}

/* Toggles what the button is bound to. There is no answer to refuse: if the
 * application refuses, the target keeps its state. */
static void toggle_bound(sb_board *board, unsigned button) {
    unsigned at = board->toggles[button];
    if (at >= board->config->component_count) {
        return;
    }
    sb_state state = board->states[at];
    state.on = (state.fields & SB_ON) == 0 || !state.on;
    state.fields |= SB_ON;
    (void)sbi_set_output(board, at, &state, SB_ON, 0);
}

void sbi_pressed(sb_board *board, unsigned at, const char *event) {
    const sb_config *config = board->config;
    sbi_push_event(board, &config->components[at], event, NULL, board->cause);
    if (strcmp(event, sbi_button_events[0]) == 0) {
        toggle_bound(board, at);
    }
    if (config->pressed != NULL) {
        config->pressed(board, at, event, config->context);
    }
}
