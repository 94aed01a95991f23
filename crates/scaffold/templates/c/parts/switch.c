//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = {
    .kind = SB_KIND_SWITCH,
    .number = {{number}},
    .name = {{"name"}},
    .device_class = {{class_or_null}},
    .initial = {.fields = SB_ON},
},
//// output
case BOARD_{{IDENTIFIER}}:
    hardware_set_{{identifier}}(shown->on);
    break;
//// declaration
/* {{name}}. */
void hardware_set_{{identifier}}(bool on);
//// pin
#define {{IDENTIFIER}}_PIN -1 /* a relay */
//// start
start_output({{IDENTIFIER}}_PIN);
//// chip

void hardware_set_{{identifier}}(bool on) {
    if ({{IDENTIFIER}}_PIN >= 0) {
        (void)gpio_set_level({{IDENTIFIER}}_PIN, on);
    }
}
//// host

void hardware_set_{{identifier}}(bool on) {
    fprintf(stderr, "%s: %s\n", {{"name"}}, on ? "on" : "off");
}
