/*
 * The bench program: a board without hardware for the tests that all boards
 * share.
 */
#include "bench.h"
#include "host.h"
#ifdef BENCH_PAGE
#include BENCH_PAGE
#endif

static bench_hardware hardware;

static void boot(void) {
    bench_init(&hardware);
}

static void step(sb_board *board, uint64_t now) {
    bench_tick(&hardware, board, now);
}

static uint64_t deadline(const sb_board *board) {
    return bench_deadline(&hardware, board);
}

int main(int count, char **arguments) {
    static const sb_config config = {
        .product = "C library's test bench",
        .components = bench_components,
        .component_count = BENCH_COMPONENTS,
        .channels = bench_channels,
        .channel_count = 2,
        .interval_us = 1000,
        .context = &hardware,
        .command = bench_command,
        .identify = bench_identify,
    };
    static const host_program program = {
        .config = &config,
        .boot = boot,
        .step = step,
        .deadline = deadline,
#ifdef BENCH_PAGE
        .page = sb_page_control_gz,
        .page_length = sizeof sb_page_control_gz,
        .page_policy = SB_PAGE_CONTROL_POLICY,
#endif
    };
    return host_run(count, arguments, &program);
}
