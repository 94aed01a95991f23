//// index
BOARD_{{IDENTIFIER}},
//// component
SB_TEXT_FIELD({{number}}, {{"name"}}, ""),
//// output
case BOARD_{{IDENTIFIER}}:
  Serial.printf("%s: %s\n", {{"name"}}, shown.text);  // show it here
  break;
