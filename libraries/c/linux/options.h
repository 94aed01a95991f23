/*
 * The command line of a board as a program.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Origins that can be given. */
#define OPTIONS_ORIGINS 8

typedef struct host_options {
    const char *program; /* its name, for messages */
    const char *name;    /* NULL: the id */
    const char *id;      /* NULL: a random one */
    const char *bind;    /* a numeric address */
    const char *service; /* the mDNS service type */
    uint16_t port;       /* 0: any */
    unsigned controllers;
    bool mdns;
    const char *origins[OPTIONS_ORIGINS];
    size_t origin_count;
} host_options;

/* Reads the arguments. Returns -1 to go on, or the status to end with. */
int options_read(host_options *options, int count, char **arguments);

#endif
