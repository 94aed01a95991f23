/*
 * What outputs show. A light that fades shows steps between two states; what it
 * reports is the second one already.
 */
#include "core.h"

/* Milliseconds between two steps of a light: 50 per second look smooth. */
#define STEP 20

void sbi_show(sb_board *board, unsigned at, const sb_state *shown) {
    const sb_config *config = board->config;
    if (config->output != NULL) {
        board->in_output = true;
        config->output(board, at, shown, config->context);
        board->in_output = false;
    }
}

/* How bright a light appears: 0 while it is off. */
static int level(const sb_state *state) {
    return state->on ? state->brightness : 0;
}

static int between(const sb_fade *fade, int from, int to, uint64_t passed) {
    int64_t duration = fade->duration;
    int64_t change = (int64_t)(to - from) * (int64_t)passed;
    int64_t half = change < 0 ? -duration / 2 : duration / 2;
    return from + (int)((change + half) / duration);
}

static uint8_t byte_between(const sb_fade *fade, uint8_t from, uint8_t to, uint64_t passed) {
    return (uint8_t)between(fade, from, to, passed);
}

/* What the light shows `passed` milliseconds after the fade began. */
static void fade_at(const sb_fade *fade, const sb_state *to, uint64_t passed, sb_state *shown) {
    const sb_state *from = &fade->from;
    *shown = *to;
    if (passed >= fade->duration) {
        return;
    }
    shown->on = from->on || to->on;
    shown->brightness = (uint8_t)between(fade, level(from), level(to), passed);
    /* A light that was off has no color to fade from; one that turns off keeps
     * its color. */
    if (!from->on || !to->on) {
        return;
    }
    if ((from->fields & to->fields & SB_RGB) != 0) {
        shown->red = byte_between(fade, from->red, to->red, passed);
        shown->green = byte_between(fade, from->green, to->green, passed);
        shown->blue = byte_between(fade, from->blue, to->blue, passed);
    }
    if ((from->fields & to->fields & SB_CT) != 0) {
        shown->ct_k = (uint16_t)between(fade, from->ct_k, to->ct_k, passed);
    }
}

void sbi_shown(const sb_board *board, unsigned at, sb_state *shown) {
    const sb_fade *fade = &board->fades[at];
    if (fade->running) {
        fade_at(fade, &board->states[at], board->now - fade->began, shown);
    } else {
        *shown = board->states[at];
    }
}

void sbi_start_fade(sb_board *board, unsigned at, const sb_state *from, uint32_t duration) {
    const uint16_t needed = SB_ON | SB_BRIGHTNESS;
    const sb_state *to = &board->states[at];
    sb_fade *fade = &board->fades[at];
    fade->running = duration > 0 && (from->fields & to->fields & needed) == needed;
    if (!fade->running) {
        sbi_show(board, at, to);
        return;
    }
    fade->from = *from;
    fade->began = board->now;
    fade->next = board->now + STEP;
    fade->duration = duration;
    sb_state shown;
    sbi_shown(board, at, &shown);
    sbi_show(board, at, &shown);
}

void sbi_step_fades(sb_board *board) {
    for (unsigned at = 0; at < board->config->component_count; at++) {
        sb_fade *fade = &board->fades[at];
        if (!fade->running || board->now < fade->next) {
            continue;
        }
        sb_state shown;
        sbi_shown(board, at, &shown);
        uint64_t passed = board->now - fade->began;
        if (passed >= fade->duration) {
            fade->running = false;
        } else {
            /* On the same grid after a delay, and never past the end. */
            uint64_t next = (passed / STEP + 1) * STEP;
            fade->next = fade->began + (next < fade->duration ? next : fade->duration);
        }
        sbi_show(board, at, &shown);
    }
}

uint64_t sbi_fade_deadline(const sb_board *board) {
    uint64_t deadline = SB_NEVER;
    for (unsigned at = 0; at < board->config->component_count; at++) {
        const sb_fade *fade = &board->fades[at];
        if (fade->running && fade->next < deadline) {
            deadline = fade->next;
        }
    }
    return deadline;
}
