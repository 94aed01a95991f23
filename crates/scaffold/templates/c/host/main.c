/*
 * The program on a computer: the same board with simulated hardware.
 */
#include "board.h"
#include "hardware.h"
#include "host.h"

int main(int count, char **arguments) {
    static const host_program program = {
        .config = &board_config,
        .id = {{"id"}},
        .step = board_step,
        .step_ms = BOARD_STEP_MS,
    };
    hardware_start();
    return host_run(count, arguments, &program);
}
