// The chip's own temperature, every five seconds, with an event when it is hot.
// Put your network's name and password here.
#include <SwitchboardWiFi.h>

const char *const NETWORK = "network";
const char *const PASSWORD = "password";

enum { TEMPERATURE, ALARM, LIMIT };  // the order of the table

const char *const alarms[] = {"hot", nullptr};

const sb_component components[] = {
    SB_SENSOR(0, "Temperature", "temperature", "°C", 1),
    SB_EVENTS(0, "Alarm", nullptr, alarms),
    SB_NUMBER(0, "Limit", "°C", 30, 90, 1),
};

SwitchboardWiFi board("Thermometer", components);

void setup() {
  Serial.begin(115200);
  WiFi.begin(NETWORK, PASSWORD);
}

void loop() {
  board.loop(100);

  static unsigned long measured = 0;
  static bool hot = false;
  if (!board.started() || (measured != 0 && millis() - measured < 5000)) {
    return;
  }
  measured = millis();
  float celsius = temperatureRead();
  board.set(TEMPERATURE, celsius);
  bool over = celsius > sb_get(board.board(), LIMIT)->value;
  if (over && !hot) {
    board.event(ALARM, "hot");
  }
  hot = over;
}
