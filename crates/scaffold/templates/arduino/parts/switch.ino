//// index
BOARD_{{IDENTIFIER}},
//// component
{.kind = SB_KIND_SWITCH,
 .number = {{number}},
 .name = {{"name"}},
 .device_class = {{class_or_null}},
 .initial = {.fields = SB_ON}},
//// output
case BOARD_{{IDENTIFIER}}:
  writePin({{IDENTIFIER}}_PIN, shown.on);
  break;
//// pin
const int {{IDENTIFIER}}_PIN = -1;  // a relay
//// start
startOutput({{IDENTIFIER}}_PIN);
