//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_COVER({{number}}, {{"name"}}, {{class_or_null}}),
//// helper
/* How long a cover takes from closed to open. */
#define COVER_MS 10000

/* The motor of a cover, which only runs in one of two directions: the position
 * follows from the time. */
typedef struct {
    void (*run)(int direction); /* 1 opens, -1 closes, 0 stops */
    int direction;
    int32_t position_ms; /* 0 (closed) to COVER_MS (open) */
    int32_t target_ms;
    uint64_t moved_at;
} motor;

static void report_cover(sb_board *board, unsigned component, const motor *motor) {
    sb_movement movement = SB_COVER_STOPPED;
    if (motor->direction != 0) {
        movement = motor->direction > 0 ? SB_COVER_OPENING : SB_COVER_CLOSING;
    } else if (motor->position_ms == 0) {
        movement = SB_COVER_CLOSED;
    } else if (motor->position_ms == COVER_MS) {
        movement = SB_COVER_OPEN;
    }
    (void)sb_set_cover(board, component, movement,
                       (uint8_t)(motor->position_ms * 100 / COVER_MS));
}

/* Lets a cover do what a client commands. */
static void command_cover(sb_board *board, const sb_command *command, motor *motor) {
    int32_t target_ms = motor->position_ms;
    switch (command->action) {
    case SB_ACTION_OPEN:
        target_ms = COVER_MS;
        break;
    case SB_ACTION_CLOSE:
        target_ms = 0;
        break;
    case SB_ACTION_MOVE:
        /* Rounded up, so that the reported position is this one. */
        target_ms = (command->position * COVER_MS + 99) / 100;
        break;
    default:
        break;
    }
    motor->target_ms = target_ms;
    motor->direction = (target_ms > motor->position_ms) - (target_ms < motor->position_ms);
    motor->run(motor->direction);
    report_cover(board, command->component, motor);
}

/* Stops a cover that has arrived, and reports its position as it moves. */
static void step_cover(sb_board *board, unsigned component, uint64_t now, motor *motor) {
    int32_t elapsed_ms = (int32_t)(now - motor->moved_at);
    motor->moved_at = now;
    if (motor->direction == 0) {
        return;
    }
    motor->position_ms += motor->direction * elapsed_ms;
    if ((motor->target_ms - motor->position_ms) * motor->direction <= 0) {
        motor->position_ms = motor->target_ms;
        motor->direction = 0;
        motor->run(0);
    }
    report_cover(board, component, motor);
}

//// state
static motor {{identifier}}_motor = {.run = hardware_run_{{identifier}}};

//// command
if (command->component == BOARD_{{IDENTIFIER}}) {
    command_cover(board, command, &{{identifier}}_motor);
}
//// step
step_cover(board, BOARD_{{IDENTIFIER}}, now, &{{identifier}}_motor);
//// declaration
/* Runs the motor of {{name}}: 1 opens, -1 closes, 0 stops. */
void hardware_run_{{identifier}}(int direction);
//// pin
#define {{IDENTIFIER}}_OPEN_PIN -1  /* a relay */
#define {{IDENTIFIER}}_CLOSE_PIN -1 /* a relay */
//// start
start_output({{IDENTIFIER}}_OPEN_PIN);
start_output({{IDENTIFIER}}_CLOSE_PIN);
//// chip

void hardware_run_{{identifier}}(int direction) {
    if ({{IDENTIFIER}}_OPEN_PIN >= 0 && {{IDENTIFIER}}_CLOSE_PIN >= 0) {
        /* Never both at once. */
        (void)gpio_set_level({{IDENTIFIER}}_OPEN_PIN, 0);
        (void)gpio_set_level({{IDENTIFIER}}_CLOSE_PIN, 0);
        if (direction != 0) {
            (void)gpio_set_level(direction > 0 ? {{IDENTIFIER}}_OPEN_PIN : {{IDENTIFIER}}_CLOSE_PIN, 1);
        }
    }
}
//// host

void hardware_run_{{identifier}}(int direction) {
    static const char *const words[] = {"closes", "stops", "opens"};
    fprintf(stderr, "%s: %s\n", {{"name"}}, words[direction + 1]);
}
