/*
 * Clients: who is connected, what each is sent next, and when a silent one is
 * pinged or disconnected.
 */
#include "core.h"

#include <string.h>

#define CONTACTS (SB_CONTROLLERS + SB_READERS)

/* A contact by its position: the controllers first, then the readers. */
const sb_contact *sbi_contact_at(const sb_board *board, unsigned i) {
    if (i >= CONTACTS) {
        return NULL;
    }
    if (i < SB_CONTROLLERS) {
        return &board->controllers[i].contact;
    }
    return &board->readers[i - SB_CONTROLLERS].contact;
}

static sb_contact *contact_at(sb_board *board, unsigned i) {
    return (sb_contact *)sbi_contact_at(board, i);
}

const sb_contact *sbi_const_contact(const sb_board *board, uint32_t number) {
    for (unsigned i = 0; i < CONTACTS && number != 0; i++) {
        const sb_contact *contact = sbi_contact_at(board, i);
        if (contact->number == number) {
            return contact;
        }
    }
    return NULL;
}

sb_contact *sbi_contact(sb_board *board, uint32_t number) {
    return (sb_contact *)sbi_const_contact(board, number);
}

const sb_controller *sbi_const_controller(const sb_board *board, uint32_t number) {
    for (unsigned i = 0; i < SB_CONTROLLERS && number != 0; i++) {
        if (board->controllers[i].contact.number == number) {
            return &board->controllers[i];
        }
    }
    return NULL;
}

sb_controller *sbi_controller(sb_board *board, uint32_t number) {
    return (sb_controller *)sbi_const_controller(board, number);
}

const sb_reader *sbi_const_reader(const sb_board *board, uint32_t number) {
    for (unsigned i = 0; i < SB_READERS && number != 0; i++) {
        if (board->readers[i].contact.number == number) {
            return &board->readers[i];
        }
    }
    return NULL;
}

sb_reader *sbi_reader(sb_board *board, uint32_t number) {
    return (sb_reader *)sbi_const_reader(board, number);
}

static const char *kind_name(uint8_t kind) {
    return kind == SB_CHANNEL_RPC ? "controller" : "reader";
}

void sbi_close(sb_board *board, sb_contact *contact, uint16_t code, const char *reason) {
    if (contact->closing != SBI_OPEN) {
        return;
    }
    if (contact->kind == SB_CHANNEL_RPC) {
        sbi_clear_queue(sbi_controller(board, contact->number));
    }
    contact->ping_due = false;
    contact->closing = SBI_CLOSE_PENDING;
    contact->close_code = code;
    contact->close_reason = reason;
}

static unsigned used(const sb_board *board, unsigned first, unsigned end) {
    unsigned count = 0;
    for (unsigned i = first; i < end; i++) {
        count += sbi_contact_at(board, i)->number != 0 ? 1u : 0u;
    }
    return count;
}

sb_status sb_can_open(const sb_board *board, sb_channel_kind kind) {
    if (board->reboot != SBI_RUNNING) {
        return SB_REBOOTING;
    }
    if (kind == SB_CHANNEL_RPC) {
        return used(board, 0, SB_CONTROLLERS) < board->slots ? SB_OK : SB_FULL;
    }
    if (kind == SB_CHANNEL_TELEMETRY && !sbi_has_telemetry(board)) {
        return SB_NO_TELEMETRY;
    }
    return used(board, SB_CONTROLLERS, CONTACTS) < SB_READERS ? SB_OK : SB_FULL;
}

static void begin_contact(sb_board *board, sb_contact *contact, sb_channel_kind kind,
                          const char *from) {
    memset(contact, 0, sizeof *contact);
    /* Number 0 stands for the clients of POST. */
    board->last_number = board->last_number == UINT32_MAX ? 1 : board->last_number + 1;
    contact->number = board->last_number;
    contact->kind = (uint8_t)kind;
    contact->since = board->now;
    contact->heard = board->now;
    contact->next_ping = board->now + SBI_PING_AFTER;
    if (from != NULL) {
        sb_writer w = sbi_writer(contact->from, sizeof contact->from - 1);
        sbi_str(&w, from);
        contact->from[sbi_fits(&w) ? w.length : 0] = '\0';
    }
}

static sb_contact *open_controller(sb_board *board, const char *from) {
    for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
        sb_controller *controller = &board->controllers[i];
        if (controller->contact.number == 0) {
            begin_contact(board, &controller->contact, SB_CHANNEL_RPC, from);
            controller->subscribed = false;
            controller->sent = 0;
            memset(&controller->coalesced, 0, sizeof controller->coalesced);
            memset(&controller->log, 0, sizeof controller->log);
            sbi_clear_queue(controller);
            return &controller->contact;
        }
    }
    return NULL;
}

static sb_contact *open_reader(sb_board *board, sb_channel_kind kind, sb_level level,
                               const char *from) {
    for (unsigned i = 0; i < SB_READERS; i++) {
        sb_reader *reader = &board->readers[i];
        if (reader->contact.number != 0) {
            continue;
        }
        memset(reader, 0, sizeof *reader);
        begin_contact(board, &reader->contact, kind, from);
        if (kind == SB_CHANNEL_LOG) {
            sbi_open_log(board, &reader->log, level);
        } else if (kind == SB_CHANNEL_TELEMETRY) {
            sbi_open_telemetry(board, reader);
        }
        return &reader->contact;
    }
    return NULL;
}

sb_status sb_open(sb_board *board, uint64_t now, sb_channel_kind kind, sb_level level,
                  const char *from, uint32_t *client) {
    sb_tick(board, now);
    sb_status status = sb_can_open(board, kind);
    if (status != SB_OK) {
        if (kind == SB_CHANNEL_RPC) {
            sbi_logf(board, SB_WARN, "a controller was refused: %s",
                     status == SB_FULL ? "the board is full" : "the board is restarting");
        }
        return status;
    }
    sb_contact *contact = kind == SB_CHANNEL_RPC ? open_controller(board, from)
                                                 : open_reader(board, kind, level, from);
    if (contact == NULL) {
        return SB_FULL;
    }
    *client = contact->number;
    if (kind == SB_CHANNEL_RPC) {
        sbi_logf(board, SB_INFO, "controller %u connected", (unsigned)contact->number);
    }
    return SB_OK;
}

void sb_disconnect(sb_board *board, uint64_t now, uint32_t client) {
    sb_tick(board, now);
    sb_controller *controller = sbi_controller(board, client);
    sb_reader *reader = sbi_reader(board, client);
    if (controller != NULL) {
        sbi_close_log(board, &controller->log);
        controller->contact.number = 0;
        sbi_logf(board, SB_INFO, "controller %u disconnected", (unsigned)client);
    } else if (reader != NULL) {
        sbi_close_log(board, &reader->log);
        if (reader->contact.kind == SB_CHANNEL_TELEMETRY) {
            sbi_close_telemetry(board);
        }
        reader->contact.number = 0;
    }
}

void sb_heard(sb_board *board, uint64_t now, uint32_t client) {
    sb_contact *contact = sbi_contact(board, client);
    if (contact != NULL && contact->closing == SBI_OPEN) {
        contact->heard = now;
        contact->next_ping = now + SBI_PING_AFTER;
        contact->ping_due = false;
    }
}

void sb_pong(sb_board *board, uint64_t now, uint32_t client) {
    sb_contact *contact = sbi_contact(board, client);
    if (contact != NULL) {
        sb_heard(board, now, client);
        contact->has_pong = true;
        contact->pong = now;
    }
}

void sbi_keep_alive(sb_board *board) {
    for (unsigned i = 0; i < CONTACTS; i++) {
        sb_contact *contact = contact_at(board, i);
        if (contact->number == 0 || contact->closing != SBI_OPEN) {
            continue;
        }
        if (board->now >= contact->heard + SBI_DROP_AFTER) {
            sbi_close(board, contact, 1001, "silent for 60 s");
        } else if (board->now >= contact->next_ping) {
            contact->ping_due = true;
            contact->next_ping = board->now + SBI_PING_AFTER;
        }
    }
}

uint64_t sbi_liveness_deadline(const sb_board *board) {
    uint64_t deadline = SB_NEVER;
    for (unsigned i = 0; i < CONTACTS; i++) {
        const sb_contact *contact = sbi_contact_at(board, i);
        if (contact->number == 0 || contact->closing != SBI_OPEN) {
            continue;
        }
        uint64_t drop = contact->heard + SBI_DROP_AFTER;
        uint64_t due = contact->next_ping < drop ? contact->next_ping : drop;
        deadline = due < deadline ? due : deadline;
    }
    return deadline;
}

static bool text(const sb_board *board, size_t length, sb_outgoing *outgoing) {
    outgoing->kind = SB_SEND_TEXT;
    outgoing->data = (const uint8_t *)board->scratch;
    outgoing->length = length;
    return true;
}

static bool close_frame(sb_board *board, sb_contact *contact, sb_outgoing *outgoing) {
    if (contact->closing != SBI_CLOSE_PENDING) {
        return false;
    }
    contact->closing = SBI_CLOSE_SENT;
    outgoing->kind = SB_SEND_CLOSE;
    outgoing->data = (const uint8_t *)contact->close_reason;
    outgoing->length = strlen(contact->close_reason);
    outgoing->code = contact->close_code;
    sbi_logf(board, SB_INFO, "%s %u is closed: %s", kind_name(contact->kind),
             (unsigned)contact->number, contact->close_reason);
    return true;
}

static bool next_of_controller(sb_board *board, sb_controller *controller,
                               sb_outgoing *outgoing) {
    if (controller->queued > 0) {
        return text(board, sbi_take(board, controller), outgoing);
    }
    if (controller->contact.closing != SBI_OPEN) {
        return close_frame(board, &controller->contact, outgoing);
    }
    /* Log lines come last. They take no room in the queue. */
    if (sbi_log_unread(board, &controller->log)) {
        return text(board, sbi_log_notification(board, &controller->log), outgoing);
    }
    return false;
}

static bool next_of_reader(sb_board *board, sb_reader *reader, sb_outgoing *outgoing) {
    if (reader->contact.closing != SBI_OPEN) {
        return close_frame(board, &reader->contact, outgoing);
    }
    if (reader->contact.kind == SB_CHANNEL_LOG && sb_has_next(board, reader->contact.number)) {
        return text(board, sbi_log_text(board, reader), outgoing);
    }
    if (reader->contact.kind != SB_CHANNEL_TELEMETRY) {
        return false;
    }
    if (!reader->described) {
        reader->described = true;
        return text(board, sbi_telemetry_description(board), outgoing);
    }
    outgoing->kind = SB_SEND_BINARY;
    outgoing->data = sbi_telemetry_frame(board, reader, &outgoing->length);
    return outgoing->data != NULL;
}

bool sb_next(sb_board *board, uint64_t now, uint32_t client, sb_outgoing *outgoing) {
    sb_tick(board, now);
    memset(outgoing, 0, sizeof *outgoing);
    sb_contact *contact = sbi_contact(board, client);
    if (contact == NULL) {
        return false;
    }
    if (contact->ping_due) {
        contact->ping_due = false;
        outgoing->kind = SB_SEND_PING;
        return true;
    }
    if (contact->kind == SB_CHANNEL_RPC) {
        return next_of_controller(board, sbi_controller(board, client), outgoing);
    }
    return next_of_reader(board, sbi_reader(board, client), outgoing);
}

bool sb_has_next(const sb_board *board, uint32_t client) {
    const sb_controller *controller = sbi_const_controller(board, client);
    if (controller != NULL) {
        const sb_contact *contact = &controller->contact;
        return contact->ping_due || controller->queued > 0 ||
               contact->closing == SBI_CLOSE_PENDING ||
               (contact->closing == SBI_OPEN && sbi_log_unread(board, &controller->log));
    }
    const sb_reader *reader = sbi_const_reader(board, client);
    if (reader == NULL) {
        return false;
    }
    if (reader->contact.closing != SBI_OPEN) {
        return reader->contact.closing == SBI_CLOSE_PENDING;
    }
    if (reader->contact.ping_due) {
        return true;
    }
    if (reader->contact.kind == SB_CHANNEL_TELEMETRY) {
        return !reader->described || sbi_telemetry_unread(board, reader);
    }
    return reader->contact.kind == SB_CHANNEL_LOG &&
           (reader->lost_lines > 0 || sbi_log_unread(board, &reader->log));
}

bool sb_is_closing(const sb_board *board, uint32_t client) {
    const sb_contact *contact = sbi_const_contact(board, client);
    return contact != NULL && contact->closing != SBI_OPEN;
}
