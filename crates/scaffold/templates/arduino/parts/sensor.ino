//// index
BOARD_{{IDENTIFIER}},
//// component
SB_SENSOR({{number}}, {{"name"}}, {{class_or_null}}, {{unit_or_null}}, {{decimals}}),
//// hardware
// Measures {{name}}{{in_unit}}; NaN if that fails. Read your sensor here.
double read_{{identifier}}() {
  return NAN;
}

//// measure
board.set(BOARD_{{IDENTIFIER}}, read_{{identifier}}());
