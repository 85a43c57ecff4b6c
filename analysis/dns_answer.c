/* SPDX-License-Identifier: MIT */
#include "analysis/dns_answer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES_LOOKED_AT = 64 };

void dns_answer_name(const ldns_rdf *name, char to[static INVESTIGATION_NAME_BYTES])
{
    char *text = ldns_rdf2str(name);
    const char *from = text == NULL ? "" : text;
    size_t length = strlen(from);
    if (length > 1 && from[length - 1] == '.')
        length--;
    bool cut = length >= INVESTIGATION_NAME_BYTES;
    if (cut)
        from += length - (INVESTIGATION_NAME_BYTES - 4);
    (void)snprintf(to, INVESTIGATION_NAME_BYTES, "%s%.*s", cut ? "..." : "",
                   cut ? INVESTIGATION_NAME_BYTES - 4 : (int)length, from);
    for (char *c = to; *c != '\0'; c++)
        if (!isascii((unsigned char)*c) || !isgraph((unsigned char)*c))
            *c = '?';
    free(text);
}

static bool is_address(const ldns_rr *rr, const struct investigation_host *h)
{
    const ldns_rdf *value = ldns_rr_rdf(rr, 0);
    size_t size = h->ipv6 ? 16 : 4;
    return ldns_rr_get_type(rr) == (h->ipv6 ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A) &&
           value != NULL && ldns_rdf_size(value) == size &&
           memcmp(ldns_rdf_data(value), h->address, size) == 0;
}

bool dns_answer_has_address(const ldns_pkt *answer, const struct investigation_host *h)
{
    const ldns_rr_list *list = ldns_pkt_answer(answer);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list) && i < ADDRESSES_LOOKED_AT; i++)
        if (is_address(ldns_rr_list_rr(list, i), h))
            return true;
    return false;
}

/* The strings of a TXT record with "|" between them; RouteViews' three look like Cymru's one.
 */
static void txt_text(const ldns_rr *rr, char *to, size_t size)
{
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *r = ldns_rr_rdf(rr, i);
        const uint8_t *data = ldns_rdf_data(r);
        size_t n = ldns_rdf_size(r) > 0 ? ldns_rdf_size(r) - 1 : 0;
        if (used > 0 && used + 1 < size)
            to[used++] = '|';
        for (size_t k = 0; k < n && used + 1 < size; k++)
            to[used++] = isascii(data[1 + k]) && isprint(data[1 + k]) ? (char)data[1 + k] : '?';
        to[used] = '\0';
    }
}

/* The next part of "a | b | c", without spaces around it. */
static char *next_part(char **rest)
{
    char *part = *rest;
    char *bar = part == NULL ? NULL : strchr(part, '|');
    if (part == NULL)
        return (char *)"";
    *rest = bar == NULL ? NULL : bar + 1;
    if (bar != NULL)
        *bar = '\0';
    part += strspn(part, " ");
    for (size_t n = strlen(part); n > 0 && part[n - 1] == ' '; n--)
        part[n - 1] = '\0';
    return part;
}

/* "23028 | 216.90.108.0/24 | US | arin | 1998-09-25", or "21529", "207.244.0.0", "18". */
static bool parse_origin(char *text, struct prefix of, struct investigation_dns *to,
                         unsigned *length)
{
    struct route route;
    char address[ROUTE_TEXT_BYTES], *end;
    unsigned long asn = strtoul(next_part(&text), &end, 10);
    char *announced = next_part(&text);
    char *slash = strchr(announced, '/');
    const char *bits = slash != NULL ? slash + 1 : next_part(&text);
    unsigned long value = strtoul(bits, NULL, 10);
    if (slash != NULL)
        *slash = '\0';
    if (asn == 0 || asn > UINT32_MAX || strlen(announced) >= sizeof address ||
        !routes_parse(announced, value, &route) || route.length != value ||
        value > prefix_length(of))
        return false;
    *to = (struct investigation_dns){.asn = (uint32_t)asn};
    (void)routes_prefix(&route, to->announced);
    (void)snprintf(to->country, sizeof to->country, "%s", slash ? next_part(&text) : "");
    (void)snprintf(to->registry, sizeof to->registry, "%s", slash ? next_part(&text) : "");
    (void)whois_text_date(slash ? next_part(&text) : "", to->allocated);
    *length = (unsigned)value;
    return true;
}

bool dns_answer_origin(const ldns_pkt *answer, struct prefix of, struct investigation_dns *to)
{
    const ldns_rr_list *list = ldns_pkt_answer(answer);
    unsigned best = 0;
    bool found = false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        struct investigation_dns one;
        unsigned length;
        char text[512];
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT)
            continue;
        txt_text(rr, text, sizeof text);
        if (!parse_origin(text, of, &one, &length) || (found && length <= best))
            continue;
        one.lookup = to->lookup;
        *to = one;
        best = length;
        found = true;
    }
    return found;
}

bool dns_answer_as_name(const ldns_pkt *answer, struct investigation_as *to)
{
    const ldns_rr_list *list = ldns_pkt_answer(answer);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        char text[512], *rest = text, *name = NULL;
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT)
            continue;
        txt_text(rr, text, sizeof text);
        for (unsigned part = 0; part < 5; part++)
            name = next_part(&rest);
        (void)snprintf(to->name, sizeof to->name, "%s", name);
        if (name[0] != '\0')
            return true;
    }
    return false;
}
