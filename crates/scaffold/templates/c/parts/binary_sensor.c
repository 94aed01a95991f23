//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_BINARY_SENSOR({{number}}, {{"name"}}, {{class_or_null}}),
//// step
(void)sb_set_on(board, BOARD_{{IDENTIFIER}}, hardware_read_{{identifier}}());
//// declaration
/* Whether {{name}} is on. */
bool hardware_read_{{identifier}}(void);
//// pin
#define {{IDENTIFIER}}_PIN -1 /* a contact to ground */
//// start
start_input({{IDENTIFIER}}_PIN);
//// chip

bool hardware_read_{{identifier}}(void) {
    return is_closed({{IDENTIFIER}}_PIN);
}
//// host

bool hardware_read_{{identifier}}(void) {
    return wave(0.0, 1.0) > 0.5;
}
