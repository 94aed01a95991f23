// {{name}}: a board for Switchboard. config.h has its network and pins; see
// README.md for the rest.
#include "config.h"
#include "src/switchboard/SwitchboardWiFi.h"

// How often sensors are read.
const unsigned long MEASURE_MS = 1000;

// The order of the table.
enum {
  {{each index}}
};

{{once type}}
{{each before}}
const sb_component components[] = {
    {{each component}}
};

SwitchboardWiFi board({{"name"}}, components);

void startOutput(int pin) {
  if (pin >= 0) {
    pinMode(pin, OUTPUT);
  }
}

// A button or contact between the pin and ground.
void startInput(int pin) {
  if (pin >= 0) {
    pinMode(pin, INPUT_PULLUP);
  }
}

void writePin(int pin, bool on) {
  if (pin >= 0) {
    digitalWrite(pin, on ? HIGH : LOW);
  }
}

bool isClosed(int pin) {
  return pin >= 0 && digitalRead(pin) == LOW;
}

{{once helper}}
{{each hardware}}
// A component has to show this state: at the start, and after each change.
void show(unsigned component, const sb_state &shown) {
  (void)shown;
  switch (component) {
    {{each output}}
    default:
      break;
  }
}

// A client commands something. `return board.refuse(...)` refuses it.
bool command(const sb_command &command) {
  (void)command;
  {{each command}}
  return true;
}

// A button was pressed, at the board or by a client. What it toggles is in the
// table.
void pressed(unsigned component, const char *event) {
  Serial.printf("%s: %s\n", components[component].name, event);
}

void setup() {
  Serial.begin(115200);
  {{each start}}
  board.onOutput(show);
  board.onCommand(command);
  board.onPress(pressed);
  WiFi.begin(WIFI_SSID, WIFI_PASSWORD);
}

void loop() {
  board.loop(20);  // serves for 20 ms, which also debounces buttons
  if (!board.started()) {
    return;
  }
  {{each step}}
  static unsigned long measured = 0;
  if (measured != 0 && millis() - measured < MEASURE_MS) {
    return;
  }
  measured = millis();
  {{each measure}}
}
