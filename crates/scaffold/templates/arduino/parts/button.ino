//// index
BOARD_{{IDENTIFIER}},
//// component
SB_BUTTON({{number}}, {{"name"}}, {{toggles}}),
//// helper
// A press held this long is a long press.
const unsigned long LONG_PRESS_MS = 1000;

// Reports a press when the button is released.
void watchButton(unsigned component, bool down, unsigned long &since) {
  if (down && since == 0) {
    since = millis();
  } else if (!down && since != 0) {
    board.press(component, millis() - since >= LONG_PRESS_MS ? "long_press" : "press");
    since = 0;
  }
}

//// step
static unsigned long {{identifier}}Since = 0;
watchButton(BOARD_{{IDENTIFIER}}, isClosed({{IDENTIFIER}}_PIN), {{identifier}}Since);
//// pin
const int {{IDENTIFIER}}_PIN = -1;  // a button to ground
//// start
startInput({{IDENTIFIER}}_PIN);
