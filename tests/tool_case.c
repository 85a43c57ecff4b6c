/* SPDX-License-Identifier: MIT */
/* usage: tool_case DIRECTORY: a state directory with the published case, for tests of pages. */
#include "tests/support/case.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct error err = {0};
    struct store *store = argc == 2 ? store_open(argv[1], STORE_WRITE, &err) : NULL;
    int64_t from_s = CASE_FROM_S - 7 * INT64_C(86400);

    bool done = store != NULL && case_fill(store, from_s, CASE_TO_S, &err) &&
                case_events(store, &err);
    store_close(store);
    if (!done)
        fprintf(stderr, "tool_case: %s\n", argc == 2 ? err.text : "which directory?");
    return done ? 0 : 1;
}
