/* SPDX-License-Identifier: MIT */
#include "program/lookups.h"

#include "analysis/lookup_dns.h"
#include "program/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SAID_MAX = 8 << 20, /* octets of all facts of one part */
    GRACE_MS = 300,     /* for a part to hand in what it has, before it is killed */
    ROUND_LEAST_MS = 1000,
};

int64_t lookups_clock_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- What is asked --------------------------------------------------------------------- */

static const struct investigation_network *network_of(const struct investigation *v,
                                                      const char *subject)
{
    char text[LOOKUP_SUBJECT_BYTES];
    for (unsigned i = 0; i < v->networks; i++)
        if (strcmp(prefix_format(v->network[i].prefix, text), subject) == 0)
            return &v->network[i];
    return NULL;
}

/* A table that knows whether it is announced leaves nothing to ask. */
static bool table_answers(const struct investigation *v, const char *subject)
{
    const struct investigation_network *n = network_of(v, subject);
    return n != NULL && n->routing.lookup.state == LOOKUP_FOUND &&
           n->routing.answer != ORIGINS_UNKNOWN;
}

static bool has_name(const struct investigation *v, const char *subject)
{
    char text[LOOKUP_SUBJECT_BYTES];
    for (unsigned i = 0; i < v->networks; i++) {
        (void)snprintf(text, sizeof text, "AS%" PRIu32, v->network[i].routing.asn);
        if (strcmp(text, subject) == 0 && v->network[i].routing.name[0] != '\0')
            return true;
    }
    return false;
}

/* NULL: it is asked; else why not. */
static const char *why_off(const struct config *c, const struct investigation *v,
                           enum fact kind, const char *subject)
{
    switch (kind) {
    case FACT_REVERSE:
        return c->resolver[0] == '\0' ? "lookups.resolver is off" : NULL;
    case FACT_WHOIS:
        return c->whois[0] == '\0' ? "lookups.whois is off" : NULL;
    case FACT_ROUTING:
        return c->origins[0] == '\0' ? "detection.origins is off" : NULL;
    case FACT_HISTORY:
        return c->history[0] == '\0' ? "lookups.history is off" : NULL;
    default:
        if (c->resolver[0] == '\0')
            return "lookups.resolver is off";
        if (c->origin_zone[0] == '\0')
            return "lookups.origin-zone is off";
        if (kind == FACT_DNS ? table_answers(v, subject) : has_name(v, subject))
            return "the table of origins has it";
        return NULL;
    }
}

/* The DNS waits for the table, where there is one. */
static bool must_wait(const struct config *c, const struct investigation *v, enum fact kind,
                      const char *subject)
{
    const struct investigation_network *n = network_of(v, subject);
    return kind == FACT_DNS && c->origins[0] != '\0' && n != NULL &&
           n->routing.lookup.state == LOOKUP_WAITING;
}

bool lookups_want(const struct lookups *l, const struct investigation *v, enum fact kind,
                  const char *subject, const struct lookup *lookup)
{
    return lookup_is_due(lookup, l->now_s) && why_off(l->config, v, kind, subject) == NULL &&
           !must_wait(l->config, v, kind, subject);
}

struct walking {
    const struct lookups *lookups;
    struct investigation *investigation;
    unsigned due;
};

static void see(void *argument, enum fact kind, const char *subject, struct lookup *lookup)
{
    struct walking *w = argument;
    const char *off = why_off(w->lookups->config, w->investigation, kind, subject);
    bool asked = lookup->state != LOOKUP_WAITING && lookup->state != LOOKUP_OFF;
    if (off != NULL && !asked) {
        lookup->state = LOOKUP_OFF;
        lookup->time_s = w->lookups->now_s;
        (void)snprintf(lookup->words, sizeof lookup->words, "%s", off);
    } else if (off != NULL) {
        lookup->due_s = 0;
    } else if (lookup->state == LOOKUP_OFF) {
        lookup->state = LOOKUP_WAITING;
        lookup->words[0] = '\0';
    }
    w->due += lookups_want(w->lookups, w->investigation, kind, subject, lookup);
}

bool lookups_are_due(const struct lookups *l, struct investigation *v)
{
    struct walking w = {.lookups = l, .investigation = v};
    investigation_find_ases(v);
    investigation_walk(v, see, &w);
    return w.due > 0;
}

/* ---- Parts ----------------------------------------------------------------------------- */

struct part {
    const char *what; /* it did */
    void (*work)(const struct lookups_part *p);
    bool (*is_its)(enum fact kind);
};

static bool is_of_dns(enum fact kind)
{
    return kind == FACT_REVERSE || kind == FACT_DNS || kind == FACT_AS_NAME;
}

static bool is_of_whois(enum fact kind)
{
    return kind == FACT_WHOIS;
}

static bool is_of_tables(enum fact kind)
{
    return kind == FACT_ROUTING || kind == FACT_HISTORY;
}

enum { PARTS = 3 };
static const struct part parts[PARTS] = {
        {"asking the DNS", lookups_ask_dns, is_of_dns},
        {"asking whois", lookups_ask_whois, is_of_whois},
        {"reading tables", lookups_read_tables, is_of_tables},
};

struct running {
    pid_t pid; /* 0: there is nothing to do */
    int fd;
    char *said; /* lines of JSON */
    size_t used, room;
    bool over;
    bool late;     /* it was at work when the time was over */
    bool much;     /* it said more than is believed */
    bool ended;    /* of itself; else it was killed here */
    int status;    /* how */
    unsigned lost; /* facts that cannot be read, or were cut */
};

void lookups_hand_in(const struct lookups_part *p, enum fact kind, const char *subject)
{
    json_t *fact = investigation_fact(p->investigation, kind, subject);
    char *text = fact == NULL ? NULL : json_dumps(fact, JSON_COMPACT);
    json_decref(fact);
    if (text != NULL)
        (void)dprintf(p->to, "%s\n", text);
    free(text);
}

struct counting {
    const struct lookups *lookups;
    const struct investigation *investigation;
    const struct part *part;
    unsigned due;
};

static void count_due(void *argument, enum fact kind, const char *subject,
                      struct lookup *lookup)
{
    struct counting *c = argument;
    c->due += c->part->is_its(kind) &&
              lookups_want(c->lookups, c->investigation, kind, subject, lookup);
}

static void start(const struct lookups *l, struct investigation *v, const struct part *part,
                  int64_t until_ms, struct running *r)
{
    struct counting c = {.lookups = l, .investigation = v, .part = part};
    int fd[2];
    *r = (struct running){.fd = -1, .over = true};
    investigation_walk(v, count_due, &c);
    if (c.due == 0 || pipe2(fd, O_CLOEXEC) != 0)
        return;
    r->pid = fork();
    if (r->pid == 0) {
        const struct lookups_part p = {l, v, until_ms - GRACE_MS, fd[1]};
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)signal(SIGALRM, SIG_DFL);
        part->work(&p);
        _exit(0);
    }
    (void)close(fd[1]);
    r->fd = fd[0];
    r->over = r->pid < 0;
}

/* What it says, up to its end, or to what is believed. */
static void hear(struct running *r)
{
    if (r->room - r->used < 65536) {
        char *more = r->room < SAID_MAX ? realloc(r->said, r->room + (1 << 20)) : NULL;
        if (more == NULL) {
            r->over = r->much = true;
            return;
        }
        r->said = more;
        r->room += 1 << 20;
    }
    ssize_t n = read(r->fd, r->said + r->used, r->room - r->used - 1);
    if (n > 0)
        r->used += (size_t)n;
    else if (n == 0 || errno != EINTR)
        r->over = true;
}

/* False: the time is over. */
static bool wait_for_parts(struct running run[static PARTS], int64_t until_ms)
{
    struct pollfd fds[PARTS];
    unsigned open = 0;
    for (unsigned i = 0; i < PARTS; i++) {
        fds[i] = (struct pollfd){.fd = run[i].over ? -1 : run[i].fd, .events = POLLIN};
        open += !run[i].over;
    }
    int64_t left = until_ms - lookups_clock_ms();
    if (open == 0 || left <= 0)
        return false;
    if (poll(fds, PARTS, (int)left) > 0)
        for (unsigned i = 0; i < PARTS; i++)
            if (fds[i].revents != 0)
                hear(&run[i]);
    return true;
}

/* Who has closed the pipe is about to end; how it does is to be known. */
static void wait_for_end(struct running *r)
{
    struct pollfd p = {.fd = pidfd_open(r->pid, 0), .events = POLLIN};
    if (p.fd >= 0) {
        (void)poll(&p, 1, GRACE_MS);
        (void)close(p.fd);
    }
    r->ended = waitpid(r->pid, &r->status, WNOHANG) == r->pid;
}

static void stop(struct running *r)
{
    if (r->pid > 0) {
        r->late = !r->over;
        if (r->over && !r->much)
            wait_for_end(r);
        if (!r->ended)
            (void)kill(r->pid, SIGKILL);
        while (!r->ended && waitpid(r->pid, &r->status, 0) < 0 && errno == EINTR)
            ;
    }
    if (r->fd >= 0)
        (void)close(r->fd);
}

/* A last line without its end was cut. */
static void take_facts(const struct lookups *l, struct investigation *v, struct running *r)
{
    size_t at = 0;
    while (at < r->used) {
        const char *end = memchr(r->said + at, '\n', r->used - at);
        if (end == NULL)
            break;
        json_t *fact = json_loadb(r->said + at, (size_t)(end - r->said) - at, 0, NULL);
        r->lost += fact == NULL || !investigation_take(v, fact);
        json_decref(fact);
        at = (size_t)(end - r->said) + 1;
    }
    r->lost += at < r->used;
    if (r->lost > 0)
        log_warning(l->log, "look-ups: %u facts that cannot be read were passed over", r->lost);
    free(r->said);
    r->said = NULL;
}

/* Why a part did not do all; NULL: it was not in its hands. */
static const char *why_undone(const struct running *r, const struct lookups *l,
                              char text[static LOOKUP_WORDS_BYTES])
{
    if (r->pid <= 0)
        return "no process to do it";
    if (r->late)
        (void)snprintf(text, LOOKUP_WORDS_BYTES, "it takes longer than %u s", l->deadline_s);
    else if (r->much)
        return "it said more than is taken";
    else if (!r->ended)
        return "its process did not end, and was killed";
    else if (WIFSIGNALED(r->status))
        (void)snprintf(text, LOOKUP_WORDS_BYTES, "its process was ended by signal %d (%s)",
                       WTERMSIG(r->status), strsignal(WTERMSIG(r->status)));
    else if (WEXITSTATUS(r->status) != 0)
        (void)snprintf(text, LOOKUP_WORDS_BYTES, "its process ended with status %d",
                       WEXITSTATUS(r->status));
    else if (r->lost > 0)
        return "what it found cannot be read";
    else
        return NULL;
    return text;
}

/* A process that breaks on what strangers say is somebody's fault, and not only the case's. */
static void log_end(const struct lookups *l, const struct part *part, const struct running *r)
{
    char text[LOOKUP_WORDS_BYTES];
    bool odd = r->much || (!r->late && !r->ended) || (r->ended && r->status != 0);
    if (r->pid > 0 && odd)
        log_warning(l->log, "look-ups: %s: %s", part->what, why_undone(r, l, text));
}

struct missing {
    const struct lookups *lookups;
    const struct investigation *investigation;
    const struct part *part;
    const struct running *run;
};

/* What is still due was not done. */
static void say_missing(void *argument, enum fact kind, const char *subject,
                        struct lookup *lookup)
{
    const struct missing *m = argument;
    const struct lookups *l = m->lookups;
    char text[LOOKUP_WORDS_BYTES];
    if (!m->part->is_its(kind) || !lookups_want(l, m->investigation, kind, subject, lookup))
        return;
    const char *why = why_undone(m->run, l, text);
    if (why != NULL)
        lookup_fail(lookup, l->now_s, "%s: %.150s", m->part->what, why);
    else if (l->deadline_s == 0)
        lookup_fail(lookup, l->now_s, "not done yet, others came first");
    else
        lookup_fail(lookup, l->now_s, "%s: not done within %u s", m->part->what, l->deadline_s);
}

/* Subjects that this round itself brings are the next one's. */
static void run_round(const struct lookups *l, struct investigation *v, int64_t until_ms)
{
    struct running run[PARTS];
    bool had[PARTS];
    for (unsigned i = 0; i < PARTS; i++) {
        start(l, v, &parts[i], until_ms, &run[i]);
        had[i] = run[i].pid != 0 || run[i].fd >= 0;
    }
    while (wait_for_parts(run, until_ms))
        ;
    for (unsigned i = 0; i < PARTS; i++)
        stop(&run[i]);
    for (unsigned i = PARTS; i > 0; i--) /* tables first: the DNS waits for them */
        if (had[i - 1])
            take_facts(l, v, &run[i - 1]);
    for (unsigned i = 0; i < PARTS; i++)
        log_end(l, &parts[i], &run[i]);
    for (unsigned i = 0; i < PARTS; i++) {
        struct missing m = {l, v, &parts[i], &run[i]};
        if (had[i])
            investigation_walk(v, say_missing, &m);
    }
}

void lookups_run(const struct lookups *l, struct investigation *v)
{
    int64_t until_ms = lookups_clock_ms() + (int64_t)l->deadline_s * 1000;
    if (!lookups_are_due(l, v))
        return;
    if (l->deadline_s > 0)
        run_round(l, v, until_ms);
    /* What the first round found may be a subject, or call for the DNS. */
    if (!lookups_are_due(l, v))
        return;
    const struct running none = {.pid = 1, .ended = true};
    if (until_ms - lookups_clock_ms() >= ROUND_LEAST_MS) {
        run_round(l, v, until_ms);
        (void)lookups_are_due(l, v);
    }
    for (unsigned i = 0; i < PARTS; i++) {
        struct missing m = {l, v, &parts[i], &none};
        investigation_walk(v, say_missing, &m);
    }
}

/* ---- The DNS --------------------------------------------------------------------------- */

/* Of the threads that ask, one at a time: a line is longer than what a pipe takes at once. */
struct handing_in {
    const struct lookups_part *part;
    pthread_mutex_t lock;
};

static void hand_in_dns(void *argument, enum fact kind, const char *subject)
{
    struct handing_in *h = argument;
    (void)pthread_mutex_lock(&h->lock);
    lookups_hand_in(h->part, kind, subject);
    (void)pthread_mutex_unlock(&h->lock);
}

/* What is not wanted is off, in the copy of this process. */
struct wanting {
    const struct lookups_part *part;
    unsigned origins;
};

static void switch_off(void *argument, enum fact kind, const char *subject,
                       struct lookup *lookup)
{
    struct wanting *w = argument;
    bool wanted = lookups_want(w->part->lookups, w->part->investigation, kind, subject, lookup);
    if (!wanted)
        lookup->state = LOOKUP_OFF;
    w->origins += wanted && (kind == FACT_DNS || kind == FACT_AS_NAME);
}

void lookups_ask_dns(const struct lookups_part *p)
{
    const struct config *c = p->lookups->config;
    union endpoint e;
    struct handing_in handing_in = {.part = p, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct lookup_dns d = {
            .zone = c->origin_zone,
            .until_ms = p->until_ms,
            .now_ms = lookups_clock_ms,
            .time_s = p->lookups->now_s,
            .found = hand_in_dns,
            .argument = &handing_in,
    };
    if (!endpoint_parse(c->resolver, 53, &e))
        return;
    memcpy(&d.resolver, &e, sizeof d.resolver); /* it is one of the network, not a path */
    (void)snprintf(d.source, sizeof d.source, "%s", c->resolver);
    int64_t left = p->until_ms - lookups_clock_ms();
    d.question_ms =
            left < 1000 ? 500 : (unsigned)left / 2; /* a name, then whether it leads back */
    struct wanting w = {.part = p};
    investigation_walk(p->investigation, switch_off, &w);
    lookup_dns_reverse(&d, p->investigation);
    if (w.origins > 0)
        lookup_dns_origins(&d, p->investigation);
}
