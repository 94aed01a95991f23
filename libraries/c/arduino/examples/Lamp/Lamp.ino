// A lamp with a button. Put your network's name and password here, and the pins
// of your board.
#include <SwitchboardWiFi.h>

const char *const NETWORK = "network";
const char *const PASSWORD = "password";
const uint8_t LED = 8;     // any pin with an LED
const uint8_t BUTTON = 9;  // BOOT of most boards with an ESP32-C3; 0 with an ESP32

enum { LAMP, PRESSES };  // the order of the table

const sb_component components[] = {
    SB_DIMMABLE_LIGHT(0, "Lamp"),
    SB_BUTTON(0, "Button", "light:0"),  // a press toggles the lamp
};

SwitchboardWiFi board("Desk lamp", components);

void show(unsigned component, const sb_state &shown) {
  if (component == LAMP) {
    analogWrite(LED, shown.on ? shown.brightness * 255 / 100 : 0);
  }
}

void setup() {
  Serial.begin(115200);
  pinMode(LED, OUTPUT);
  pinMode(BUTTON, INPUT_PULLUP);
  board.onOutput(show);
  WiFi.begin(NETWORK, PASSWORD);
}

void loop() {
  static bool held = false;
  board.loop(20);  // serves for 20 ms, which also debounces the button
  bool down = digitalRead(BUTTON) == LOW;
  if (held && !down) {
    board.press(PRESSES);
  }
  held = down;
}
