//// index
BOARD_{{IDENTIFIER}},
//// component
SB_TEXT_SENSOR({{number}}, {{"name"}}),
//// hardware
// {{name}}: one line of at most 255 bytes; nullptr if it is not known.
const char *read_{{identifier}}() {
  return "as generated";
}

//// measure
board.set(BOARD_{{IDENTIFIER}}, read_{{identifier}}());
