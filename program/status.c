/* SPDX-License-Identifier: MIT */
#include "program/status.h"

#include "program/counts_json.h"
#include "program/summary_origins.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MODE = 0640 };

struct leaders {
    const struct prefix_record *record[STATUS_PREFIXES];
    unsigned count;
    uint32_t prefixes; /* that sent a query, with a record or without */
};

static void insert(struct leaders *l, const struct prefix_record *r)
{
    unsigned at = l->count;
    if (at < STATUS_PREFIXES)
        l->count++;
    else if (r->queries <= l->record[--at]->queries)
        return;
    for (; at > 0 && l->record[at - 1]->queries < r->queries; at--)
        l->record[at] = l->record[at - 1];
    l->record[at] = r;
}

static void count_bare(void *argument, struct prefix p, uint32_t queries)
{
    struct leaders *l = argument;
    (void)p;
    (void)queries;
    l->prefixes++;
}

static void find_leading(struct leaders *l, const struct prefix_counts *prefixes)
{
    uint32_t count;
    const struct prefix_record *r = prefix_counts_records(prefixes, &count);
    *l = (struct leaders){.count = 0};
    for (uint32_t i = 0; i < count; i++) {
        l->prefixes += r[i].queries > 0;
        if (r[i].queries > 0)
            insert(l, &r[i]);
    }
    prefix_counts_bare(prefixes, count_bare, l);
}

static void annotate(json_t *row, const struct origins *origins, struct prefix p)
{
    struct origin found;
    summary_origins_annotate(row, origins, p);
    if (origins_look_up(origins, p, &found) != ORIGINS_ANNOUNCED)
        return;
    const char *name = origins_name(origins, found.number);
    if (name != NULL)
        json_object_set_new(row, "as_name", json_string(name));
}

static json_t *prefixes_json(const struct status_view *v, const struct leaders *l)
{
    const struct counters *c = v->interval->counters;
    json_t *array = json_array();
    for (unsigned i = 0; i < l->count; i++) {
        const struct prefix_record *r = l->record[i];
        json_t *row = counts_row_json(c, r->prefix, r->queries, r);
        if (v->origins != NULL)
            annotate(row, v->origins, r->prefix);
        json_array_append_new(array, row);
    }
    return array;
}

/* What is not in the counts: each is zero when all is well. */
static void set_losses(json_t *status, const struct counters *c)
{
    json_object_set_new(status, "frames", counts_number(c->source.frames));
    json_object_set_new(status, "undecoded", counts_number(counters_undecoded(&c->source)));
    json_object_set_new(status, "drops",
                        json_pack("{s:I, s:I}", "kernel", (json_int_t)c->source.kernel_drops,
                                  "interface", (json_int_t)c->source.interface_drops));
    json_object_set_new(status, "without_source", counts_number(counters_overflow(c)));
    json_object_set_new(status, "without_name", counts_number(names_lost(c->names)));
}

static json_t *open_json(const struct status_view *v)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < INCIDENT_SEVERITIES; i++)
        json_object_set_new(object, incident_severity_name(i), counts_number(v->open[i]));
    return object;
}

static json_t *since_start(const struct status_view *v)
{
    json_t *totals = totals_json(v->totals);
    json_object_set_new(json_object_get(totals, "overflow"), "incidents",
                        counts_number(v->turned_away));
    return totals;
}

json_t *status_json(const struct status_view *v)
{
    const struct counters *c = v->interval->counters;
    const struct junk_counts junk = junk_split(&c->junk);
    struct leaders l;
    find_leading(&l, c->prefixes);
    json_t *status = json_pack(
            "{s:s, s:s, s:s, s:I, s:f, s:f, s:b}", "schema", "rootwatch-status/1", "site",
            v->site, "interface", v->interface, "interval_s", (json_int_t)v->interval_s, "time",
            (double)(v->interval->start_ns + v->interval->length_ns) / 1e9, "length_s",
            interval_seconds(v->interval), "lossy", v->interval->lossy);
    if (status == NULL)
        return NULL;
    json_object_set_new(status, "usual_qps",
                        isnan(v->usual_qps) ? json_null() : json_real(v->usual_qps));
    json_object_set_new(status, "queries", counts_number(c->queries));
    json_object_set_new(status, "responses", counts_number(c->responses));
    json_object_set_new(status, "malformed", counts_number(c->malformed));
    json_object_set_new(status, "queries_by", counts_transports_json(c->queries_by));
    json_object_set_new(status, "qtype", counts_tally_json(&c->qtype, CODE_QTYPE));
    json_object_set_new(status, "rcode", counts_tally_json(&c->rcode, CODE_RCODE));
    json_object_set_new(status, "junk", counts_number(junk_sum(junk.queries)));
    json_object_set_new(status, "sources", counts_number(l.prefixes));
    json_object_set_new(status, "prefixes", prefixes_json(v, &l));
    json_object_set_new(status, "names", counts_names_json(c->names, STATUS_NAMES));
    json_object_set_new(status, "tlds", counts_names_json(c->tlds, STATUS_NAMES));
    set_losses(status, c);
    json_object_set_new(status, "incidents_open", open_json(v));
    json_object_set_new(status, "totals", since_start(v));
    return status;
}

bool status_path(const char *state, char path[static STATUS_PATH_BYTES])
{
    int used = snprintf(path, STATUS_PATH_BYTES, "%s/status.json", state);
    return used > 0 && used < STATUS_PATH_BYTES - 8;
}

static bool write_text(const char *path, const char *text, struct error *err)
{
    size_t size = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    if (fd < 0)
        return error_errno(err, "writing %s", path);
    ssize_t done = write(fd, text, size);
    if (done == (ssize_t)size && close(fd) == 0)
        return true;
    if (done >= 0 && done < (ssize_t)size)
        errno = ENOSPC;
    error_errno(err, "writing %s", path);
    if (done != (ssize_t)size)
        (void)close(fd);
    return false;
}

/*
 * Unlike what is published (graphs/publish.h) for those who may read this directory alone, and
 * not made sure of on the disk: after a crash of the system nobody asks what was then.
 */
bool status_write(const char *state, const json_t *status, struct error *err)
{
    char path[STATUS_PATH_BYTES];
    char new_path[STATUS_PATH_BYTES + 8];
    if (!status_path(state, path))
        return error_set(err, "the path of status.json would be too long");
    (void)snprintf(new_path, sizeof new_path, "%s.new", path);
    char *text = json_dumps(status, JSON_COMPACT | JSON_REAL_PRECISION(12));
    if (text == NULL)
        return error_set(err, "no memory for status.json");
    bool good = write_text(new_path, text, err) &&
                (rename(new_path, path) == 0 || error_errno(err, "replacing %s", path));
    free(text);
    if (!good)
        (void)unlink(new_path);
    return good;
}

/* The file is replaced whole, so that it is never half there. */
json_t *status_read(const char *state, struct error *err)
{
    char path[STATUS_PATH_BYTES];
    json_error_t problem;
    if (!status_path(state, path)) {
        error_set(err, "the path of status.json would be too long");
        return NULL;
    }
    json_t *status = json_load_file(path, 0, &problem);
    const char *schema = json_string_value(json_object_get(status, "schema"));
    if (status == NULL && json_error_code(&problem) == json_error_cannot_open_file)
        error_errno(err,
                    errno == ENOENT
                            ? "%s: is `rootwatch run` capturing with this state directory?"
                            : "%s",
                    path);
    else if (status == NULL)
        error_set(err, "%s, line %d: %s", path, problem.line, problem.text);
    else if (schema == NULL || strcmp(schema, "rootwatch-status/1") != 0)
        error_set(err, "%s: not of schema rootwatch-status/1", path);
    else
        return status;
    json_decref(status);
    return NULL;
}
