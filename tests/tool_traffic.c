/* SPDX-License-Identifier: MIT */
/*
 * Writes a root server's traffic to standard output, as a pcap stream.
 *
 * usage: tool_traffic FRAMES SECONDS zipf|random|each NETWORKS4 NETWORKS6 [CULPRIT_SHARE]
 */
#include "tests/support/bulk.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static char buffer[1 << 20];
    if (argc < 6 || argc > 7) {
        fprintf(stderr, "usage: tool_traffic FRAMES SECONDS zipf|random|each NETWORKS4 "
                        "NETWORKS6 [CULPRIT_SHARE]\n");
        return 2;
    }
    const struct traffic_plan plan = {
            .frames = strtoull(argv[1], NULL, 10),
            .seconds = atof(argv[2]),
            .sources = strcmp(argv[3], "zipf") == 0     ? TRAFFIC_ZIPF
                       : strcmp(argv[3], "random") == 0 ? TRAFFIC_RANDOM
                                                        : TRAFFIC_EACH,
            .networks4 = (uint32_t)strtoul(argv[4], NULL, 10),
            .networks6 = (uint32_t)strtoul(argv[5], NULL, 10),
            .culprit = argc == 7 ? atof(argv[6]) : 0,
    };
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    traffic_write(&plan, stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
