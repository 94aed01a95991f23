//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_NUMBER({{number}}, {{"name"}}, "%", 0, 100, 1),
//// output
case BOARD_{{IDENTIFIER}}:
    hardware_set_{{identifier}}(shown->value);
    break;
//// declaration
/* {{name}}, from 0 to 100. */
void hardware_set_{{identifier}}(double value);
//// chip

void hardware_set_{{identifier}}(double value) {
    (void)value; /* use it here */
}
//// host

void hardware_set_{{identifier}}(double value) {
    fprintf(stderr, "%s: %g\n", {{"name"}}, value);
}
