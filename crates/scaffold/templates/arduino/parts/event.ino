//// index
BOARD_{{IDENTIFIER}},
//// before
const char *const {{identifier}}_types[] = {"triggered", nullptr};

//// component
SB_EVENTS({{number}}, {{"name"}}, {{class_or_null}}, {{identifier}}_types),
//// step
static bool {{identifier}}Was = false;
bool {{identifier}}Is = isClosed({{IDENTIFIER}}_PIN);
if ({{identifier}}Is && !{{identifier}}Was) {
  board.event(BOARD_{{IDENTIFIER}}, "triggered");
}
{{identifier}}Was = {{identifier}}Is;
//// pin
const int {{IDENTIFIER}}_PIN = -1;  // a contact to ground
//// start
startInput({{IDENTIFIER}}_PIN);
