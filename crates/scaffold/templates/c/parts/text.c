//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_TEXT_FIELD({{number}}, {{"name"}}, ""),
//// output
case BOARD_{{IDENTIFIER}}:
    hardware_set_{{identifier}}(shown->text);
    break;
//// declaration
/* {{name}}: one line of at most 255 bytes of UTF-8. Copy it to keep it. */
void hardware_set_{{identifier}}(const char *text);
//// chip

void hardware_set_{{identifier}}(const char *text) {
    (void)text; /* show it here */
}
//// host

void hardware_set_{{identifier}}(const char *text) {
    fprintf(stderr, "%s: %s\n", {{"name"}}, text);
}
