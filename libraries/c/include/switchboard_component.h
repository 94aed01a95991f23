/*
 * Components: what they are, their states, and macros that describe the usual
 * ones. Included by switchboard.h.
 */
#ifndef SWITCHBOARD_COMPONENT_H
#define SWITCHBOARD_COMPONENT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of components. */
typedef enum sb_kind {
    SB_KIND_SWITCH,
    SB_KIND_BINARY_SENSOR,
    SB_KIND_LIGHT,
    SB_KIND_COVER,
    SB_KIND_SENSOR,
    SB_KIND_NUMBER,
    SB_KIND_SELECT,
    SB_KIND_TEXT,
    SB_KIND_TEXT_SENSOR,
    SB_KIND_BUTTON,
    SB_KIND_EVENT
} sb_kind;

/* Fields of a state, as bits of `sb_state.fields`. */
#define SB_ON 0x0001u         /* switch, binary_sensor, light */
#define SB_BRIGHTNESS 0x0002u /* light */
#define SB_RGB 0x0004u        /* light */
#define SB_CT 0x0008u         /* light */
#define SB_WHITE 0x0010u      /* light */
#define SB_EFFECT 0x0020u     /* light */
#define SB_PALETTE 0x0040u    /* light */
#define SB_MOVEMENT 0x0080u   /* cover: `state` */
#define SB_POSITION 0x0100u   /* cover */
#define SB_VALUE 0x0200u      /* sensor, number */
#define SB_OPTION 0x0400u     /* select: `value` */
#define SB_TEXT 0x0800u       /* text, text_sensor: `value` */

/* What a cover does. */
typedef enum sb_movement {
    SB_COVER_OPEN,
    SB_COVER_OPENING,
    SB_COVER_CLOSED,
    SB_COVER_CLOSING,
    SB_COVER_STOPPED
} sb_movement;

/*
 * The state of a component. Only the fields of its kind and `caps` count. A
 * field whose bit is missing in `fields` is unknown (`null`).
 */
typedef struct sb_state {
    uint16_t fields;       /* SB_ON, ...: the known ones */
    bool on;
    uint8_t brightness;    /* 0 to 100 % */
    uint8_t red;           /* SB_RGB */
    uint8_t green;         /* SB_RGB */
    uint8_t blue;          /* SB_RGB */
    uint8_t white;         /* 0 to 255 */
    uint8_t effect;        /* index into `options` */
    uint8_t palette;       /* index into `palettes` */
    uint8_t option;        /* index into `options` */
    uint8_t movement;      /* an sb_movement */
    uint8_t position;      /* 0 (closed) to 100 (open) % */
    uint16_t ct_k;         /* kelvin */
    double value;          /* finite */
    const char *text;      /* at most SB_TEXT_BYTES bytes */
} sb_state;

/* For whom a component is. */
typedef enum sb_category {
    SB_PRIMARY,
    SB_CONFIG,
    SB_DIAGNOSTIC
} sb_category;

/*
 * A component: what it is, and its state at boot. Pointers may be NULL, numbers
 * 0, where nothing else is said. The macros below make the usual ones.
 */
typedef struct sb_component {
    sb_kind kind;
    uint16_t number;             /* the part of the key after the colon */
    const char *name;            /* for display; required */
    const char *icon;            /* "mdi:lamp" */
    const char *device_class;    /* in Home Assistant's terms */
    const char *unit;            /* unit_of_measurement */
    const char *state_class;     /* of a sensor: "measurement", ... */
    sb_category category;
    uint8_t decimals;            /* of a sensor: accuracy_decimals, 0 to 9 */
    uint16_t caps;               /* SB_BRIGHTNESS, SB_RGB, SB_WHITE, SB_POSITION */
    uint16_t ct_warmest;         /* of a light, in kelvin; 0: no color temperature */
    uint16_t ct_coldest;         /* of a light, in kelvin */
    const char *const *options;  /* ends with NULL: the options of a select, the
                                  * events of an event, the effects of a light */
    const char *const *palettes; /* ends with NULL: of a light */
    double min;                  /* of a number */
    double max;                  /* of a number, more than min */
    double step;                 /* of a number, more than 0 */
    const char *toggles;         /* of a button: the key of the switch or light
                                  * that a press toggles */
    const char *extra;           /* further members of the description, as JSON:
                                  * "\"interlocked_by\":\"switch:0\"" */
    sb_state initial;
} sb_component;

/* An output that is on or off; off at boot. */
#define SB_SWITCH(number_, name_) \
    {.kind = SB_KIND_SWITCH, .number = (number_), .name = (name_), .initial = {.fields = SB_ON}}

/* An input that is on or off; off at boot. */
#define SB_BINARY_SENSOR(number_, name_, class_) \
    {.kind = SB_KIND_BINARY_SENSOR, .number = (number_), .name = (name_), \
     .device_class = (class_), .initial = {.fields = SB_ON}}

/* A light that is on or off; off at boot. */
#define SB_LIGHT(number_, name_) \
    {.kind = SB_KIND_LIGHT, .number = (number_), .name = (name_), .initial = {.fields = SB_ON}}

/* A light that can be dimmed; off at boot, with a brightness of 100 %. */
#define SB_DIMMABLE_LIGHT(number_, name_) \
    {.kind = SB_KIND_LIGHT, .number = (number_), .name = (name_), .caps = SB_BRIGHTNESS, \
     .initial = {.fields = SB_ON | SB_BRIGHTNESS, .brightness = 100}}

/* A light with a color; off at boot, white. */
#define SB_COLOR_LIGHT(number_, name_) \
    {.kind = SB_KIND_LIGHT, .number = (number_), .name = (name_), \
     .caps = SB_BRIGHTNESS | SB_RGB, \
     .initial = {.fields = SB_ON | SB_BRIGHTNESS | SB_RGB, .brightness = 100, .red = 255, \
                 .green = 255, .blue = 255}}

/* A button with the events press, double_press and long_press. */
#define SB_BUTTON(number_, name_, toggles_) \
    {.kind = SB_KIND_BUTTON, .number = (number_), .name = (name_), .toggles = (toggles_)}

/* A measurement, unknown at boot. */
#define SB_SENSOR(number_, name_, class_, unit_, decimals_) \
    {.kind = SB_KIND_SENSOR, .number = (number_), .name = (name_), .device_class = (class_), \
     .unit = (unit_), .state_class = "measurement", .decimals = (decimals_)}

/* A number that clients set, at boot `min_`. */
#define SB_NUMBER(number_, name_, unit_, min_, max_, step_) \
    {.kind = SB_KIND_NUMBER, .number = (number_), .name = (name_), .unit = (unit_), \
     .min = (min_), .max = (max_), .step = (step_), \
     .initial = {.fields = SB_VALUE, .value = (min_)}}

/* One of the texts in `options_`, which ends with NULL; at boot the first. */
#define SB_SELECT(number_, name_, options_) \
    {.kind = SB_KIND_SELECT, .number = (number_), .name = (name_), .options = (options_), \
     .initial = {.fields = SB_OPTION}}

/* A line of text that clients set, at boot `text_`. */
#define SB_TEXT_FIELD(number_, name_, text_) \
    {.kind = SB_KIND_TEXT, .number = (number_), .name = (name_), \
     .initial = {.fields = SB_TEXT, .text = (text_)}}

/* A line of text that the board reports, unknown at boot. */
#define SB_TEXT_SENSOR(number_, name_) \
    {.kind = SB_KIND_TEXT_SENSOR, .number = (number_), .name = (name_)}

/* A cover whose position can be set; closed at boot. */
#define SB_COVER(number_, name_, class_) \
    {.kind = SB_KIND_COVER, .number = (number_), .name = (name_), .device_class = (class_), \
     .caps = SB_POSITION, \
     .initial = {.fields = SB_MOVEMENT | SB_POSITION, .movement = SB_COVER_CLOSED}}

/* Events without a state: those in `types_`, which ends with NULL. */
#define SB_EVENTS(number_, name_, class_, types_) \
    {.kind = SB_KIND_EVENT, .number = (number_), .name = (name_), .device_class = (class_), \
     .options = (types_)}

#ifdef __cplusplus
}
#endif

#endif
