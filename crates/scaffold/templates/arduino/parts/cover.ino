//// index
BOARD_{{IDENTIFIER}},
//// component
SB_COVER({{number}}, {{"name"}}, {{class_or_null}}),
//// type
// How long a cover takes from closed to open.
const long COVER_MS = 10000;

// The motor of a cover, which only runs in one of two directions: the position
// follows from the time.
struct Motor {
  int openPin;
  int closePin;
  int direction;   // 1 opens, -1 closes, 0 stands
  long positionMs; // 0 (closed) to COVER_MS (open)
  long targetMs;
  unsigned long movedAt;
};

//// helper
void reportCover(unsigned component, const Motor &motor) {
  sb_movement movement = SB_COVER_STOPPED;
  if (motor.direction != 0) {
    movement = motor.direction > 0 ? SB_COVER_OPENING : SB_COVER_CLOSING;
  } else if (motor.positionMs == 0) {
    movement = SB_COVER_CLOSED;
  } else if (motor.positionMs == COVER_MS) {
    movement = SB_COVER_OPEN;
  }
  sb_set_cover(board.board(), component, movement,
               static_cast<uint8_t>(motor.positionMs * 100 / COVER_MS));
}

// Runs the motor; never in both directions at once.
void runCover(Motor &motor, int direction) {
  motor.direction = direction;
  writePin(motor.openPin, false);
  writePin(motor.closePin, false);
  writePin(motor.openPin, direction > 0);
  writePin(motor.closePin, direction < 0);
}

// Lets a cover do what a client commands.
void commandCover(const sb_command &command, Motor &motor) {
  motor.targetMs = motor.positionMs;
  if (command.action == SB_ACTION_OPEN) {
    motor.targetMs = COVER_MS;
  } else if (command.action == SB_ACTION_CLOSE) {
    motor.targetMs = 0;
  } else if (command.action == SB_ACTION_MOVE) {
    // Rounded up, so that the reported position is this one.
    motor.targetMs = (command.position * COVER_MS + 99) / 100;
  }
  runCover(motor, (motor.targetMs > motor.positionMs) - (motor.targetMs < motor.positionMs));
  reportCover(command.component, motor);
}

// Stops a cover that has arrived, and reports its position as it moves.
void stepCover(unsigned component, Motor &motor) {
  long elapsedMs = static_cast<long>(millis() - motor.movedAt);
  motor.movedAt = millis();
  if (motor.direction == 0) {
    return;
  }
  motor.positionMs += motor.direction * elapsedMs;
  if ((motor.targetMs - motor.positionMs) * motor.direction <= 0) {
    motor.positionMs = motor.targetMs;
    runCover(motor, 0);
  }
  reportCover(component, motor);
}

//// hardware
Motor {{identifier}}_motor = { {{IDENTIFIER}}_OPEN_PIN, {{IDENTIFIER}}_CLOSE_PIN, 0, 0, 0, 0 };

//// command
if (command.component == BOARD_{{IDENTIFIER}}) {
  commandCover(command, {{identifier}}_motor);
}
//// step
stepCover(BOARD_{{IDENTIFIER}}, {{identifier}}_motor);
//// pin
const int {{IDENTIFIER}}_OPEN_PIN = -1;   // a relay
const int {{IDENTIFIER}}_CLOSE_PIN = -1;  // a relay
//// start
startOutput({{IDENTIFIER}}_OPEN_PIN);
startOutput({{IDENTIFIER}}_CLOSE_PIN);
