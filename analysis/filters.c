/* SPDX-License-Identifier: MIT */
#include "analysis/filters.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_AT_FIRST = 256, IPV4_LONGEST = 24, IPV6_LONGEST = 48, SHOWN = 60 };

const char *filters_doubt_words(enum filters_doubt d)
{
    static const char *const words[FILTERS_DOUBTS] = {
            [FILTERS_UNROUTED] = "sources without a route",
            [FILTERS_FLOOD] = "sources seen in hours of a spoofed flood alone"};
    return words[d];
}

/* ---- A list ---------------------------------------------------------------------------- */

static bool add_row(struct filters *f, struct prefix p, unsigned long line, struct error *err)
{
    if (f->rows == f->room) {
        size_t room = f->room == 0 ? ROOM_AT_FIRST : 2 * f->room;
        struct filters_row *larger = realloc(f->row, room * sizeof *larger);
        if (larger == NULL)
            return error_set(err, "no memory for a list of %zu prefixes", room);
        f->row = larger;
        f->room = room;
    }
    f->row[f->rows++] = (struct filters_row){.prefix = p, .line = line};
    return true;
}

/* Why a prefix that could be read is none of ours; NULL: it is. */
static const char *refusal(const struct route *r, unsigned length)
{
    if (length > (r->family == 4 ? IPV4_LONGEST : IPV6_LONGEST))
        return "is longer than what is counted: a /24, of IPv6 a /48";
    return NULL;
}

/* "192.0.2.0/24"; bits behind the length would be a mistake. */
static bool read_prefix(const char *word, struct prefix *p, const char **why)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(word, '/');
    struct route whole, cut;
    char *end;
    *why = "is no prefix";
    if (slash == NULL || (size_t)(slash - word) >= sizeof address || slash[1] < '0' ||
        slash[1] > '9')
        return false;
    memcpy(address, word, (size_t)(slash - word));
    address[slash - word] = '\0';
    unsigned long length = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || !routes_parse(address, length, &cut) ||
        !routes_parse(address, cut.family == 4 ? 32 : 128, &whole))
        return false;
    *why = "has bits set behind its length";
    if (memcmp(cut.address, whole.address, sizeof cut.address) != 0)
        return false;
    *why = refusal(&cut, (unsigned)length);
    if (*why != NULL)
        return false;
    *p = prefix_of(cut.family, cut.address, (unsigned)length);
    return true;
}

/* What stands in the list is shown as far as it is printable ASCII. */
static bool refuse(const struct feed *from, const char *word, const char *why,
                   struct error *err)
{
    char shown[SHOWN + 4];
    size_t n = 0;
    for (; word[n] != '\0' && n < SHOWN; n++)
        shown[n] = word[n] > ' ' && word[n] < 0x7f ? word[n] : '?';
    (void)strcpy(shown + n, word[n] == '\0' ? "" : "...");
    return error_set(err, "%s:%lu: \"%s\" %s", from->name, from->line, shown, why);
}

static bool take_line(struct filters *f, const struct feed *from, char *line, struct error *err)
{
    const char *why;
    struct prefix p;
    line[strcspn(line, ";#\r")] = '\0';
    char *word = line + strspn(line, " \t");
    size_t length = strcspn(word, " \t");
    if (length == 0)
        return true;
    char *behind = word + length + strspn(word + length, " \t");
    if (*behind != '\0')
        return refuse(from, behind,
                      "stands behind a prefix; a comment begins with \";\" or \"#\"", err);
    word[length] = '\0';
    if (strchr(word, '/') == NULL)
        return refuse(from, word, "is no prefix: it has no length", err);
    if (!read_prefix(word, &p, &why))
        return refuse(from, word, why, err);
    return add_row(f, p, from->line, err);
}

bool filters_read(struct filters *f, struct feed *from, struct error *err)
{
    char *line;
    enum feed_state state;
    *f = (struct filters){.rows = 0};
    while ((state = feed_line(from, &line, err)) == FEED_MORE)
        if (!take_line(f, from, line, err))
            return false;
    if (state == FEED_FAILED)
        return false;
    return f->rows > 0 || error_set(err, "%s: no prefix in it", from->name);
}

void filters_fini(struct filters *f)
{
    free(f->row);
    *f = (struct filters){.rows = 0};
}

/* ---- Judging --------------------------------------------------------------------------- */

static void add_sums(struct filters_sums *to, const struct filters_sums *sums)
{
    to->queries += sums->queries;
    to->judged += sums->judged;
    to->junk += sums->junk;
    to->sources += sums->sources;
    to->hurt += sums->hurt;
    for (unsigned i = 0; i < FILTERS_DOUBTS; i++)
        to->doubtful[i] += sums->doubtful[i];
}

/* By address, the larger first; families apart; of equals the line that came first. */
static int by_prefix(const void *x, const void *y)
{
    const struct filters_row *a = *(struct filters_row *const *)x;
    const struct filters_row *b = *(struct filters_row *const *)y;
    int order = filters_order(a->prefix, b->prefix);
    return order != 0 ? order : (a > b) - (a < b);
}

/* What lies in an earlier one of the order lies in the last that is outermost. */
static bool find_nested(struct filters *f)
{
    struct filters_row **order = malloc((f->rows + 1) * sizeof *order);
    const struct filters_row *outer = NULL;
    if (order == NULL)
        return false;
    for (size_t i = 0; i < f->rows; i++)
        order[i] = &f->row[i];
    qsort(order, f->rows, sizeof *order, by_prefix);
    for (size_t i = 0; i < f->rows; i++) {
        order[i]->within = outer != NULL && prefix_contains(outer->prefix, order[i]->prefix);
        if (!order[i]->within)
            outer = order[i];
    }
    free(order);
    return true;
}

bool filters_judge(struct filters *f, const struct filters_sources *s, struct error *err)
{
    f->total = (struct filters_sums){.queries = 0};
    f->all = s->before[s->count];
    if (!find_nested(f))
        return error_set(err, "no memory for a list of %zu prefixes", f->rows);
    for (size_t i = 0; i < f->rows; i++) {
        struct filters_row *r = &f->row[i];
        r->sums = filters_sources_in(s, r->prefix);
        if (!r->within)
            add_sums(&f->total, &r->sums);
    }
    return true;
}

enum filters_doubt filters_doubt(const struct filters_row *r)
{
    uint64_t all = 0;
    enum filters_doubt most = FILTERS_UNROUTED;
    for (unsigned i = FILTERS_UNROUTED; i < FILTERS_DOUBTS; i++) {
        all += r->sums.doubtful[i];
        most = r->sums.doubtful[i] > r->sums.doubtful[most] ? i : most;
    }
    return all > r->sums.queries - all ? most : FILTERS_CREDIBLE;
}
