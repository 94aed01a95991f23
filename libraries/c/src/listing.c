/* Clients.List and Clients.Close. */
#include "core.h"

#include <string.h>

static const char *channel_name(uint8_t kind) {
    switch (kind) {
    case SB_CHANNEL_RPC:
        return "rpc";
    case SB_CHANNEL_LOG:
        return "log";
    case SB_CHANNEL_TELEMETRY:
        return "telemetry";
    default:
        return "echo";
    }
}

/* The contact with the lowest number above `after`. */
static const sb_contact *next_contact(const sb_board *board, uint32_t after) {
    const sb_contact *next = NULL;
    const sb_contact *contact;
    for (unsigned i = 0; (contact = sbi_contact_at(board, i)) != NULL; i++) {
        if (contact->number > after && (next == NULL || contact->number < next->number)) {
            next = contact;
        }
    }
    return next;
}

static unsigned count_contacts(const sb_board *board) {
    unsigned count = 0;
    const sb_contact *contact;
    for (unsigned i = 0; (contact = sbi_contact_at(board, i)) != NULL; i++) {
        count += contact->number != 0 ? 1u : 0u;
    }
    return count;
}

/* What waits for a client, and what it lost. */
static void write_waiting(sb_writer *w, const sb_board *board, const sb_contact *contact) {
    uint64_t queued = 0;
    uint64_t bytes = 0;
    uint64_t lost = 0;
    const sb_controller *controller = sbi_const_controller(board, contact->number);
    const sb_reader *reader = sbi_const_reader(board, contact->number);
    if (controller != NULL) {
        queued = controller->queued;
        bytes = controller->used;
    } else if (contact->kind == SB_CHANNEL_LOG) {
        sbi_log_unread_size(board, &reader->log, &queued, &bytes);
        lost = sbi_log_lost(board, &reader->log);
    } else if (contact->kind == SB_CHANNEL_TELEMETRY) {
        sbi_telemetry_unread_size(board, reader, &queued, &bytes);
        lost = reader->lost_frames;
    }
    sbi_format(w, ",\"queued\":%llu,\"queued_bytes\":%llu", (unsigned long long)queued,
               (unsigned long long)bytes);
    if (lost > 0) {
        sbi_format(w, ",\"lost\":%llu", (unsigned long long)lost);
    }
    if (board->config->connection_bytes > 0) {
        size_t own = controller != NULL ? sizeof *controller : sizeof *reader;
        sbi_format(w, ",\"memory\":%llu",
                   (unsigned long long)(own + board->config->connection_bytes));
    }
}

static void write_contact(sb_writer *w, const sb_board *board, const sb_contact *contact,
                          bool you) {
    sbi_format(w, "{\"id\":%u,\"kind\":\"%s\"", (unsigned)contact->number,
               channel_name(contact->kind));
    if (contact->from[0] != '\0') {
        sbi_str(w, ",\"from\":");
        sbi_json_text(w, contact->from);
    }
    sbi_format(w, ",\"since_ms\":%llu,\"heard_ms\":%llu",
               (unsigned long long)(contact->since - board->boot),
               (unsigned long long)(contact->heard - board->boot));
    if (contact->has_pong) {
        sbi_format(w, ",\"pong_ms\":%llu", (unsigned long long)(contact->pong - board->boot));
    }
    write_waiting(w, board, contact);
    sbi_str(w, you ? ",\"you\":true}" : "}");
}

bool sbi_list_clients(sb_board *board, const sb_request *request, sb_writer *result) {
    uint64_t offset;
    uint64_t limit;
    if (!sbi_page(board, request, &offset, &limit)) {
        return false;
    }
    sbi_format(result,
               "{\"offset\":%llu,\"total\":%u,\"uptime_ms\":%llu,\"others\":%u,\"clients\":[",
               (unsigned long long)offset, count_contacts(board),
               (unsigned long long)sbi_uptime(board), board->others);
    uint64_t listed = 0;
    const sb_contact *contact = next_contact(board, 0);
    for (uint64_t i = 0; contact != NULL && listed < limit; i++) {
        size_t before = result->length;
        if (i >= offset) {
            sbi_str(result, listed > 0 ? "," : "");
            write_contact(result, board, contact, contact->number == request->caller);
            listed++;
        }
        if (result->length + SBI_ENVELOPE_END > result->capacity) {
            result->length = before;
            break;
        }
        contact = next_contact(board, contact->number);
    }
    sbi_str(result, "]}");
    return true;
}

bool sbi_close_client(sb_board *board, const sb_request *request, sb_writer *result) {
    uint64_t number = 0;
    int token = sbi_param(request, "id");
    if (token < 0) {
        return sbi_missing(board, request, "id", "a whole number from 1 on");
    }
    if (!sbi_whole(board, request, "id", token, 1, UINT64_MAX, "", &number)) {
        return false;
    }
    if (number == request->caller) {
        return sbi_fail(board, SBI_PRECONDITION, "your_own",
                        "connection %llu is your own: close it yourself",
                        (unsigned long long)number);
    }
    sb_contact *contact = number <= UINT32_MAX ? sbi_contact(board, (uint32_t)number) : NULL;
    if (contact == NULL) {
        return sbi_fail(board, SBI_NOT_FOUND, "not_found",
                        "no connection %llu; see Clients.List", (unsigned long long)number);
    }
    sbi_close(board, contact, 1000, "closed by another client: Clients.Close");
    sbi_logf(board, SB_INFO, "connection %llu is closed by client:%u",
             (unsigned long long)number, (unsigned)request->caller);
    sbi_str(result, "{}");
    return true;
}
