#include "sb_esp_chip.h"

#include "mdns.h"

#define SERVICE "_switchboard"
#define PROTOCOL "_tcp"

static bool announced;

bool sb_esp_announce(const sb_board *board, uint16_t port) {
    const sb_config *config = sb_configuration(board);
    if (announced) {
        return mdns_service_instance_name_set(SERVICE, PROTOCOL, sb_name(board)) == ESP_OK &&
               mdns_service_txt_item_set(SERVICE, PROTOCOL, "friendly_name", sb_name(board)) ==
                   ESP_OK;
    }
    /* The order is that of the protocol: `txtvers` first. */
    const mdns_txt_item_t items[] = {
        {"txtvers", "1"},
        {"id", config->id},
        {"mac", config->mac},
        {"friendly_name", sb_name(board)},
        {"version", config->version},
        {"platform", config->platform},
        {"board", config->product},
        {"proto", "1"},
        {"path", "/rpc"},
    };
    mdns_txt_item_t txt[sizeof items / sizeof items[0]];
    size_t count = 0;
    /* From the last one: the mdns component sends them in reverse. */
    for (size_t i = sizeof items / sizeof items[0]; i-- > 0;) {
        if (items[i].value != NULL && items[i].value[0] != '\0') {
            txt[count++] = items[i];
        }
    }
    /* Without an error if mDNS runs already. */
    announced = mdns_init() == ESP_OK && mdns_hostname_set(config->id) == ESP_OK &&
                mdns_service_add(sb_name(board), SERVICE, PROTOCOL, port, txt, count) == ESP_OK;
    return announced;
}

void sb_esp_withdraw(void) {
    if (announced) {
        (void)mdns_service_remove(SERVICE, PROTOCOL);
        announced = false;
    }
}
