/* SPDX-License-Identifier: MIT */
#include "program/lookups.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    TABLES_MAX = 400,    /* of a directory, the latest */
    LATER_S = 7 * 86400, /* tables so long after the incident are still its history */
    PATH_BYTES = CONFIG_PATH_BYTES + 256,
};

/* ---- Routing now ----------------------------------------------------------------------- */

/* What the reading of a table ends for. */
struct limit {
    int64_t until_ms;
    bool over;
};

static bool keep_on(void *to, const struct feed *from, uint64_t routes)
{
    struct limit *l = to;
    (void)from;
    (void)routes;
    l->over = lookups_clock_ms() >= l->until_ms;
    return !l->over;
}

static void look_up(const struct origins *o, int64_t now_s, struct investigation_network *n)
{
    struct origin found;
    struct investigation_routing *r = &n->routing;
    lookup_settle(&r->lookup, LOOKUP_FOUND, now_s);
    r->answer = origins_look_up(o, n->prefix, &found);
    r->table_s = origins_about(o)->time;
    r->asn = 0;
    r->announced[0] = r->name[0] = '\0';
    if (r->answer != ORIGINS_ANNOUNCED)
        return;
    const char *name = found.asn == 0 ? NULL : origins_name(o, found.number);
    r->asn = found.asn;
    (void)prefix_format(found.announced, r->announced);
    (void)snprintf(r->name, sizeof r->name, "%s", name != NULL ? name : "");
}

static struct origins *read_origins(const struct lookups_part *p, struct error *err)
{
    struct feed from;
    struct limit limit = {.until_ms = p->until_ms};
    if (!feed_open(&from, p->lookups->config->origins, err))
        return NULL;
    struct origins *o = origins_read(&from, keep_on, &limit, err);
    feed_close(&from);
    if (o == NULL && limit.over)
        error_set(err, "reading the table takes longer than %u s", p->lookups->deadline_s);
    return o;
}

static void find_routing(const struct lookups_part *p)
{
    struct investigation *v = p->investigation;
    const struct lookups *l = p->lookups;
    struct error err;
    struct origins *o = NULL;
    char subject[LOOKUP_SUBJECT_BYTES];
    bool tried = false;
    for (unsigned i = 0; i < v->networks; i++) {
        struct lookup *lookup = &v->network[i].routing.lookup;
        (void)prefix_format(v->network[i].prefix, subject);
        if (!lookups_want(l, v, FACT_ROUTING, subject, lookup))
            continue;
        if (!tried)
            o = read_origins(p, &err);
        tried = true;
        (void)snprintf(lookup->source, sizeof lookup->source, "table %.150s",
                       l->config->origins);
        if (o != NULL)
            look_up(o, l->now_s, &v->network[i]);
        else
            lookup_fail(lookup, l->now_s, "%.190s", err.text);
        lookups_hand_in(p, FACT_ROUTING, subject);
    }
    origins_free(o);
}

/* ---- History --------------------------------------------------------------------------- */

struct table {
    char path[PATH_BYTES];
    int64_t time_s; /* by its name; 0: it has none */
};

struct tables {
    struct table *table; /* the latest first */
    unsigned count;
    bool more;
};

static int later_first(const void *a, const void *b)
{
    const struct table *x = a, *y = b;
    if (x->time_s != y->time_s)
        return x->time_s < y->time_s ? 1 : -1;
    return strcmp(y->path, x->path);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool add_table(struct tables *t, const struct lookups *l, const char *name)
{
    struct table one = {.time_s = routes_date(name)};
    int n = snprintf(one.path, sizeof one.path, "%s/%s", l->config->history, name);
    if (name[0] == '.' || n >= (int)sizeof one.path || !is_file(one.path) ||
        one.time_s > l->about_s + LATER_S)
        return true;
    if (t->count % TABLES_MAX == 0) {
        struct table *more = realloc(t->table, (t->count + TABLES_MAX) * sizeof *t->table);
        if (more == NULL)
            return false;
        t->table = more;
    }
    t->table[t->count++] = one;
    return true;
}

static bool list_tables(const struct lookups *l, struct tables *t, struct error *err)
{
    DIR *d = opendir(l->config->history);
    const struct dirent *e;
    bool good = true;
    *t = (struct tables){.count = 0};
    if (d == NULL)
        return error_errno(err, "%.150s", l->config->history);
    while (good && (e = readdir(d)) != NULL)
        good = add_table(t, l, e->d_name);
    (void)closedir(d);
    if (!good) {
        free(t->table);
        return error_set(err, "no memory for the names of tables");
    }
    if (t->count > 0)
        qsort(t->table, t->count, sizeof *t->table, later_first);
    t->more = t->count > TABLES_MAX;
    t->count = t->more ? TABLES_MAX : t->count;
    return t->count > 0 || error_set(err, "no table in %.150s", l->config->history);
}

/* What became of the tables. */
struct progress_of_tables {
    unsigned read, refused, late;
    struct error first; /* why one was refused */
};

static void read_tables(const struct lookups_part *p, const struct tables *t,
                        struct origin_history *h, struct progress_of_tables *done)
{
    struct limit limit = {.until_ms = p->until_ms};
    *done = (struct progress_of_tables){.read = 0};
    for (unsigned i = 0; i < t->count; i++) {
        struct feed from;
        struct error err;
        if (lookups_clock_ms() >= p->until_ms) {
            done->late = t->count - i;
            return;
        }
        bool good = feed_open(&from, t->table[i].path, &err);
        if (good) {
            good = origin_history_read(h, &from, 0, keep_on, &limit, &err);
            feed_close(&from);
        }
        if (good)
            done->read++;
        else if (!limit.over && done->refused++ == 0)
            done->first = err;
        done->late = limit.over ? t->count - i : 0;
        if (limit.over)
            return;
    }
}

static void take_row(struct investigation_history *to, const struct origin_history_row *from)
{
    if (to->rows == INVESTIGATION_ROWS) { /* the latest are worth most */
        memmove(&to->row[0], &to->row[1], (INVESTIGATION_ROWS - 1) * sizeof to->row[0]);
        to->rows--;
        to->more = true;
    }
    struct investigation_row *r = &to->row[to->rows++];
    *r = (struct investigation_row){
            .from = from->from, .to = from->to, .tables = from->tables, .match = from->match};
    if (from->match >= ORIGIN_COVERS)
        (void)routes_prefix(&from->prefix, r->announced);
    for (; r->origins < from->origins && r->origins < INVESTIGATION_ORIGINS; r->origins++)
        r->origin[r->origins] = from->origin[r->origins];
    (void)snprintf(r->path, sizeof r->path, "%.255s", from->path);
}

/* Of what was found, what is missing; it is looked for again with more time. */
static void judge(struct investigation_history *to, const struct progress_of_tables *done,
                  const struct tables *t, const struct lookups *l)
{
    unsigned tries = to->lookup.tries;
    if (done->read == 0 && done->refused > 0) {
        lookup_fail(&to->lookup, l->now_s, "%.190s", done->first.text);
        return;
    }
    if (done->read == 0) {
        lookup_fail(&to->lookup, l->now_s, "reading the first table takes longer than %u s",
                    l->deadline_s);
        return;
    }
    if (done->late > 0) {
        lookup_fail(&to->lookup, l->now_s,
                    "%u of %u tables, the latest; the others take longer than %u s", done->read,
                    t->count, l->deadline_s);
        to->lookup.tries = tries + 1;
        to->lookup.state = LOOKUP_FOUND;
        return;
    }
    lookup_settle(&to->lookup, LOOKUP_FOUND, l->now_s);
    if (done->refused > 0)
        (void)snprintf(to->lookup.words, sizeof to->lookup.words,
                       "%u table%s refused, the first because %.140s", done->refused,
                       done->refused == 1 ? " was" : "s were", done->first.text);
    else if (t->more)
        (void)snprintf(to->lookup.words, sizeof to->lookup.words, "the latest %u tables",
                       t->count);
}

static bool find_rows(const struct lookups_part *p, const struct tables *t,
                      struct investigation_network *n, struct error *err)
{
    struct progress_of_tables done;
    struct route asked;
    char text[PREFIX_TEXT_BYTES];
    unsigned rows;
    (void)prefix_format(n->prefix, text);
    text[strcspn(text, "/")] = '\0';
    if (!routes_parse(text, prefix_length(n->prefix), &asked))
        return error_set(err, "%s cannot be asked for", text);
    struct origin_history *h = origin_history_create(&asked, false, err);
    if (h == NULL)
        return false;
    read_tables(p, t, h, &done);
    bool good = origin_history_finish(h, err);
    const struct origin_history_row *row = origin_history_rows(h, &rows);
    n->history.rows = 0;
    n->history.more = false;
    for (unsigned i = 0; good && i < rows; i++)
        take_row(&n->history, &row[i]);
    n->history.tables = done.read;
    if (good)
        judge(&n->history, &done, t, p->lookups);
    origin_history_free(h);
    return good;
}

static void find_history(const struct lookups_part *p)
{
    struct investigation *v = p->investigation;
    const struct lookups *l = p->lookups;
    struct tables t = {.count = 0};
    struct error err;
    char subject[LOOKUP_SUBJECT_BYTES];
    bool listed = false, tried = false;
    for (unsigned i = 0; i < v->networks; i++) {
        struct lookup *lookup = &v->network[i].history.lookup;
        (void)prefix_format(v->network[i].prefix, subject);
        if (!lookups_want(l, v, FACT_HISTORY, subject, lookup))
            continue;
        if (!tried)
            listed = list_tables(l, &t, &err);
        tried = true;
        (void)snprintf(lookup->source, sizeof lookup->source, "tables in %.140s",
                       l->config->history);
        if (!listed || !find_rows(p, &t, &v->network[i], &err))
            lookup_fail(lookup, l->now_s, "%.190s", err.text);
        lookups_hand_in(p, FACT_HISTORY, subject);
    }
    if (listed)
        free(t.table);
}

void lookups_read_tables(const struct lookups_part *p)
{
    find_routing(p);
    find_history(p);
}
