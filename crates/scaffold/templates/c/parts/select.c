//// index
BOARD_{{IDENTIFIER}},
//// before
static const char *const {{identifier}}_options[] = {"Off", "Slow", "Fast", NULL};

//// component
[BOARD_{{IDENTIFIER}}] = SB_SELECT({{number}}, {{"name"}}, {{identifier}}_options),
//// output
case BOARD_{{IDENTIFIER}}:
    hardware_set_{{identifier}}(shown->option);
    break;
//// declaration
/* {{name}}: the place of the option in board.c, from 0. */
void hardware_set_{{identifier}}(uint8_t option);
//// chip

void hardware_set_{{identifier}}(uint8_t option) {
    (void)option; /* use it here */
}
//// host

void hardware_set_{{identifier}}(uint8_t option) {
    fprintf(stderr, "%s: option %d\n", {{"name"}}, option);
}
