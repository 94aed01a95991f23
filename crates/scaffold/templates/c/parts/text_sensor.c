//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_TEXT_SENSOR({{number}}, {{"name"}}),
//// measure
(void)sb_set_text(board, BOARD_{{IDENTIFIER}}, hardware_read_{{identifier}}());
//// declaration
/* {{name}}: one line of at most 255 bytes; NULL if it is not known. */
const char *hardware_read_{{identifier}}(void);
//// chip

const char *hardware_read_{{identifier}}(void) {
    return "as generated";
}
//// host

const char *hardware_read_{{identifier}}(void) {
    return wave(0.0, 1.0) > 0.5 ? "rising" : "falling";
}
