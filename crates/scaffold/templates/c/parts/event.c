//// index
BOARD_{{IDENTIFIER}},
//// before
static const char *const {{identifier}}_types[] = {"triggered", NULL};

//// component
[BOARD_{{IDENTIFIER}}] = SB_EVENTS({{number}}, {{"name"}}, {{class_or_null}}, {{identifier}}_types),
//// step
if (hardware_take_{{identifier}}()) {
    (void)sb_event(board, BOARD_{{IDENTIFIER}}, "triggered");
}
//// declaration
/* Whether {{name}} was triggered since this was last asked. */
bool hardware_take_{{identifier}}(void);
//// pin
#define {{IDENTIFIER}}_PIN -1 /* a contact to ground */
//// start
start_input({{IDENTIFIER}}_PIN);
//// chip

bool hardware_take_{{identifier}}(void) {
    static bool was_closed;
    bool closed = is_closed({{IDENTIFIER}}_PIN);
    bool triggered = closed && !was_closed;
    was_closed = closed;
    return triggered;
}
//// host

bool hardware_take_{{identifier}}(void) {
    return false;
}
