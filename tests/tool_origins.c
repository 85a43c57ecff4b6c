/*
 * For tests: what a table of origins holds.
 *
 * usage: tool_origins routes FILE    each route: prefix, origin, path
 *        tool_origins find FILE      of each address of standard input: answer, announced
 *                                    prefix, all origins, the name of the first
 */
/* SPDX-License-Identifier: MIT */
#include "analysis/origins.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool print_route(void *to, const struct route *r, struct error *err)
{
    char prefix[ROUTE_TEXT_BYTES], origin[4096], path[1 << 15];
    unsigned origins = routes_origins(r);
    (void)to;
    (void)err;
    printf("%s\t%s\t%s\n", routes_prefix(r, prefix),
           routes_path(r->hop + r->hops - origins, origins, origin, sizeof origin),
           routes_path(r->hop, r->hops, path, sizeof path));
    return true;
}

static bool print_routes(struct feed *from, struct error *err)
{
    struct routes_about about;
    const struct routes_taker taker = {.take = print_route};
    bool good = routes_read(from, &taker, &about, err);
    printf("# %s %" PRId64 " %" PRIu64 "\n", routes_kind_name(about.kind), about.time,
           about.routes);
    return good;
}

static void print_origin(const struct origins *o, const char *address)
{
    static const char *const answers[] = {"unknown", "unrouted", "announced"};
    char text[PREFIX_TEXT_BYTES];
    struct route r;
    struct origin found;
    uint32_t asn[ROUTE_ORIGINS_MAX];
    if (!routes_parse(address, strchr(address, ':') != NULL ? 128 : 32, &r))
        return;
    struct prefix p = prefix_of(r.family, r.address, r.family == 4 ? 32 : 56);
    enum origins_answer answer = origins_look_up(o, p, &found);
    size_t n = origins_all(o, &found, asn, ROUTE_ORIGINS_MAX);
    printf("%s\t%s\t", answers[answer],
           found.announced.bits == 0 ? "" : prefix_format(found.announced, text));
    for (size_t i = 0; i < n; i++)
        printf("%s%" PRIu32, i == 0 ? "" : ",", asn[i]);
    const char *name = answer == ORIGINS_ANNOUNCED ? origins_name(o, found.number) : NULL;
    printf("\t%s\n", name == NULL ? "" : name);
}

static bool find_all(struct feed *from, struct error *err)
{
    char line[128];
    struct origins *o = origins_read(from, NULL, NULL, err);
    if (o == NULL)
        return false;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        print_origin(o, line);
    }
    origins_free(o);
    return true;
}

int main(int argc, char **argv)
{
    struct feed from;
    struct error err;
    if (argc != 3)
        return 2;
    if (!feed_open(&from, argv[2], &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    bool good =
            strcmp(argv[1], "find") == 0 ? find_all(&from, &err) : print_routes(&from, &err);
    feed_close(&from);
    if (!good)
        fprintf(stderr, "%s\n", err.text);
    return good ? 0 : 1;
}
