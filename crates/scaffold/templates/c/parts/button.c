//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_BUTTON({{number}}, {{"name"}}, {{toggles}}),
//// helper
/* A press held this long is a long press. */
#define LONG_PRESS_MS 1000

/* Reports a press when the button is released. `since` is when it was pressed, 0
 * if it is not. Calls are far enough apart that contacts do not bounce between
 * them. */
static void watch_button(sb_board *board, unsigned component, bool down, uint64_t now,
                         uint64_t *since) {
    if (down && *since == 0) {
        *since = now;
    } else if (!down && *since != 0) {
        (void)sb_press(board, component, now - *since >= LONG_PRESS_MS ? "long_press" : "press");
        *since = 0;
    }
}

//// step
static uint64_t {{identifier}}_since;
watch_button(board, BOARD_{{IDENTIFIER}}, hardware_read_{{identifier}}(), now, &{{identifier}}_since);
//// declaration
/* Whether {{name}} is held down. */
bool hardware_read_{{identifier}}(void);
//// pin
#define {{IDENTIFIER}}_PIN -1 /* a button to ground */
//// start
start_input({{IDENTIFIER}}_PIN);
//// chip

bool hardware_read_{{identifier}}(void) {
    return is_closed({{IDENTIFIER}}_PIN);
}
//// host

bool hardware_read_{{identifier}}(void) {
    return false;
}
