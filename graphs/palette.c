/* SPDX-License-Identifier: MIT */
#include "graphs/palette.h"

static const char *const uses[PALETTE_USES] = {
        [PALETTE_CULPRIT] = "CC3311", [PALETTE_REST] = "DDDDDD",  [PALETTE_MARK] = "882255",
        [PALETTE_TOTAL] = "222222",   [PALETTE_USUAL] = "004488",
};

static const char *const things[] = {"DDAA33", "004488", "BB5566", "66CCEE", "228833",
                                     "AA4499", "999933", "6699CC", "44AA99", "332288"};

const char *palette_colour(enum palette_use use)
{
    return uses[use];
}

const char *palette_nth(unsigned n)
{
    return things[n % (sizeof things / sizeof *things)];
}
