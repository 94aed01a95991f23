#include "board.h"

#include "hardware.h"

/* How often sensors are read. */
#define MEASURE_MS 1000

{{each before}}
static const sb_component components[BOARD_COMPONENTS] = {
    {{each component}}
};

{{once helper}}
{{each state}}
/* A component has to show this state: at boot, and after each change. */
static void output(sb_board *board, unsigned component, const sb_state *shown, void *context) {
    (void)board;
    (void)shown;
    (void)context;
    switch (component) {
    {{each output}}
    default:
        break;
    }
}

/* A client commands something. `return sb_refuse(...)` refuses it. */
static bool command(sb_board *board, const sb_command *command, void *context) {
    (void)board;
    (void)command;
    (void)context;
    {{each command}}
    return true;
}

/* A button was pressed, at the board or by a client. What it toggles is in the
 * table. */
static void pressed(sb_board *board, unsigned component, const char *event, void *context) {
    (void)context;
    sb_logf(board, SB_INFO, "%s: %s", components[component].name, event);
}

const sb_config board_config = {
    .name = {{"name"}},
    .product = {{"id"}},
    .components = components,
    .component_count = BOARD_COMPONENTS,
    .command = command,
    .output = output,
    .pressed = pressed,
};

void board_step(sb_board *board, uint64_t now) {
    static uint64_t measured_at;
    {{each step}}
    if (measured_at != 0 && now - measured_at < MEASURE_MS) {
        return;
    }
    measured_at = now;
    (void)board;
    {{each measure}}
}
