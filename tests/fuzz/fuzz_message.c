/* One DNS message; the first octet says how many of its octets the capture left out. */
/* SPDX-License-Identifier: MIT */
#include "capture/dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint8_t *exact = malloc(size); /* so that reading behind it is found */
    check(exact != NULL);
    memcpy(exact, data, size);
    struct message m = {0};
    uint8_t name[DNS_NAME_ROOM];
    enum defect defect;
    struct bytes b = {exact + 1, exact + size, exact[0]};
    enum verdict v = dns_decode(b, &m, name, &defect);
    check(v == VERDICT_MESSAGE ? size > DNS_HEADER_BYTES : size <= DNS_HEADER_BYTES);
    check(m.name_bytes == 0 || (m.flags & MESSAGE_QUESTION && name[m.name_bytes - 1] == 0));
    free(exact);
    return 0;
}
