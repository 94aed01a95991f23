//// index
BOARD_{{IDENTIFIER}},
//// component
SB_BINARY_SENSOR({{number}}, {{"name"}}, {{class_or_null}}),
//// step
board.set(BOARD_{{IDENTIFIER}}, isClosed({{IDENTIFIER}}_PIN));
//// pin
const int {{IDENTIFIER}}_PIN = -1;  // a contact to ground
//// start
startInput({{IDENTIFIER}}_PIN);
