//// index
BOARD_{{IDENTIFIER}},
//// component
SB_COVER({{number}}, {{"name"}}, {{class_or_null}}),
//// helper
// How long a cover takes from closed to open.
const long COVER_MS = 10000;

// A cover with a motor that only runs in one of two directions: its position
// follows from the time.
struct Cover {
  int openPin;
  int closePin;
  int direction;   // 1 opens, -1 closes, 0 stands
  long positionMs; // 0 (closed) to COVER_MS (open)
  long targetMs;
  unsigned long movedAt;
};

void reportCover(unsigned component, const Cover &cover) {
  sb_movement movement = SB_STOPPED;
  if (cover.direction != 0) {
    movement = cover.direction > 0 ? SB_OPENING : SB_CLOSING;
  } else if (cover.positionMs == 0) {
    movement = SB_CLOSED_COVER;
  } else if (cover.positionMs == COVER_MS) {
    movement = SB_OPEN;
  }
  sb_set_cover(board.board(), component, movement,
               static_cast<uint8_t>(cover.positionMs * 100 / COVER_MS));
}

// Runs the motor; never in both directions at once.
void runCover(Cover &cover, int direction) {
  cover.direction = direction;
  writePin(cover.openPin, false);
  writePin(cover.closePin, false);
  writePin(cover.openPin, direction > 0);
  writePin(cover.closePin, direction < 0);
}

// Lets a cover do what a client commands.
void commandCover(const sb_command &command, Cover &cover) {
  cover.targetMs = cover.positionMs;
  if (command.action == SB_ACTION_OPEN) {
    cover.targetMs = COVER_MS;
  } else if (command.action == SB_ACTION_CLOSE) {
    cover.targetMs = 0;
  } else if (command.action == SB_ACTION_MOVE) {
    cover.targetMs = command.position * (COVER_MS / 100);
  }
  runCover(cover, (cover.targetMs > cover.positionMs) - (cover.targetMs < cover.positionMs));
  reportCover(command.component, cover);
}

// Stops a cover that has arrived, and reports its position as it moves.
void stepCover(unsigned component, Cover &cover) {
  long elapsedMs = static_cast<long>(millis() - cover.movedAt);
  cover.movedAt = millis();
  if (cover.direction == 0) {
    return;
  }
  cover.positionMs += cover.direction * elapsedMs;
  if ((cover.targetMs - cover.positionMs) * cover.direction <= 0) {
    cover.positionMs = cover.targetMs;
    runCover(cover, 0);
  }
  reportCover(component, cover);
}

//// hardware
Cover {{identifier}} = { {{IDENTIFIER}}_OPEN_PIN, {{IDENTIFIER}}_CLOSE_PIN, 0, 0, 0, 0 };

//// command
if (command.component == BOARD_{{IDENTIFIER}}) {
  commandCover(command, {{identifier}});
}
//// step
stepCover(BOARD_{{IDENTIFIER}}, {{identifier}});
//// pin
const int {{IDENTIFIER}}_OPEN_PIN = -1;   // a relay
const int {{IDENTIFIER}}_CLOSE_PIN = -1;  // a relay
//// start
startOutput({{IDENTIFIER}}_OPEN_PIN);
startOutput({{IDENTIFIER}}_CLOSE_PIN);
