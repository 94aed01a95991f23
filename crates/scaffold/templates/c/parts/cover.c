//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_COVER({{number}}, {{"name"}}, {{class_or_null}}),
//// helper
/* How long a cover takes from closed to open. */
#define COVER_MS 10000

/* A cover whose motor only runs in one of two directions: its position follows
 * from the time. */
typedef struct {
    void (*run)(int direction); /* 1 opens, -1 closes, 0 stops */
    int direction;
    int32_t position_ms; /* 0 (closed) to COVER_MS (open) */
    int32_t target_ms;
    uint64_t moved_at;
} cover;

static void report_cover(sb_board *board, unsigned component, const cover *cover)
{
    sb_movement movement = SB_STOPPED;
    if (cover->direction != 0) {
        movement = cover->direction > 0 ? SB_OPENING : SB_CLOSING;
    } else if (cover->position_ms == 0) {
        movement = SB_CLOSED_COVER;
    } else if (cover->position_ms == COVER_MS) {
        movement = SB_OPEN;
    }
    (void)sb_set_cover(board, component, movement,
                       (uint8_t)(cover->position_ms * 100 / COVER_MS));
}

/* Lets a cover do what a client commands. */
static void command_cover(sb_board *board, const sb_command *command, cover *cover)
{
    int32_t target_ms = cover->position_ms;
    switch (command->action) {
    case SB_ACTION_OPEN:
        target_ms = COVER_MS;
        break;
    case SB_ACTION_CLOSE:
        target_ms = 0;
        break;
    case SB_ACTION_MOVE:
        target_ms = command->position * (COVER_MS / 100);
        break;
    default:
        break;
    }
    cover->target_ms = target_ms;
    cover->direction = (target_ms > cover->position_ms) - (target_ms < cover->position_ms);
    cover->run(cover->direction);
    report_cover(board, command->component, cover);
}

/* Stops a cover that has arrived, and reports its position as it moves. */
static void step_cover(sb_board *board, unsigned component, uint64_t now, cover *cover)
{
    int32_t elapsed_ms = (int32_t)(now - cover->moved_at);
    cover->moved_at = now;
    if (cover->direction == 0) {
        return;
    }
    cover->position_ms += cover->direction * elapsed_ms;
    if ((cover->target_ms - cover->position_ms) * cover->direction <= 0) {
        cover->position_ms = cover->target_ms;
        cover->direction = 0;
        cover->run(0);
    }
    report_cover(board, component, cover);
}

//// state
static cover {{identifier}} = {.run = hardware_run_{{identifier}}};

//// command
if (command->component == BOARD_{{IDENTIFIER}}) {
    command_cover(board, command, &{{identifier}});
}
//// step
step_cover(board, BOARD_{{IDENTIFIER}}, now, &{{identifier}});
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

void hardware_run_{{identifier}}(int direction)
{
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

void hardware_run_{{identifier}}(int direction)
{
    static const char *const words[] = {"closes", "stops", "opens"};
    fprintf(stderr, "%s: %s\n", {{"name"}}, words[direction + 1]);
}
