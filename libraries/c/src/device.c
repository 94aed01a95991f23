/* The methods about the board as a whole. */
#include "core.h"

#include <string.h>

void sbi_write_info(sb_writer *w, const sb_board *board) {
    const sb_config *config = board->config;
    const char *const texts[][2] = {
        {"{\"id\":", config->id},          {",\"name\":", board->name},
        {",\"mac\":", config->mac},        {",\"version\":", config->version},
        {",\"platform\":", config->platform}, {",\"board\":", config->product},
    };
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sbi_str(w, texts[i][0]);
        sbi_json_text(w, texts[i][1]);
    }
    sbi_str(w, ",\"proto\":1,\"features\":[\"transition\",\"http_rpc\",\"log\",\"clients\"");
    if (sbi_has_telemetry(board)) {
        sbi_str(w, ",\"telemetry\"");
    }
    sbi_format(w, "],\"epoch\":\"%08x\",\"uptime_ms\":%llu", (unsigned)board->epoch,
               (unsigned long long)sbi_uptime(board));
    if (config->reset_reason != NULL) {
        sbi_str(w, ",\"reset_reason\":");
        sbi_json_text(w, config->reset_reason);
    }
    sbi_put(w, '}');
}

bool sbi_get_info(sb_board *board, const sb_request *request, sb_writer *result) {
    (void)request;
    sbi_write_info(result, board);
    return true;
}

bool sbi_get_components(sb_board *board, const sb_request *request, sb_writer *result) {
    uint64_t offset;
    uint64_t limit;
    if (!sbi_page(board, request, &offset, &limit)) {
        return false;
    }
    unsigned total = board->config->component_count;
    sbi_format(result, "{\"offset\":%llu,\"total\":%u,\"components\":[",
               (unsigned long long)offset, total);
    unsigned first = offset < total ? (unsigned)offset : total;
    for (unsigned at = first; at < total && at - first < limit; at++) {
        size_t before = result->length;
        sbi_str(result, at > first ? "," : "");
        sbi_write_description(result, &board->config->components[at]);
        if (result->length + SBI_ENVELOPE_END > result->capacity) {
            result->length = before;
            break;
        }
    }
    sbi_str(result, "]}");
    return true;
}

void sbi_write_snapshot(sb_writer *w, const sb_board *board, uint32_t caller) {
    sbi_format(w, "{\"epoch\":\"%08x\",\"seq\":%llu,\"uptime_ms\":%llu", (unsigned)board->epoch,
               (unsigned long long)board->seq, (unsigned long long)sbi_uptime(board));
    if (caller != 0) {
        sbi_format(w, ",\"client\":%u", (unsigned)caller);
    }
    for (unsigned at = 0; at < board->config->component_count; at++) {
        const sb_component *component = &board->config->components[at];
        if (sbi_has_state(component->kind)) {
            sbi_write_state(w, component, &board->states[at]);
        }
    }
    sbi_put(w, '}');
}

bool sbi_get_status(sb_board *board, const sb_request *request, sb_writer *result) {
    sbi_flush(board);
    sbi_write_snapshot(result, board, request->caller);
    return true;
}

/* The error for a method that pushes, over POST. */
static bool needs_a_websocket(sb_board *board, const char *instead) {
    return sbi_fail(board, SBI_PRECONDITION, "needs_a_websocket",
                    "nothing can be pushed over POST: %s", instead);
}

bool sbi_subscribe(sb_board *board, const sb_request *request, sb_writer *result) {
    sb_controller *controller = sbi_controller(board, request->caller);
    if (controller == NULL) {
        return needs_a_websocket(board, "use a WebSocket at /rpc, or Device.GetStatus");
    }
    sbi_flush(board);
    if (!controller->subscribed) {
        controller->subscribed = true;
        controller->sent = board->seq;
    }
    sbi_write_snapshot(result, board, request->caller);
    return true;
}

bool sbi_set_name(sb_board *board, const sb_request *request, sb_writer *result) {
    char name[SB_NAME_BYTES + 1];
    size_t length = 0;
    int token = sbi_param(request, "name");
    if (token < 0) {
        return sbi_missing(board, request, "name", "1 to 63 bytes of UTF-8");
    }
    if (!sbi_text(board, request, "name", "1 to 63 bytes of UTF-8", token, name, SB_NAME_BYTES,
                  &length) ||
        !sbi_check_line(board, "name", name, length, 1, SB_NAME_BYTES)) {
        return false;
    }
    sbi_rename(board, name, sbi_client_cause(request->caller));
    return sbi_done(board, result);
}

bool sbi_identify(sb_board *board, const sb_request *request, sb_writer *result) {
    (void)request;
    if (board->config->identify != NULL) {
        board->config->identify(board, board->config->context);
    }
    return sbi_done(board, result);
}

bool sbi_reboot(sb_board *board, const sb_request *request, sb_writer *result) {
    board->reboot = SBI_REBOOT_REQUESTED;
    board->reboot_by = request->caller;
    return sbi_done(board, result);
}

bool sbi_ping(sb_board *board, const sb_request *request, sb_writer *result) {
    (void)request;
    sbi_format(result, "{\"uptime_ms\":%llu}", (unsigned long long)sbi_uptime(board));
    return true;
}

bool sbi_log_subscribe(sb_board *board, const sb_request *request, sb_writer *result) {
    static const char *const words[] = {"error", "warn", "info", "debug", "off", NULL};
    sb_controller *controller = sbi_controller(board, request->caller);
    if (controller == NULL) {
        return needs_a_websocket(board, "GET /log, or Log.Subscribe on a WebSocket at /rpc");
    }
    uint8_t level = SB_INFO;
    int token = sbi_param(request, "level");
    if (token >= 0 && !sbi_option(board, request, "level", token, words, &level)) {
        return false;
    }
    sbi_close_log(board, &controller->log);
    if (level <= SB_DEBUG) {
        sbi_open_log(board, &controller->log, (sb_level)level);
    }
    sbi_format(result, "{\"level\":\"%s\"}", words[level]);
    return true;
}
