//// index
BOARD_{{IDENTIFIER}},
//// component
SB_NUMBER({{number}}, {{"name"}}, "%", 0, 100, 1),
//// output
case BOARD_{{IDENTIFIER}}:
  Serial.printf("%s: %g\n", {{"name"}}, shown.value);  // use it here
  break;
