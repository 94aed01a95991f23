//// index
BOARD_{{IDENTIFIER}},
//// component
[BOARD_{{IDENTIFIER}}] = SB_DIMMABLE_LIGHT({{number}}, {{"name"}}),
//// output
case BOARD_{{IDENTIFIER}}:
    hardware_set_{{identifier}}(shown->on, shown->brightness);
    break;
//// declaration
/* {{name}}; `brightness` from 0 to 100 %. */
void hardware_set_{{identifier}}(bool on, uint8_t brightness);
//// pin
#define {{IDENTIFIER}}_PIN -1 /* an LED */
#define {{IDENTIFIER}}_CHANNEL ((ledc_channel_t)(LEDC_CHANNEL_0 + {{number}}))
//// start
start_pulses({{IDENTIFIER}}_PIN, {{IDENTIFIER}}_CHANNEL);
//// chip

void hardware_set_{{identifier}}(bool on, uint8_t brightness) {
    set_pulses({{IDENTIFIER}}_PIN, {{IDENTIFIER}}_CHANNEL, on ? brightness : 0);
}
//// host

void hardware_set_{{identifier}}(bool on, uint8_t brightness) {
    fprintf(stderr, "%s: %s at %d %%\n", {{"name"}}, on ? "on" : "off", brightness);
}
