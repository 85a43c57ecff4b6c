/* SPDX-License-Identifier: MIT */
#include "graphs/series.h"

#include <math.h>
#include <stddef.h>

enum taken { AS_RATE, AS_COUNT, AS_VALUE, AS_PART, AS_JUDGED };

struct series {
    const char *name;
    enum taken taken;
    size_t at; /* in struct minute: uint64_t, for AS_VALUE double, for AS_PART covered_s;
                * AS_JUDGED is a rate that is not known of minutes without classes */
};

#define AT(member)      offsetof(struct minute, member)
#define X(name, number) {#name, AS_RATE, AT(qtype[QTYPE_CLASS_##name])},

/* clang-format off: one line per series */
static const struct series total[] = {
        {"queries", AS_RATE, AT(queries)},
        {"responses", AS_RATE, AT(responses)},
        {"usual", AS_VALUE, AT(usual_qps)},
        {"spread", AS_VALUE, AT(spread_qps)},
};

static const struct series qtypes[] = {
        QTYPE_LIST(X){"other", AS_RATE, AT(qtype[QTYPE_CLASS_OTHER])},
};

static const struct series rcodes[] = {
        {"NOERROR", AS_RATE, AT(rcode[MINUTE_NOERROR])},
        {"FORMERR", AS_RATE, AT(rcode[MINUTE_FORMERR])},
        {"SERVFAIL", AS_RATE, AT(rcode[MINUTE_SERVFAIL])},
        {"NXDOMAIN", AS_RATE, AT(rcode[MINUTE_NXDOMAIN])},
        {"NOTIMP", AS_RATE, AT(rcode[MINUTE_NOTIMP])},
        {"REFUSED", AS_RATE, AT(rcode[MINUTE_REFUSED])},
        {"other", AS_RATE, AT(rcode[MINUTE_RCODE_OTHER])},
};

static const struct series transports[] = {
        {"udp4", AS_RATE, AT(queries_by[TRANSPORT_UDP4])},
        {"udp6", AS_RATE, AT(queries_by[TRANSPORT_UDP6])},
        {"tcp4", AS_RATE, AT(queries_by[TRANSPORT_TCP4])},
        {"tcp6", AS_RATE, AT(queries_by[TRANSPORT_TCP6])},
};

static const struct series sources[] = {
        {"sources4", AS_COUNT, AT(sources4)},
        {"sources6", AS_COUNT, AT(sources6)},
};

static const struct series health[] = {
        {"frames", AS_RATE, AT(frames)},       {"bytes", AS_RATE, AT(bytes)},
        {"undecoded", AS_RATE, AT(undecoded)}, {"malformed", AS_RATE, AT(malformed)},
        {"kernel", AS_RATE, AT(kernel_drops)}, {"interface", AS_RATE, AT(interface_drops)},
        {"overflow", AS_RATE, AT(overflow)},   {"covered", AS_PART, AT(covered_s)},
};

static const struct series edns[] = {
        {"edns", AS_RATE, AT(edns)},
        {"dnssec_ok", AS_RATE, AT(dnssec_ok)},
};

#define JUNK(class) AS_JUDGED, AT(junk.queries[JUNK_##class])
static const struct series junk[JUNK_CLASSES] = {
        {"unused-class", JUNK(UNUSED_CLASS)},    {"a-for-a", JUNK(A_FOR_A)},
        {"invalid-tld", JUNK(INVALID_TLD)},      {"non-printable", JUNK(NON_PRINTABLE)},
        {"underscore", JUNK(UNDERSCORE)},        {"rfc1918-ptr", JUNK(PRIVATE_PTR)},
        {"identical", JUNK(IDENTICAL)},          {"repeated", JUNK(REPEATED)},
        {"referral-not-cached", JUNK(REFERRAL)}, {"legitimate", JUNK(LEGITIMATE)},
};

static const struct series origins[] = {
        {"routed", AS_RATE, AT(origins.routed)},
        {"unrouted", AS_RATE, AT(origins.unrouted)},
        {"unknown", AS_RATE, AT(origins.unknown)},
};

static const struct series followed[] = {
        {"queries", AS_RATE, 0}, /* not at a fixed place: series_followed_value() */
        {"hosts", AS_COUNT, 0},
};

#define ROWS(table) (table), sizeof(table) / sizeof *(table)
static const struct family {
    const char *file;
    const struct series *series;
    unsigned count;
} families[SERIES_KINDS] = {
        [SERIES_TOTAL] = {"total.rrd", ROWS(total)},
        [SERIES_QTYPE] = {"qtype.rrd", ROWS(qtypes)},
        [SERIES_RCODE] = {"rcode.rrd", ROWS(rcodes)},
        [SERIES_TRANSPORT] = {"transport.rrd", ROWS(transports)},
        [SERIES_SOURCE] = {"source.rrd", ROWS(sources)},
        [SERIES_HEALTH] = {"health.rrd", ROWS(health)},
        [SERIES_EDNS] = {"edns.rrd", ROWS(edns)},
        [SERIES_JUNK] = {"junk.rrd", ROWS(junk)},
        [SERIES_ORIGIN] = {"origin.rrd", ROWS(origins)},
        [SERIES_FOLLOWED] = {NULL, ROWS(followed)},
};
/* clang-format on */

_Static_assert(sizeof qtypes / sizeof *qtypes == QTYPE_CLASSES, "every class is archived");
_Static_assert(sizeof qtypes / sizeof *qtypes <= SERIES_MOST, "the largest family");

const char *series_file(enum series_family f)
{
    return families[f].file;
}

unsigned series_count(enum series_family f)
{
    return families[f].count;
}

const char *series_name(enum series_family f, unsigned n)
{
    return families[f].series[n].name;
}

double series_value(enum series_family f, unsigned n, const struct minute *m)
{
    const struct series *s = &families[f].series[n];
    const void *at = (const char *)m + s->at;

    if (f == SERIES_ORIGIN && !m->origins.known)
        return NAN;
    switch (s->taken) {
    case AS_RATE:
        return m->covered_s == 0 ? NAN : (double)*(const uint64_t *)at / m->covered_s;
    case AS_JUDGED:
        return m->covered_s == 0 || !minute_is_judged(m)
                       ? NAN
                       : (double)*(const uint64_t *)at / m->covered_s;
    case AS_COUNT:
        return (double)*(const uint64_t *)at;
    case AS_PART:
        return fmin(*(const uint32_t *)at / 60.0, 1);
    case AS_VALUE:
    default:
        return *(const double *)at;
    }
}

static double value_of(unsigned n, const struct minute *m, const struct minute_prefix *p)
{
    return n == 0 ? (double)p->queries / m->covered_s : p->hosts;
}

/* A minute with fewer prefixes than it has room for names everybody who asked. */
static bool names_everybody(const struct minute *m)
{
    return m->prefixes < MINUTE_LEADING && m->overflow == 0;
}

double series_followed_value(unsigned n, const struct minute *m, struct prefix p)
{
    if (m->covered_s == 0)
        return NAN;
    for (unsigned i = 0; i < m->prefixes; i++) {
        if (m->prefix[i].prefix.bits == p.bits)
            return value_of(n, m, &m->prefix[i]);
    }
    return names_everybody(m) ? 0 : NAN;
}
