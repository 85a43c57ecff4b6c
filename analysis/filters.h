/*
 * What a list of prefixes would have dropped of a period, and whom it would have hurt; and the
 * smallest list that reaches a goal.
 *
 * Sources are those of a report (report.h), so whole hours, without what the hours leave out.
 * A query is junk or legitimate by junk_class.h where that is known; of other queries neither
 * is said.  A listed prefix is at most a /24 (IPv6: /48), since counts are.  Prefixes may be
 * nested or repeated: each row has all of its own, and the total has each query once.
 *
 * Sources that look forged are counted as all others, but nothing that is to be dropped should
 * rest on them, since somebody else would pay for it:
 *
 *   - unrouted: no answer reaches them;
 *   - flood: they asked only in hours in which an incident of kind spoof went on, neither in
 *     others of the period nor of the one of the same length before it.
 *
 * Memory: 80 octets a source and 120 a prefix; to suggest, 40 more a source.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/feed.h"
#include "analysis/report.h"

enum filters_doubt { FILTERS_CREDIBLE, FILTERS_UNROUTED, FILTERS_FLOOD, FILTERS_DOUBTS };

struct filters_source {
    struct prefix prefix;    /* /24 or /48 */
    struct prefix announced; /* zero: not known */
    uint64_t queries, judged, junk;
    enum filters_doubt doubt;
};

struct filters_sums {
    uint64_t queries;
    uint64_t judged;  /* of these: of which it is known whether they are junk */
    uint64_t junk;    /* of these; the others are legitimate, or could not be read */
    uint64_t sources; /* /24s and /48s with queries */
    uint64_t hurt;    /* of these: with legitimate ones */
    uint64_t doubtful[FILTERS_DOUBTS]; /* queries of sources that look forged, by why */
};

static inline uint64_t filters_legitimate(const struct filters_sums *s)
{
    return s->judged - s->junk;
}

/* The sources of a report, in the order of filters_order(). */
struct filters_sources {
    struct filters_source *source;
    size_t count;
    struct filters_sums *before; /* of all sources before each; the last one: of all */
    unsigned floods;             /* incidents of kind spoof in the period and the one before */
};

/*
 * `unrouted`: whether what the report calls so is to be believed.  Whatever is returned,
 * filters_sources_fini() is called.
 */
bool filters_sources_read(struct filters_sources *s, struct store *store,
                          const struct report *r, bool unrouted, struct error *err);
void filters_sources_fini(struct filters_sources *s);

/* IPv4 before IPv6, by address, the shorter first. */
int filters_order(struct prefix a, struct prefix b);
/* The first source that is in the prefix or behind it; and the first behind it. */
void filters_range(const struct filters_sources *s, struct prefix p, size_t *first,
                   size_t *end);
struct filters_sums filters_sources_in(const struct filters_sources *s, struct prefix p);

struct filters_row {
    struct prefix prefix;
    unsigned long line; /* 0: suggested */
    bool within;        /* another row has it, too */
    struct filters_sums sums;
};

struct filters {
    struct filters_row *row; /* as listed; suggested: most junk first */
    size_t rows, room;
    struct filters_sums total, all; /* of the rows, each query once; of all sources */
};

/*
 * Reads a list: one prefix a line; what follows ";" or "#" is a comment.  False: err names the
 * first line that will not do, and why.  Whatever is returned, filters_fini() is called.
 */
bool filters_read(struct filters *f, struct feed *from, struct error *err);
void filters_fini(struct filters *f);

bool filters_judge(struct filters *f, const struct filters_sources *s, struct error *err);
/* More than half of its queries are of sources that look forged: it is not to be dropped. */
enum filters_doubt filters_doubt(const struct filters_row *r);
const char *filters_doubt_words(enum filters_doubt d); /* "sources without a route" */

struct filters_goal {
    double junk; /* of all junk that is known, so much is to go, or more */
    double harm; /* of all legitimate queries, at most so much */
};

/*
 * Finds a list, in announced prefixes and sources, and judges it; into one that is empty.
 * Greedy, at several weights of harm against junk, and the shortest list that was found: there
 * may be a shorter one.  Where no list reaches the goal, the one that removes most, to which
 * none can be added.  Sources
 * that look forged are in nothing that is suggested, but where they are less than half of an
 * announced prefix.
 */
bool filters_suggest(struct filters *f, const struct filters_sources *s,
                     const struct filters_goal *goal, struct error *err);
bool filters_reaches(const struct filters *f, const struct filters_goal *goal);
