#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sb_origin.h"
#include "switchboard.h"

static const char help[] =
    "Runs one Switchboard board, made with the C library.\n"
    "\n"
    "  --name NAME         for display; default: the id\n"
    "  --id ID             1 to 63 lowercase letters, digits and hyphens; default: random\n"
    "  --bind ADDRESS      to listen on; default: 127.0.0.1; 0.0.0.0 is every interface\n"
    "  --port N            default: 0, any free port\n"
    "  --controllers N     that may be connected at once; default: 4\n"
    "  --allow-origin URL  let web pages of this origin control it; can be repeated\n"
    "  --no-mdns           do not announce it\n"
    "  --service TYPE      mDNS service type; default: _switchboard._tcp.local.\n"
    "\n"
    "It prints a line when it listens, and reads commands from standard input:\n"
    "press BOARD button:0, set BOARD sensor:0 value=21.5, quit.\n";

/* Reads a whole number in these limits. */
static bool read_number(const char *text, unsigned long min, unsigned long max,
                        unsigned long *number) {
    char *end = NULL;
    *number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number >= min && *number <= max;
}

static int bad(const host_options *options, const char *option, const char *why) {
    fprintf(stderr, "%s: %s: %s\n", options->program, option, why);
    return 2;
}

static int read_value(host_options *options, const char *option, const char *value) {
    unsigned long number = 0;
    if (strcmp(option, "--name") == 0) {
        options->name = value;
    } else if (strcmp(option, "--id") == 0) {
        options->id = value;
    } else if (strcmp(option, "--bind") == 0) {
        options->bind = value;
    } else if (strcmp(option, "--service") == 0) {
        options->service = value;
    } else if (strcmp(option, "--port") == 0) {
        if (!read_number(value, 0, 65535, &number)) {
            return bad(options, option, "expected a port from 0 to 65535");
        }
        options->port = (uint16_t)number;
    } else if (strcmp(option, "--controllers") == 0) {
        if (!read_number(value, 1, SB_CONTROLLERS, &number)) {
            fprintf(stderr, "%s: %s: expected 1 to %d\n", options->program, option, SB_CONTROLLERS);
            return 2;
        }
        options->controllers = (unsigned)number;
    } else if (strcmp(option, "--allow-origin") == 0) {
        if (!sb_is_origin(value)) {
            return bad(options, option,
                       "an origin is a scheme, a host and, where it is not the usual one, a port: "
                       "http://192.168.1.5:8080");
        }
        if (options->origin_count == OPTIONS_ORIGINS) {
            return bad(options, option, "given too often");
        }
        options->origins[options->origin_count++] = value;
    } else {
        return bad(options, option, "unknown; --help lists the options");
    }
    return -1;
}

int options_read(host_options *options, int count, char **arguments) {
    memset(options, 0, sizeof *options);
    const char *service = getenv("SWITCHBOARD_SERVICE");
    const char *folder = count > 0 ? strrchr(arguments[0], '/') : NULL;
    options->program = folder != NULL ? folder + 1 : count > 0 ? arguments[0] : "board";
    options->bind = "127.0.0.1";
    options->service =
        service != NULL && *service != '\0' ? service : "_switchboard._tcp.local.";
    options->controllers = SB_CONTROLLERS < 4 ? SB_CONTROLLERS : 4;
    options->mdns = true;
    for (int i = 1; i < count; i++) {
        char *option = arguments[i];
        if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (strcmp(option, "--no-mdns") == 0) {
            options->mdns = false;
            continue;
        }
        if (strncmp(option, "--", 2) != 0) {
            return bad(options, option, "unknown; --help lists the options");
        }
        char *value = strchr(option, '=');
        if (value != NULL) {
            *value++ = '\0';
        } else if (i + 1 < count) {
            value = arguments[++i];
        } else {
            return bad(options, option, "needs a value, or is unknown; --help lists the options");
        }
        int status = read_value(options, option, value);
        if (status >= 0) {
            return status;
        }
    }
    return -1;
}
