//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_SENSOR({{number}}, {{"name"}}, {{class_or_null}}, {{unit_or_null}}, {{decimals}}),
//// measure
(void)sb_set_value(board, BOARD_{{IDENTIFIER}}, hardware_read_{{identifier}}());
//// declaration
/* Measures {{name}}{{in_unit}}; NaN if that fails. */
double hardware_read_{{identifier}}(void);
//// chip

double hardware_read_{{identifier}}(void) {
    return (double)NAN; /* read your sensor here */
}
//// host

double hardware_read_{{identifier}}(void) {
    return wave({{low}}, {{high}});
}
//// lasting
A value that you set on a sensor lasts until the next measurement.
