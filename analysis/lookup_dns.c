/* SPDX-License-Identifier: MIT */
#include "analysis/lookup_dns.h"

#include "analysis/dns_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 65535, NAME_BYTES = 256 };

/* ---- One question ---------------------------------------------------------------------- */

/* A connection to the resolver. */
struct asking {
    const struct lookup_dns *to;
    int fd;
    int64_t until_ms;
    char words[LOOKUP_WORDS_BYTES]; /* why it failed */
};

__attribute__((format(printf, 2, 3))) static bool fail(struct asking *a, const char *format,
                                                       ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(a->words, sizeof a->words, format, args);
    va_end(args);
    return false;
}

static bool wait_for(struct asking *a, short events)
{
    for (;;) {
        int64_t left = a->until_ms - a->to->now_ms();
        struct pollfd p = {.fd = a->fd, .events = events};
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready > 0)
            return true;
        if (ready == 0)
            return fail(a, "no answer within %u s from %s", (a->to->question_ms + 999) / 1000,
                        a->to->source);
        if (errno != EINTR)
            return fail(a, "%s: waiting: %s", a->to->source, strerror(errno));
    }
}

static bool open_connection(struct asking *a)
{
    const struct sockaddr *to = &a->to->resolver.any;
    socklen_t size = to->sa_family == AF_INET6 ? sizeof a->to->resolver.ipv6
                                               : sizeof a->to->resolver.ipv4;
    int cause = 0;
    socklen_t cause_size = sizeof cause;
    a->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0)
        return fail(a, "%s: a socket: %s", a->to->source, strerror(errno));
    if (connect(a->fd, to, size) == 0)
        return true;
    if (errno != EINPROGRESS)
        return fail(a, "%s: %s", a->to->source, strerror(errno));
    if (!wait_for(a, POLLOUT))
        return false;
    if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &cause, &cause_size) == 0 && cause == 0)
        return true;
    return fail(a, "%s: %s", a->to->source, strerror(cause));
}

static bool send_all(struct asking *a, const uint8_t *octets, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(a->fd, octets, n, MSG_NOSIGNAL);
        if (sent > 0) {
            octets += sent;
            n -= (size_t)sent;
        } else if (errno == EAGAIN) {
            if (!wait_for(a, POLLOUT))
                return false;
        } else if (errno != EINTR) {
            return fail(a, "%s: %s", a->to->source, strerror(errno));
        }
    }
    return true;
}

static bool receive_all(struct asking *a, uint8_t *octets, size_t n)
{
    while (n > 0) {
        if (!wait_for(a, POLLIN))
            return false;
        ssize_t got = recv(a->fd, octets, n, 0);
        if (got > 0) {
            octets += got;
            n -= (size_t)got;
        } else if (got == 0) {
            return fail(a, "%s closed the connection without a whole answer", a->to->source);
        } else if (errno != EAGAIN && errno != EINTR) {
            return fail(a, "%s: %s", a->to->source, strerror(errno));
        }
    }
    return true;
}

/* RFC 1035 4.2.2: each message behind two octets with its length.  NULL: see words. */
static ldns_pkt *exchange(struct asking *a, const uint8_t *query, size_t n)
{
    uint8_t head[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    ldns_pkt *answer = NULL;
    if (!send_all(a, head, sizeof head) || !send_all(a, query, n) ||
        !receive_all(a, head, sizeof head))
        return NULL;
    size_t size = (size_t)head[0] << 8 | head[1];
    uint8_t *octets = malloc(size + 1);
    if (octets == NULL)
        fail(a, "no memory for an answer of %zu octets", size);
    else if (receive_all(a, octets, size) &&
             ldns_wire2pkt(&answer, octets, size) != LDNS_STATUS_OK) {
        answer = NULL;
        fail(a, "the answer of %s is broken", a->to->source);
    }
    free(octets);
    return answer;
}

static bool is_answer_to(const ldns_pkt *answer, uint16_t id, const ldns_rdf *name,
                         ldns_rr_type type)
{
    const ldns_rr_list *questions = ldns_pkt_question(answer);
    if (!ldns_pkt_qr(answer) || ldns_pkt_id(answer) != id ||
        ldns_pkt_get_opcode(answer) != LDNS_PACKET_QUERY ||
        ldns_rr_list_rr_count(questions) != 1)
        return false;
    const ldns_rr *q = ldns_rr_list_rr(questions, 0);
    return ldns_rr_get_type(q) == type && ldns_rr_get_class(q) == LDNS_RR_CLASS_IN &&
           ldns_dname_compare(ldns_rr_owner(q), name) == 0;
}

/* An answer with NOERROR or NXDOMAIN; else NULL. */
static ldns_pkt *judge(struct asking *a, ldns_pkt *answer, uint16_t id, const ldns_rdf *name,
                       ldns_rr_type type)
{
    if (answer == NULL)
        return NULL;
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(answer);
    if (!is_answer_to(answer, id, name, type)) {
        fail(a, "%s answered another question than was asked", a->to->source);
    } else if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) {
        char *words = ldns_pkt_rcode2str(rcode);
        fail(a, "%s answered %s", a->to->source, words != NULL ? words : "an error");
        free(words);
    } else {
        return answer;
    }
    ldns_pkt_free(answer);
    return NULL;
}

/* NULL: `words`, of LOOKUP_WORDS_BYTES, say why.  The name stays the caller's. */
static ldns_pkt *ask(const struct lookup_dns *d, const ldns_rdf *name, ldns_rr_type type,
                     char *words)
{
    struct asking a = {.to = d, .fd = -1, .words = "no memory for a question"};
    uint8_t *wire = NULL;
    size_t size = 0;
    uint16_t id = 0;
    ldns_pkt *answer = NULL;
    int64_t now_ms = d->now_ms();
    ldns_pkt *query = ldns_pkt_query_new(ldns_rdf_clone(name), type, LDNS_RR_CLASS_IN, LDNS_RD);
    a.until_ms = now_ms + d->question_ms < d->until_ms ? now_ms + d->question_ms : d->until_ms;
    if (query != NULL && getrandom(&id, sizeof id, 0) == sizeof id) {
        ldns_pkt_set_id(query, id);
        if (now_ms >= d->until_ms)
            fail(&a, "not asked: the time for all questions was over");
        else if (ldns_pkt2wire(&wire, query, &size) == LDNS_STATUS_OK && open_connection(&a))
            answer = judge(&a, exchange(&a, wire, size), id, name, type);
    }
    if (a.fd >= 0)
        close(a.fd);
    free(wire);
    ldns_pkt_free(query);
    memcpy(words, a.words, LOOKUP_WORDS_BYTES);
    return answer;
}

static ldns_pkt *ask_text(const struct lookup_dns *d, const char *text, ldns_rr_type type,
                          char *words)
{
    ldns_rdf *name = ldns_dname_new_frm_str(text);
    if (name == NULL) {
        (void)snprintf(words, LOOKUP_WORDS_BYTES, "%.150s is no name to ask for", text);
        return NULL;
    }
    ldns_pkt *answer = ask(d, name, type, words);
    ldns_rdf_deep_free(name);
    return answer;
}

static bool is_wanted(const struct lookup *l, const struct lookup_dns *d)
{
    return l->state != LOOKUP_OFF && lookup_is_due(l, d->time_s);
}

static void tell(const struct lookup_dns *d, enum fact kind, const char *subject)
{
    if (d->found != NULL)
        d->found(d->argument, kind, subject);
}

/* ---- Threads --------------------------------------------------------------------------- */

typedef void work_function(const struct lookup_dns *d, struct investigation *v, unsigned n);

struct pool {
    const struct lookup_dns *dns;
    struct investigation *investigation;
    work_function *work; /* on one subject; each belongs to one thread */
    unsigned count;
    atomic_uint next;
};

static void *take_work(void *argument)
{
    struct pool *p = argument;
    unsigned n;
    while ((n = atomic_fetch_add(&p->next, 1)) < p->count)
        p->work(p->dns, p->investigation, n);
    return NULL;
}

/* Where no thread is to be had, the caller does it alone. */
static void run_pool(struct pool *p)
{
    pthread_t thread[LOOKUP_DNS_THREADS];
    unsigned threads = 0;
    while (threads < LOOKUP_DNS_THREADS && threads + 1 < p->count &&
           pthread_create(&thread[threads], NULL, take_work, p) == 0)
        threads++;
    (void)take_work(p);
    while (threads > 0)
        (void)pthread_join(thread[--threads], NULL);
}

/* ---- Reverse names --------------------------------------------------------------------- */

/* Whether the name has the host's address.  False with words: that could not be found out. */
static bool confirm(const struct lookup_dns *d, const struct investigation_host *h,
                    const ldns_rdf *name, char *words)
{
    bool found = false;
    ldns_pkt *answer = ask(d, name, h->ipv6 ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A, words);
    if (answer == NULL)
        return false;
    found = dns_answer_has_address(answer, h);
    ldns_pkt_free(answer);
    words[0] = '\0';
    return found;
}

static void add_name(const struct lookup_dns *d, struct investigation_host *h,
                     const ldns_rdf *name)
{
    char words[LOOKUP_WORDS_BYTES];
    if (h->names == INVESTIGATION_NAMES) {
        h->more = true;
        return;
    }
    struct investigation_name *n = &h->name[h->names++];
    dns_answer_name(name, n->name);
    n->confirmed = confirm(d, h, name, words);
    if (!n->confirmed && words[0] != '\0')
        (void)snprintf(h->lookup.words, sizeof h->lookup.words,
                       "whether a name has the address: %.160s", words);
}

/* A resolver follows aliases (RFC 2317), so any PTR of the answer is one of the address. */
static void take_names(const struct lookup_dns *d, struct investigation_host *h,
                       const ldns_pkt *answer)
{
    const ldns_rr_list *list = ldns_pkt_answer(answer);
    h->names = 0;
    h->more = false;
    lookup_settle(&h->lookup, LOOKUP_NOTHING, d->time_s);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list) && !h->more; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_PTR && ldns_rr_rdf(rr, 0) != NULL)
            add_name(d, h, ldns_rr_rdf(rr, 0));
    }
    if (h->names == 0)
        return;
    h->lookup.state = LOOKUP_FOUND;
    if (h->lookup.words[0] != '\0')
        h->lookup.due_s = d->time_s + 60;
}

static void find_names(const struct lookup_dns *d, struct investigation *v, unsigned n)
{
    struct investigation_host *h = &v->host[n];
    char words[LOOKUP_WORDS_BYTES] = "no memory for a question";
    if (!is_wanted(&h->lookup, d))
        return;
    (void)snprintf(h->lookup.source, sizeof h->lookup.source, "DNS, by %s", d->source);
    ldns_rdf *address = ldns_rdf_new_frm_data(h->ipv6 ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A,
                                              h->ipv6 ? 16 : 4, h->address);
    ldns_rdf *name = address == NULL ? NULL : ldns_rdf_address_reverse(address);
    ldns_pkt *answer = name == NULL ? NULL : ask(d, name, LDNS_RR_TYPE_PTR, words);
    if (answer != NULL)
        take_names(d, h, answer);
    else
        lookup_fail(&h->lookup, d->time_s, "%s", words);
    ldns_pkt_free(answer);
    ldns_rdf_deep_free(name);
    ldns_rdf_deep_free(address);
    char subject[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(h->ipv6 ? AF_INET6 : AF_INET, h->address, subject, sizeof subject);
    tell(d, FACT_REVERSE, subject);
}

void lookup_dns_reverse(const struct lookup_dns *d, struct investigation *v)
{
    struct pool p = {.dns = d, .investigation = v, .work = find_names, .count = v->hosts};
    run_pool(&p);
}

/* ---- Origins --------------------------------------------------------------------------- */

/* "0.46.244.207.origin.asn.cymru.com": of IPv4 all labels, of IPv6 those that it has. */
static void origin_name(const struct lookup_dns *d, struct prefix p, const char *label,
                        char to[static NAME_BYTES])
{
    uint8_t address[8];
    uint64_t head = htobe64(p.bits & ~UINT64_C(0xff));
    size_t used = 0;
    memcpy(address, &head, sizeof address);
    to[0] = '\0';
    if (prefix_family(p) == 4)
        for (unsigned i = 4; i > 0; i--)
            used += (size_t)snprintf(to + used, NAME_BYTES - used, "%u.", address[i - 1]);
    else
        for (unsigned i = (prefix_length(p) + 3) / 4; i > 0; i--)
            used += (size_t)snprintf(to + used, NAME_BYTES - used, "%x.",
                                     i % 2 == 0 ? address[(i - 1) / 2] & 0xfU
                                                : address[(i - 1) / 2] >> 4);
    (void)snprintf(to + used, NAME_BYTES - used, "%s%s", label, d->zone);
}

/* Team Cymru's names have a label in front of the zone; RouteViews' have none. */
static void ask_origin(const struct lookup_dns *d, struct investigation_network *net)
{
    struct investigation_dns *to = &net->dns;
    const char *labels[] = {prefix_family(net->prefix) == 4 ? "origin." : "origin6.", ""};
    char name[NAME_BYTES], words[LOOKUP_WORDS_BYTES];
    (void)snprintf(to->lookup.source, sizeof to->lookup.source, "DNS, %.60s by %s", d->zone,
                   d->source);
    for (unsigned i = 0; i < 2; i++) {
        origin_name(d, net->prefix, labels[i], name);
        ldns_pkt *answer = ask_text(d, name, LDNS_RR_TYPE_TXT, words);
        if (answer == NULL) {
            lookup_fail(&to->lookup, d->time_s, "%s", words);
            return;
        }
        bool found = dns_answer_origin(answer, net->prefix, to);
        ldns_pkt_free(answer);
        lookup_settle(&to->lookup, found ? LOOKUP_FOUND : LOOKUP_NOTHING, d->time_s);
        if (found)
            return;
    }
}

static void find_origin(const struct lookup_dns *d, struct investigation *v, unsigned n)
{
    struct investigation_network *net = &v->network[n];
    char subject[PREFIX_TEXT_BYTES];
    if (!is_wanted(&net->dns.lookup, d))
        return;
    ask_origin(d, net);
    tell(d, FACT_DNS, prefix_format(net->prefix, subject));
}

static void find_as_name(const struct lookup_dns *d, struct investigation *v, unsigned n)
{
    struct investigation_as *as = &v->as[n];
    char name[NAME_BYTES], words[LOOKUP_WORDS_BYTES];
    if (!is_wanted(&as->lookup, d))
        return;
    (void)snprintf(as->lookup.source, sizeof as->lookup.source, "DNS, %.60s by %s", d->zone,
                   d->source);
    (void)snprintf(name, sizeof name, "AS%" PRIu32 ".%s", as->asn, d->zone);
    ldns_pkt *answer = ask_text(d, name, LDNS_RR_TYPE_TXT, words);
    if (answer == NULL)
        lookup_fail(&as->lookup, d->time_s, "%s", words);
    else
        lookup_settle(&as->lookup,
                      dns_answer_as_name(answer, as) ? LOOKUP_FOUND : LOOKUP_NOTHING,
                      d->time_s);
    ldns_pkt_free(answer);
    (void)snprintf(name, sizeof name, "AS%" PRIu32, as->asn);
    tell(d, FACT_AS_NAME, name);
}

void lookup_dns_origins(const struct lookup_dns *d, struct investigation *v)
{
    struct pool networks = {
            .dns = d, .investigation = v, .work = find_origin, .count = v->networks};
    run_pool(&networks);
    investigation_find_ases(v);
    struct pool ases = {.dns = d, .investigation = v, .work = find_as_name, .count = v->ases};
    run_pool(&ases);
}
