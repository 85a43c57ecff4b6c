/* SPDX-License-Identifier: MIT */
#include "tests/support/hostile.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MEMBERS = 2, PATH_BYTES = 512 };

struct walk {
    unsigned left; /* places until the one that is meant */
    json_t *value; /* to put there; NULL: to look only */
    char path[PATH_BYTES];
    bool found;
};

static void walk(struct walk *w, json_t *container, const char *at);

static void put(json_t *container, const char *key, size_t index, json_t *value)
{
    if (json_is_object(container))
        json_object_set_new(container, key, value);
    else
        json_array_set_new(container, index, value);
}

static void meet(struct walk *w, json_t *container, const char *at, const char *key,
                 size_t index, json_t *member)
{
    char path[PATH_BYTES];
    if (json_is_object(container))
        (void)snprintf(path, sizeof path, "%.400s/%s", at, key);
    else
        (void)snprintf(path, sizeof path, "%.400s/%zu", at, index);
    if (json_is_object(member) || json_is_array(member)) {
        walk(w, member, path);
        return;
    }
    if (w->left-- > 0)
        return;
    w->found = true;
    memcpy(w->path, path, sizeof path);
    if (w->value != NULL)
        put(container, key, index, w->value);
}

static void walk(struct walk *w, json_t *container, const char *at)
{
    const char *key;
    void *iterator;
    for (iterator = json_object_iter(container); iterator != NULL && !w->found;
         iterator = w->found ? NULL : json_object_iter_next(container, iterator)) {
        key = json_object_iter_key(iterator);
        meet(w, container, at, key, 0, json_object_iter_value(iterator));
    }
    for (size_t i = 0; i < json_array_size(container) && !w->found; i++) {
        json_t *member = json_array_get(container, i);
        if (i < LIST_MEMBERS || !(json_is_array(member) || json_is_object(member)))
            meet(w, container, at, "", i, member);
    }
}

unsigned hostile_places(const json_t *document)
{
    struct walk w = {.left = UINT32_MAX};
    walk(&w, (json_t *)document, "");
    return UINT32_MAX - w.left;
}

bool hostile_replace(json_t *document, unsigned place, json_t *value)
{
    struct walk w = {.left = place, .value = value};
    walk(&w, document, "");
    if (!w.found)
        json_decref(value);
    return w.found;
}

char *hostile_path(const json_t *document, unsigned place)
{
    struct walk w = {.left = place};
    walk(&w, (json_t *)document, "");
    return strdup(w.path);
}
