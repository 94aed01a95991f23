/* Lines that a person writes to a board as a program. */
#include "bed.h"
#include "command.h"

static char problem[256];

static command_result run(const char *text) {
    char line[COMMAND_LINE];
    snprintf(line, sizeof line, "%s", text);
    problem[0] = '\0';
    return command_run(&bed, line, problem);
}

static void a_press_needs_an_event_that_the_component_has(void) {
    bed_start();
    EXPECT(run("press Desk lamp button:0") == COMMAND_DONE && bed_presses == 1);
    EXPECT(run("press Desk lamp event:0 double_push") == COMMAND_DONE);
    EXPECT(run("press Desk lamp event:0 wave") == COMMAND_FAILED);
    EXPECT(strcmp(problem, "wave is not an event of this component") == 0);
    EXPECT(run("press Desk lamp event:0") == COMMAND_FAILED);
    EXPECT(strstr(problem, "press needs an event after the component") == problem);
}

int main(void) {
    a_press_needs_an_event_that_the_component_has();
    return expect_end();
}
