//// index
BOARD_{{IDENTIFIER}},
//// component
SB_DIMMABLE_LIGHT({{number}}, {{"name"}}),
//// output
case BOARD_{{IDENTIFIER}}:
  writePulses({{IDENTIFIER}}_PIN, shown.on ? shown.brightness : 0);
  break;
//// helper
// Sets the duty cycle in percent, for the brightness of an LED.
void writePulses(int pin, int percent) {
  if (pin >= 0) {
    analogWrite(pin, percent * 255 / 100);
  }
}

//// pin
const int {{IDENTIFIER}}_PIN = -1;  // an LED
//// start
startOutput({{IDENTIFIER}}_PIN);
