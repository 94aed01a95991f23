/*
 * The messages that wait for a controller. Changes that find no room are merged
 * into one message, which is written once there is room again.
 */
#include "core.h"

#include <string.h>

#if SB_QUEUE_BYTES < 2 * SB_MESSAGE_OUT + 1024
#error "SB_QUEUE_BYTES has to be at least 2 * SB_MESSAGE_OUT + 1024"
#endif
#if SB_MESSAGE_OUT < 1024 || SB_MESSAGE_OUT > 4096
#error "SB_MESSAGE_OUT is 1024 to 4096"
#endif

#define TOO_SLOW "too slow"

void sbi_clear_queue(sb_controller *controller) {
    controller->queued = 0;
    controller->used = 0;
    controller->coalesced.any = false;
}

bool sbi_has_room(const sb_controller *controller) {
    return controller->contact.closing == SBI_OPEN && !controller->coalesced.any &&
           controller->queued + SBI_ROOM_FOR_A_REQUEST <= SB_QUEUED &&
           controller->used + 2 * SB_MESSAGE_OUT + 1024 <= SB_QUEUE_BYTES;
}

static bool is_open(const sb_controller *controller) {
    return controller->contact.number != 0 && controller->contact.closing == SBI_OPEN;
}

/* A writer for a message at the end of the queue, which may take so many bytes
 * of the queue's memory. */
static sb_writer next_message(sb_controller *controller, size_t memory) {
    size_t room = memory > controller->used ? memory - controller->used : 0;
    return sbi_writer(controller->queue + controller->used,
                      room < SB_MESSAGE_OUT ? room : SB_MESSAGE_OUT);
}

/* Adds what was written to the queue, if it fits. */
static bool add_message(sb_controller *controller, const sb_writer *w, unsigned most) {
    if (!sbi_fits(w) || controller->queued >= most) {
        return false;
    }
    controller->lengths[controller->queued++] = (uint16_t)w->length;
    controller->used += w->length;
    return true;
}

void sbi_queue_answer(sb_board *board, sb_controller *controller, const char *text,
                      size_t length) {
    if (!is_open(controller)) {
        return;
    }
    sb_writer w = next_message(controller, SB_QUEUE_BYTES);
    sbi_raw(&w, text, length);
    if (!add_message(controller, &w, SB_QUEUED)) {
        sbi_close(board, &controller->contact, 1013, TOO_SLOW);
    }
}

static void write_envelope(sb_writer *w, const sb_board *board, const char *method) {
    sbi_format(w, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{\"epoch\":\"%08x\"", method,
               (unsigned)board->epoch);
}

static bool queue_status(sb_board *board, sb_controller *controller, const sb_changes *changes) {
    sb_writer w = next_message(controller, SB_QUEUE_BYTES);
    write_envelope(&w, board, "NotifyStatus");
    sbi_format(&w, ",\"prev\":%llu,\"seq\":%llu,\"uptime_ms\":%llu",
               (unsigned long long)controller->sent, (unsigned long long)board->seq,
               (unsigned long long)sbi_uptime(board));
    sbi_write_source(&w, changes->cause);
    for (unsigned at = 0; at < board->config->component_count; at++) {
        if (changes->fields[at] != 0) {
            sbi_write_fields(&w, &board->config->components[at], &board->states[at],
                             changes->fields[at]);
        }
    }
    sbi_str(&w, "}}");
    if (!add_message(controller, &w, SB_QUEUED)) {
        return false;
    }
    controller->sent = board->seq;
    return true;
}

void sbi_push_status(sb_board *board, const sb_changes *changes) {
    for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
        sb_controller *controller = &board->controllers[i];
        if (!is_open(controller) || !controller->subscribed) {
            continue;
        }
        if (controller->coalesced.any || !queue_status(board, controller, changes)) {
            sbi_merge(&controller->coalesced, changes);
        }
    }
}

/* `component` is NULL for the board; `name` is the field of `renamed`. */
static void write_event(sb_writer *w, const sb_board *board, const sb_component *component,
                        const char *event, const char *name, sb_cause cause) {
    write_envelope(w, board, "NotifyEvent");
    sbi_format(w, ",\"uptime_ms\":%llu", (unsigned long long)sbi_uptime(board));
    sbi_write_source(w, cause);
    sbi_str(w, ",\"events\":[{\"component\":\"");
    if (component != NULL) {
        sbi_write_key(w, component);
    } else {
        sbi_str(w, "sys:0");
    }
    sbi_str(w, "\",\"event\":");
    sbi_json_text(w, event);
    if (name != NULL) {
        sbi_str(w, ",\"name\":");
        sbi_json_text(w, name);
    }
    sbi_str(w, "}]}}");
}

void sbi_push_event(sb_board *board, const sb_component *component, const char *event,
                    const char *name, sb_cause cause) {
    for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
        sb_controller *controller = &board->controllers[i];
        if (!is_open(controller) || !controller->subscribed) {
            continue;
        }
        sb_writer w = next_message(controller, SB_QUEUE_BYTES);
        write_event(&w, board, component, event, name, cause);
        if (!add_message(controller, &w, SB_QUEUED)) {
            sbi_close(board, &controller->contact, 1013, TOO_SLOW);
        }
    }
}

void sbi_push_rebooting(sb_board *board, sb_cause cause) {
    for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
        sb_controller *controller = &board->controllers[i];
        if (!is_open(controller)) {
            continue;
        }
        sb_writer w = next_message(controller, sizeof controller->queue);
        write_event(&w, board, NULL, "rebooting", NULL, cause);
        /* One more than usual: it is the last. */
        (void)add_message(controller, &w, SB_QUEUED + 1);
        controller->coalesced.any = false; /* nothing follows */
        controller->contact.closing = SBI_CLOSE_PENDING;
        controller->contact.close_code = 1012;
        controller->contact.close_reason = "restarting";
    }
}

size_t sbi_take(sb_board *board, sb_controller *controller) {
    size_t length = controller->lengths[0];
    memcpy(board->scratch, controller->queue, length);
    controller->used -= length;
    controller->queued--;
    memmove(controller->queue, controller->queue + length, controller->used);
    memmove(controller->lengths, controller->lengths + 1,
            controller->queued * sizeof controller->lengths[0]);
    if (controller->coalesced.any && queue_status(board, controller, &controller->coalesced)) {
        memset(&controller->coalesced, 0, sizeof controller->coalesced);
    }
    return length;
}
