/* An answer of a resolver to a look-up: what is taken from it is bounded and printable. */
/* SPDX-License-Identifier: MIT */
#include "analysis/dns_answer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t room)
{
    if (memchr(text, '\0', room) == NULL)
        abort();
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            abort();
}

static void take_origin(const ldns_pkt *answer)
{
    const struct prefix p = prefix_of(4, (const uint8_t[16]){192, 0, 2}, 24);
    struct investigation_dns d = {.asn = 0};
    if (!dns_answer_origin(answer, p, &d))
        return;
    if (d.asn == 0)
        abort();
    check(d.announced, sizeof d.announced);
    check(d.country, sizeof d.country);
    check(d.registry, sizeof d.registry);
    check(d.allocated, sizeof d.allocated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct investigation_host host = {.address = {192, 0, 2, 1}};
    struct investigation_as as = {.asn = 64496};
    char name[INVESTIGATION_NAME_BYTES];
    ldns_pkt *answer = NULL;
    if (ldns_wire2pkt(&answer, data, size) != LDNS_STATUS_OK)
        return 0;
    (void)dns_answer_has_address(answer, &host);
    take_origin(answer);
    if (dns_answer_as_name(answer, &as))
        check(as.name, sizeof as.name);
    const ldns_rr_list *list = ldns_pkt_answer(answer);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_PTR || ldns_rr_rdf(rr, 0) == NULL)
            continue;
        dns_answer_name(ldns_rr_rdf(rr, 0), name);
        check(name, sizeof name);
    }
    ldns_pkt_free(answer);
    return 0;
}
