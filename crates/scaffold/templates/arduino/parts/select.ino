//// index
BOARD_{{IDENTIFIER}},
//// before
const char *const {{identifier}}_options[] = {"Off", "Slow", "Fast", nullptr};

//// component
SB_SELECT({{number}}, {{"name"}}, {{identifier}}_options),
//// output
case BOARD_{{IDENTIFIER}}:
  Serial.printf("%s: %s\n", {{"name"}}, {{identifier}}_options[shown.option]);  // use it here
  break;
