/* SPDX-License-Identifier: MIT */
#include "program/casework.h"

#include "analysis/store_lookups.h"
#include "analysis/words.h"
#include "graphs/cases.h"
#include "program/apart.h"
#include "program/command.h"
#include "program/lookups.h"
#include "program/mail_thread.h"
#include "program/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    WRITE_S = 60,  /* for the files of one case, with pictures */
    PATIENCE = 3,  /* times lookups.deadline, where nobody waits for it */
    LOOKUP_S = 60, /* the longest of those */
};

/* ---- One incident ---------------------------------------------------------------------- */

/* Its latest state; the names in it are not needed, and left out. */
struct latest {
    struct incident_event event;
    unsigned events;
};

static bool keep_latest(void *argument, const struct incident_event *e)
{
    struct latest *l = argument;
    l->event = *e;
    l->event.incident.names = 0;
    l->events++;
    return true;
}

static bool read_latest(const struct casework *w, const char *id, struct latest *l,
                        struct error *err)
{
    l->events = 0;
    if (!store_events(w->store, id, keep_latest, l, err))
        return false;
    return l->events > 0 ||
           error_set(err, "no incident \"%s\"; `rootwatch incident list` has all", id);
}

static bool make_directory(const char *path, struct error *err)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ||
           error_errno(err, "making the directory %s", path);
}

/* Held while its facts are merged, or its files are written: -1, see err. */
static int lock(const struct casework *w, const char *id, struct error *err)
{
    char path[CASES_PATH_BYTES];
    if (cases_path(w->state, id, "lock", path)[0] == '\0') {
        error_set(err, "an incident without a plain id has no case file");
        return -1;
    }
    char *name = strrchr(path, '/');
    char *directory = name;
    *name = '\0';
    while (*--directory != '/')
        ;
    *directory = '\0';
    bool made = make_directory(path, err);
    *directory = '/';
    made = made && make_directory(path, err);
    *name = '/';
    int fd = made ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    if (made)
        error_errno(err, "%s", path);
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* What another incident found out about the same subject lately. */
struct taking {
    const struct casework *work;
    struct investigation *investigation;
};

static void take_recent(void *argument, enum fact kind, const char *subject,
                        struct lookup *lookup)
{
    const struct taking *t = argument;
    const struct casework *w = t->work;
    struct error ignored;
    bool of_others = kind != FACT_ROUTING && kind != FACT_HISTORY;
    if (!of_others || lookup->state != LOOKUP_WAITING || w->config->lookups_hours == 0)
        return;
    json_t *fact =
            store_recent_lookup(w->store, kind, subject,
                                w->now_s - (int64_t)w->config->lookups_hours * 3600, &ignored);
    if (fact != NULL)
        (void)investigation_take(t->investigation, fact);
    json_decref(fact);
}

struct merging {
    const struct investigation *fresh;
    struct investigation *into;
};

static void merge_fact(void *argument, enum fact kind, const char *subject,
                       struct lookup *lookup)
{
    const struct merging *m = argument;
    if (lookup->state == LOOKUP_WAITING)
        return;
    json_t *fact = investigation_fact(m->fresh, kind, subject);
    if (fact != NULL)
        (void)investigation_take(m->into, fact);
    json_decref(fact);
}

/* Another process may have found something meanwhile: what is stored is read again. */
static bool store_merged(const struct casework *w, const char *id, const struct incident *i,
                         struct investigation *fresh, struct error *err)
{
    struct investigation *v = investigation_create(i);
    if (v == NULL)
        return error_set(err, "no memory for the investigation of %s", id);
    int fd = lock(w, id, err);
    bool good = fd >= 0 && store_investigation(w->store, id, v, err);
    struct merging m = {fresh, v};
    if (good) {
        investigation_walk(fresh, merge_fact, &m);
        investigation_find_ases(v);
        investigation_walk(fresh, merge_fact, &m); /* those of ASes that came thereby */
        good = store_put_investigation(w->store, id, v, err);
    }
    if (fd >= 0)
        (void)close(fd);
    investigation_free(v);
    return good;
}

static bool investigate(const struct casework *w, const char *id, unsigned deadline_s,
                        bool again, struct error *err)
{
    struct latest latest;
    if (!read_latest(w, id, &latest, err))
        return false;
    const struct incident *i = &latest.event.incident;
    const struct lookups lookups = {
            .config = w->config,
            .log = w->log,
            .now_s = w->now_s,
            .about_s = latest.event.time_s,
            .deadline_s = deadline_s,
    };
    struct investigation *v = investigation_create(i);
    struct taking taking = {w, v};
    if (v == NULL)
        return error_set(err, "no memory for the investigation of %s", id);
    bool good = again || store_investigation(w->store, id, v, err);
    if (good && !again)
        investigation_walk(v, take_recent, &taking);
    if (good)
        lookups_run(&lookups, v);
    good = good && store_merged(w, id, i, v, err);
    investigation_free(v);
    return good;
}

/* ---- Files ----------------------------------------------------------------------------- */

struct writing {
    const struct casework *work;
    const char *id;
    bool draws;
};

static bool write_files(void *argument, struct error *err)
{
    const struct writing *job = argument;
    const struct casework *w = job->work;
    const struct case_options options = {
            .state = w->state, .site = w->config->site, .now_s = w->now_s, .draws = job->draws};
    struct store *store = store_open(w->state, STORE_READ, err);
    bool good = store != NULL && cases_write(store, job->id, &options, err);
    store_close(store);
    return good;
}

static bool write_case(const struct casework *w, const char *id, bool draws, struct error *err)
{
    struct writing job = {w, id, draws};
    int fd = lock(w, id, err);
    if (fd < 0)
        return false;
    bool good = apart_run("writing a case file", write_files, &job, WRITE_S, err);
    (void)close(fd);
    return good;
}

/* Without pictures where they cannot be drawn, which is said. */
static bool write_with_pictures(const struct casework *w, const char *id, struct error *err)
{
    if (write_case(w, id, true, err))
        return true;
    log_warning(w->log, "%s; the case file is written without pictures", err->text);
    return write_case(w, id, false, err);
}

/* ---- New events ------------------------------------------------------------------------ */

struct gathering {
    const struct casework *work;
    struct casework_list *met;
    int64_t *sequence;
    size_t count;
    bool no_memory;
};

static bool gather(void *argument, const struct incident_event *e)
{
    struct gathering *g = argument;
    struct casework_list *met = g->met;
    unsigned k = 0;
    while (k < met->count && strcmp(met->id[k], e->incident.id) != 0)
        k++;
    if (k == CASEWORK_INCIDENTS)
        return true; /* the next time */
    int64_t *more = realloc(g->sequence, (g->count + 1) * sizeof *more);
    g->no_memory = more == NULL;
    if (more == NULL)
        return false;
    g->sequence = more;
    g->sequence[g->count++] = e->sequence;
    if (k == met->count && e->time_s >= g->work->since_s)
        (void)snprintf(met->id[met->count++], INCIDENT_ID_BYTES, "%s", e->incident.id);
    return true;
}

/* All incidents together take no longer than one may. */
static bool make_all(const struct casework *w, const struct casework_list *met,
                     struct error *err)
{
    int64_t until_ms = lookups_clock_ms() + (int64_t)w->config->lookups_s * 1000;
    struct error one;
    bool good = true;
    for (unsigned i = 0; i < met->count; i++) {
        int64_t left_s = (until_ms - lookups_clock_ms() + 500) / 1000; /* of those before */
        struct casework now = *w;
        now.now_s = time(NULL);
        bool done =
                investigate(&now, met->id[i], left_s > 0 ? (unsigned)left_s : 0, false, &one) &&
                write_case(&now, met->id[i], false, &one);
        if (!done && good)
            *err = one;
        good &= done;
    }
    return good;
}

bool casework_begin(const struct casework *w, struct casework_list *met, struct error *err)
{
    struct gathering g = {.work = w, .met = met};
    met->count = 0;
    bool good = store_untold(w->store, CASEWORK_CHANNEL, gather, &g, err) && !g.no_memory;
    if (g.no_memory)
        error_set(err, "no memory for the events of case files");
    good = good && make_all(w, met, err);
    /* What failed is in the log, and casework_complete() comes back to it. */
    struct error noting;
    for (size_t i = 0; i < g.count; i++)
        if (!store_told(w->store, g.sequence[i], CASEWORK_CHANNEL, &noting) && good)
            good = error_set(err, "%s", noting.text);
    free(g.sequence);
    return good;
}

/* ---- Who was written to ---------------------------------------------------------------- */

struct listing {
    struct listed {
        int64_t sequence, time_s;
        enum incident_state state;
        unsigned wave;
    } event[INVESTIGATION_TOLD];
    unsigned count;
};

static bool list_event(void *argument, const struct incident_event *e)
{
    struct listing *l = argument;
    if (l->count == INVESTIGATION_TOLD) { /* the latest */
        memmove(&l->event[0], &l->event[1], (INVESTIGATION_TOLD - 1) * sizeof l->event[0]);
        l->count--;
    }
    l->event[l->count++] = (struct listed){e->sequence, e->time_s, e->state, e->incident.wave};
    return true;
}

static void add_recipients(const struct config *c, char *text, size_t size)
{
    for (unsigned i = 0; i < c->mail_recipients; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "%s%s", i == 0 ? " to " : ", ", c->mail_to[i]);
    }
}

/* A mail is on its way as long as it lies in the spool. */
static const char *mail_state(const struct casework *w, const char *id, unsigned number)
{
    char path[CONFIG_PATH_BYTES + 96];
    (void)snprintf(path, sizeof path, "%s/spool/%s-%u.eml", w->state, id, number);
    if (access(path, F_OK) == 0)
        return "waits in the spool";
    (void)snprintf(path, sizeof path, "%s/spool/%s-%u.rejected", w->state, id, number);
    return access(path, F_OK) == 0 ? "was refused" : "was handed over";
}

static void describe_event(const struct listed *e, char *text, size_t size)
{
    static const char *const words[] = {[INCIDENT_OPENED] = "opened",
                                        [INCIDENT_CHANGED] = "changed",
                                        [INCIDENT_CLOSED] = "closed"};
    char when[WORDS_TIME_BYTES];
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, size - used, ": %s %s", words[e->state],
                             words_minute(e->time_s, when));
    if (e->state == INCIDENT_CHANGED && e->wave > 1)
        (void)snprintf(text + used, size - used, ", wave %u", e->wave);
}

static bool list_mail(const struct casework *w, const char *id, const struct listed *e,
                      struct investigation *v, struct error *err)
{
    const struct mail_rule rule = {.least = w->config->mail_severity,
                                   .update_s = (int64_t)w->config->update_minutes * 60};
    struct mail_thread thread;
    bool good = mail_thread_read(w->store, id, e->sequence, &rule, &thread, err);
    if (good && thread.is_mailed && v->tolds < INVESTIGATION_TOLD) {
        char *text = v->told[v->tolds++];
        (void)snprintf(text, LOOKUP_WORDS_BYTES, "Mail");
        add_recipients(w->config, text, LOOKUP_WORDS_BYTES - 80);
        describe_event(e, text, LOOKUP_WORDS_BYTES - 24);
        size_t used = strlen(text);
        (void)snprintf(text + used, LOOKUP_WORDS_BYTES - used, "; %s",
                       mail_state(w, id, thread.number));
    }
    mail_thread_fini(&thread);
    return good;
}

static void list_other(struct investigation *v, const char *what, const char *whom)
{
    if (whom[0] != '\0' && v->tolds < INVESTIGATION_TOLD)
        (void)snprintf(v->told[v->tolds++], LOOKUP_WORDS_BYTES, "%s: %.150s", what, whom);
}

static bool list_told(const struct casework *w, const char *id, struct investigation *v,
                      struct error *err)
{
    struct listing l = {.count = 0};
    bool good = true;
    v->tolds = 0;
    v->told_s = w->now_s;
    if (!store_events(w->store, id, list_event, &l, err))
        return false;
    for (unsigned i = 0; good && w->config->mail_recipients > 0 && i < l.count; i++)
        good = list_mail(w, id, &l.event[i], v, err);
    list_other(v, "Each event, webhook", w->config->webhook_url);
    list_other(v, "Each event, command", w->config->notify_command);
    return good;
}

/* `only_anew`: brings a list up to date that was made when it was told. */
static bool note_told(const struct casework *w, const char *id, bool only_anew,
                      struct error *err)
{
    struct latest latest;
    if (!read_latest(w, id, &latest, err))
        return false;
    int fd = lock(w, id, err);
    struct investigation *v = investigation_create(&latest.event.incident);
    bool good = fd >= 0 && v != NULL && store_investigation(w->store, id, v, err) &&
                ((only_anew && v->tolds == 0) ||
                 (list_told(w, id, v, err) && store_put_investigation(w->store, id, v, err)));
    if (v == NULL)
        error_set(err, "no memory for the investigation of %s", id);
    investigation_free(v);
    if (fd >= 0)
        (void)close(fd);
    return good;
}

bool casework_told(const struct casework *w, const struct casework_list *met, struct error *err)
{
    struct error one;
    bool good = true;
    for (unsigned i = 0; i < met->count; i++) {
        bool done = note_told(w, met->id[i], false, &one) &&
                    write_with_pictures(w, met->id[i], &one);
        if (!done && good)
            *err = one;
        good &= done;
    }
    return good;
}

/* ---- Later ----------------------------------------------------------------------------- */

static unsigned patient_s(const struct config *c)
{
    unsigned s = PATIENCE * c->lookups_s;
    return s < LOOKUP_S ? s : LOOKUP_S;
}

static bool add_id(void *argument, const char *incident)
{
    struct casework_list *l = argument;
    if (l->count < CASEWORK_INCIDENTS && strlen(incident) < INCIDENT_ID_BYTES)
        (void)snprintf(l->id[l->count++], INCIDENT_ID_BYTES, "%s", incident);
    return l->count < CASEWORK_INCIDENTS;
}

bool casework_complete(const struct casework *w, struct error *err)
{
    struct casework_list due = {.count = 0};
    struct error one;
    if (!store_due_lookups(w->store, w->now_s, add_id, &due, err))
        return false;
    bool good = true;
    for (unsigned i = 0; i < due.count; i++) {
        struct casework now = *w;
        now.now_s = time(NULL);
        bool done = investigate(&now, due.id[i], patient_s(w->config), false, &one) &&
                    note_told(&now, due.id[i], true, &one) &&
                    write_with_pictures(&now, due.id[i], &one);
        if (!done && good)
            *err = one;
        good &= done;
    }
    return good;
}

bool casework_make(const struct casework *w, const char *id, bool again, struct error *err)
{
    return investigate(w, id, patient_s(w->config), again, err) &&
           note_told(w, id, true, err) && write_with_pictures(w, id, err);
}

pid_t casework_start(const struct config *c, const char *state, const struct log *log)
{
    pid_t pid = fork();
    if (pid < 0)
        log_error(log, "starting a process to complete case files: it is refused");
    if (pid != 0)
        return pid;

    struct error err;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct casework w = {.config = c, .state = state, .now_s = time(NULL), .log = log};
    bool good = privileges_drop(c->user, &err);
    w.store = good ? store_open(state, STORE_NOTE, &err) : NULL;
    good = w.store != NULL && casework_complete(&w, &err);
    if (!good)
        log_error(log, "%s", err.text);
    store_close(w.store);
    _exit(good ? EXIT_DONE : EXIT_FAILED);
}
