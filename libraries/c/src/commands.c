/* The commands of components. */
#include "core.h"

#include <string.h>

bool sbi_done(const sb_board *board, sb_writer *result) {
    sbi_format(result, "{\"seq\":%llu}", (unsigned long long)board->seq);
    return true;
}

/* The result for a switch or a light, whose `on` was known. */
static bool done_was_on(const sb_board *board, bool was_on, sb_writer *result) {
    sbi_format(result, "{\"seq\":%llu,\"was_on\":%s}", (unsigned long long)board->seq,
               was_on ? "true" : "false");
    return true;
}

/* Sets an output as a command, and writes the result. */
static bool set(sb_board *board, const sb_request *request, unsigned at,
                const sb_change *change, sb_writer *result) {
    sb_state before = board->states[at];
    sbi_begin_command(board, sbi_client_cause(request->caller));
    bool accepted =
        sbi_set_output(board, at, &change->state, change->fields, change->transition);
    sbi_end_command(board);
    if (!accepted) {
        return false;
    }
    if ((before.fields & SB_ON) != 0) {
        return done_was_on(board, before.on, result);
    }
    return sbi_done(board, result);
}

static bool set_kind(sb_board *board, const sb_request *request, sb_kind kind,
                     sb_writer *result) {
    unsigned at = 0;
    sb_change change;
    return sbi_target(board, request, kind, &at) &&
           sbi_read_change(board, request, at, &change) &&
           set(board, request, at, &change, result);
}

bool sbi_set_switch(sb_board *board, const sb_request *request, sb_writer *result) {
    return set_kind(board, request, SB_KIND_SWITCH, result);
}

bool sbi_set_light(sb_board *board, const sb_request *request, sb_writer *result) {
    return set_kind(board, request, SB_KIND_LIGHT, result);
}

bool sbi_set_number(sb_board *board, const sb_request *request, sb_writer *result) {
    return set_kind(board, request, SB_KIND_NUMBER, result);
}

bool sbi_set_select(sb_board *board, const sb_request *request, sb_writer *result) {
    return set_kind(board, request, SB_KIND_SELECT, result);
}

bool sbi_set_text(sb_board *board, const sb_request *request, sb_writer *result) {
    return set_kind(board, request, SB_KIND_TEXT, result);
}

bool sbi_toggle(sb_board *board, const sb_request *request, sb_writer *result) {
    unsigned at = 0;
    if (!sbi_target(board, request, SB_KIND_SWITCH, &at)) {
        return false;
    }
    const sb_state *state = &board->states[at];
    sb_change change;
    memset(&change, 0, sizeof change);
    change.fields = SB_ON;
    change.state.fields = SB_ON;
    change.state.on = (state->fields & SB_ON) == 0 || !state->on;
    return set(board, request, at, &change, result);
}

/* Tells the application to move a cover. What it reports then is pushed before
 * the answer. */
static bool move(sb_board *board, const sb_request *request, unsigned at, sb_action action,
                 uint8_t position, sb_writer *result) {
    sb_command command = {.component = at, .action = action, .position = position};
    sbi_begin_command(board, sbi_client_cause(request->caller));
    bool accepted = sbi_ask(board, &command);
    sbi_end_command(board);
    return accepted && sbi_done(board, result);
}

static bool move_plainly(sb_board *board, const sb_request *request, sb_action action,
                         sb_writer *result) {
    unsigned at = 0;
    return sbi_target(board, request, SB_KIND_COVER, &at) &&
           move(board, request, at, action, 0, result);
}

bool sbi_cover_open(sb_board *board, const sb_request *request, sb_writer *result) {
    return move_plainly(board, request, SB_ACTION_OPEN, result);
}

bool sbi_cover_close(sb_board *board, const sb_request *request, sb_writer *result) {
    return move_plainly(board, request, SB_ACTION_CLOSE, result);
}

bool sbi_cover_stop(sb_board *board, const sb_request *request, sb_writer *result) {
    return move_plainly(board, request, SB_ACTION_STOP, result);
}

bool sbi_cover_set(sb_board *board, const sb_request *request, sb_writer *result) {
    unsigned at = 0;
    uint64_t position = 0;
    if (!sbi_target(board, request, SB_KIND_COVER, &at)) {
        return false;
    }
    int token = sbi_param(request, "position");
    if (token < 0) {
        return sbi_missing(board, request, "position", "a whole number from 0 to 100");
    }
    if (!sbi_whole(board, request, "position", token, 0, 100, " %", &position)) {
        return false;
    }
    if ((board->config->components[at].caps & SB_POSITION) == 0) {
        return sbi_fail(board, SBI_INVALID_PARAMS, "not_supported",
                        "its position cannot be set; it can be opened, closed and stopped");
    }
    return move(board, request, at, SB_ACTION_MOVE, (uint8_t)position, result);
}

bool sbi_button_press(sb_board *board, const sb_request *request, sb_writer *result) {
    unsigned at = 0;
    uint8_t index = 0;
    if (!sbi_target(board, request, SB_KIND_BUTTON, &at)) {
        return false;
    }
    int token = sbi_param(request, "event");
    if (token >= 0 &&
        !sbi_option(board, request, "event", token, sbi_button_events, &index)) {
        return false;
    }
    sb_command command = {.component = at,
                          .action = SB_ACTION_PRESS,
                          .event = sbi_button_events[index]};
    sbi_begin_command(board, sbi_client_cause(request->caller));
    bool accepted = sbi_ask(board, &command);
    if (accepted) {
        sbi_pressed(board, at, command.event);
    }
    sbi_end_command(board);
    return accepted && sbi_done(board, result);
}
