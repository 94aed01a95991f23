/* A board as a whole: its start, its deadlines, and its restart. */
#include "core.h"

#include <string.h>

uint64_t sbi_uptime(const sb_board *board) {
    return board->now - board->boot;
}

sb_cause sbi_client_cause(uint32_t client) {
    sb_cause cause = {SBI_CLIENT, client};
    return cause;
}

sb_cause sbi_physical(void) {
    sb_cause cause = {SBI_PHYSICAL, 0};
    return cause;
}

static void name_cause(sb_writer *w, sb_cause cause) {
    switch (cause.kind) {
    case SBI_CLIENT:
        sbi_format(w, "client:%u", (unsigned)cause.client);
        break;
    case SBI_PHYSICAL:
        sbi_str(w, "physical");
        break;
    default:
        sbi_str(w, "several");
        break;
    }
}

void sbi_write_source(sb_writer *w, sb_cause cause) {
    if (cause.kind != SBI_SEVERAL) {
        sbi_str(w, ",\"source\":\"");
        name_cause(w, cause);
        sbi_put(w, '"');
    }
}

static void start_components(sb_board *board) {
    const sb_config *config = board->config;
    unsigned texts = 0;
    for (unsigned at = 0; at < config->component_count; at++) {
        const sb_component *component = &config->components[at];
        sb_state initial = component->initial;
        uint16_t fields = sbi_fields(component);
        if (component->kind == SB_KIND_TEXT || component->kind == SB_KIND_TEXT_SENSOR) {
            board->text_slots[at] = (uint8_t)texts;
            board->states[at].text = board->texts[texts++];
        }
        sbi_normalize(component, &fields, &initial);
        sbi_store(board, at, &initial, fields);
        board->toggles[at] = UINT8_MAX;
        if (component->toggles != NULL) {
            board->toggles[at] = (uint8_t)sb_find(board, component->toggles);
        }
    }
}

sb_status sb_init_sized(sb_board *board, size_t size, const sb_config *config, uint64_t now) {
    if (size != sizeof *board) {
        return SB_INVALID;
    }
    memset(board, 0, sizeof *board);
    board->config = config;
    board->now = now;
    board->boot = now;
    board->slots = SB_CONTROLLERS;
    sb_status status = sbi_check_config(board);
    if (status != SB_OK) {
        return status;
    }
    if (config->controllers > 0 && config->controllers < SB_CONTROLLERS) {
        board->slots = config->controllers;
    }
    board->epoch = config->random(config->context);
    sb_writer w = sbi_writer(board->name, SB_NAME_BYTES);
    sbi_str(&w, config->name != NULL ? config->name : config->id);
    start_components(board);
    status = sbi_check_sizes(board);
    if (status != SB_OK) {
        return status;
    }
    sbi_logf(board, SB_INFO, "Switchboard %s on %s (%s); reset reason: %s", config->version,
             config->platform, config->product,
             config->reset_reason != NULL ? config->reset_reason : "unknown");
    for (unsigned at = 0; at < config->component_count; at++) {
        if (sbi_is_output(config->components[at].kind)) {
            sbi_show(board, at, &board->states[at]);
        }
    }
    return SB_OK;
}

const char *sb_problem_sized(const sb_board *board, size_t size) {
    if (size != sizeof *board) {
        return "the program and the library were compiled with different SB_ sizes: define these "
               "macros for the whole program";
    }
    return board->error.message;
}

void sb_set_time(sb_board *board, uint64_t now) {
    if (now > board->now) {
        board->now = now;
    }
}

void sb_tick(sb_board *board, uint64_t now) {
    sb_set_time(board, now);
    if (sb_reboot_due(board)) {
        return;
    }
    sbi_step_fades(board);
    if (board->batch.any && !board->in_command && board->now >= board->batch_due) {
        sbi_flush(board);
    }
    sbi_end_frame(board);
    sbi_keep_alive(board);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t sb_deadline(const sb_board *board) {
    if (sb_reboot_due(board)) {
        return board->now;
    }
    uint64_t deadline = board->batch.any ? board->batch_due : SB_NEVER;
    if (board->reboot == SBI_REBOOT_DUE) {
        deadline = earlier(deadline, board->reboot_at);
    }
    deadline = earlier(deadline, sbi_fade_deadline(board));
    deadline = earlier(deadline, sbi_telemetry_deadline(board));
    return earlier(deadline, sbi_liveness_deadline(board));
}

void sbi_announce_reboot(sb_board *board) {
    if (board->reboot != SBI_REBOOT_REQUESTED) {
        return;
    }
    sbi_flush(board);
    sbi_logf(board, SB_INFO, "restarting, requested by client:%u", (unsigned)board->reboot_by);
    sbi_push_rebooting(board, sbi_client_cause(board->reboot_by));
    for (unsigned i = 0; i < SB_READERS; i++) {
        if (board->readers[i].contact.number != 0) {
            sbi_close(board, &board->readers[i].contact, 1012, "restarting");
        }
    }
    board->reboot = SBI_REBOOT_DUE;
    board->reboot_at = board->now + SBI_REBOOT_AFTER;
}

bool sb_reboot_due(const sb_board *board) {
    if (board->reboot != SBI_REBOOT_DUE) {
        return false;
    }
    if (board->now >= board->reboot_at) {
        return true;
    }
    /* Not after a POST: the core does not know when its answer was sent. */
    if (board->reboot_by == 0) {
        return false;
    }
    for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
        if (board->controllers[i].contact.number != 0) {
            return false;
        }
    }
    return true;
}

sb_status sb_receive(sb_board *board, uint64_t now, uint32_t client, const char *text,
                     size_t length) {
    sb_tick(board, now);
    sb_controller *controller = sbi_controller(board, client);
    if (controller == NULL || controller->contact.closing != SBI_OPEN) {
        return SB_CLOSED;
    }
    if (!sbi_has_room(controller)) {
        return SB_BUSY;
    }
    sb_heard(board, board->now, client);
    size_t answer = sbi_carry_out(board, client, text, length);
    if (answer > 0) {
        sbi_queue_answer(board, controller, board->scratch, answer);
    }
    sbi_announce_reboot(board);
    return SB_OK;
}

void sb_post(sb_board *board, uint64_t now, const char *text, size_t size, const char **answer,
             size_t *length) {
    sb_tick(board, now);
    *length = sbi_carry_out(board, 0, text, size);
    *answer = board->scratch;
    sbi_announce_reboot(board);
}

const char *sb_refusal(sb_board *board, sb_status status, size_t *length) {
    switch (status) {
    case SB_FULL:
        (void)sbi_fail(board, SBI_EXHAUSTED, "all_places_taken",
                       "the board is full: %u of %u clients; one must disconnect first",
                       board->slots, board->slots);
        break;
    case SB_REBOOTING:
        (void)sbi_fail_rebooting(board);
        break;
    case SB_NO_TELEMETRY:
        (void)sbi_fail(board, SBI_NOT_FOUND, "no_telemetry",
                       "this board takes no samples: it has no /telemetry");
        break;
    default:
        *length = 0;
        return "";
    }
    sb_writer w = sbi_writer(board->scratch, SB_MESSAGE_OUT);
    sbi_write_error(&w, board, "null", 4);
    *length = w.length;
    return board->scratch;
}

void sb_set_others(sb_board *board, unsigned others) {
    board->others = others;
}

const char *sb_name(const sb_board *board) {
    return board->name;
}

const sb_config *sb_configuration(const sb_board *board) {
    return board->config;
}
