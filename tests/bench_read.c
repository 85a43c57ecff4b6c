/*
 * CPU of a whole `rootwatch read --json` beside a pcap_loop() that does nothing, each a process
 * over the same file of its own making, in turn; the median of the ratios counts.  Once with
 * the file's queries within half a minute, where the queries themselves cost most, once at 4900
 * queries/s, where the intervals do, and once more with an incident open for half of the time.
 *
 * usage: bench_read ROOTWATCH [FRAMES]
 */
/* SPDX-License-Identifier: MIT */
#include "tests/support/bulk.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 5, FRAMES = 2000000 };

struct cost {
    double seconds;
    long peak_kib;
};

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void do_nothing(u_char *argument, const struct pcap_pkthdr *h, const u_char *data)
{
    (void)argument;
    (void)h;
    (void)data;
}

static int loop_over(const char *path)
{
    char words[PCAP_ERRBUF_SIZE];
    pcap_t *p = pcap_open_offline(path, words);
    if (p == NULL || pcap_loop(p, -1, do_nothing, NULL) != 0)
        return EXIT_FAILURE;
    pcap_close(p);
    return EXIT_SUCCESS;
}

/* `rootwatch` NULL: the empty loop. */
static struct cost run(const char *rootwatch, const char *path)
{
    struct rusage use;
    int status;
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0 && rootwatch == NULL)
        _exit(loop_over(path));
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        execl(rootwatch, rootwatch, "read", "--json", path, (char *)NULL);
        _exit(127);
    }
    if (wait4(child, &status, 0, &use) != child || status != 0) {
        fprintf(stderr, "bench_read: %s failed on %s\n", rootwatch ? rootwatch : "pcap_loop",
                path);
        exit(EXIT_FAILURE);
    }
    return (struct cost){(double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6,
                         use.ru_maxrss};
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *of)
{
    qsort(of, RUNS, sizeof *of, by_size);
    return of[RUNS / 2];
}

static void measure(const char *what, const char *rootwatch, const char *path,
                    const struct traffic_plan *plan)
{
    double ours[RUNS], theirs[RUNS], ratio[RUNS];
    long peak = 0;
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        fail(path);
    traffic_write(plan, f);
    if (fclose(f) != 0)
        fail(path);
    (void)run(NULL, path);
    for (int i = 0; i < RUNS; i++) {
        struct cost a = run(rootwatch, path);
        struct cost b = run(NULL, path);
        ours[i] = a.seconds / (double)plan->frames * 1e9;
        theirs[i] = b.seconds / (double)plan->frames * 1e9;
        ratio[i] = a.seconds / b.seconds;
        peak = a.peak_kib > peak ? a.peak_kib : peak;
    }
    printf("%-8s %6.1f ns a frame, empty pcap_loop %6.1f ns, ratio %.2f; %ld MiB\n", what,
           median(ours), median(theirs), median(ratio), peak / 1024);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    char directory[] = "/tmp/bench_read.XXXXXX";
    char path[64];
    if (argc < 2) {
        fprintf(stderr, "usage: bench_read ROOTWATCH [FRAMES]\n");
        return 2;
    }
    if (mkdtemp(directory) == NULL)
        fail(directory);
    (void)snprintf(path, sizeof path, "%s/pcap", directory);
    struct traffic_plan plan = {
            .frames = argc > 2 ? strtoull(argv[2], NULL, 10) : FRAMES,
            .networks4 = 200000,
            .networks6 = 50000,
            .seconds = 30,
    };
    measure("burst", argv[1], path, &plan);
    plan.sources = TRAFFIC_RANDOM;
    measure("random", argv[1], path, &plan);
    plan.sources = TRAFFIC_ZIPF;
    plan.seconds = (double)plan.frames / 4900;
    measure("steady", argv[1], path, &plan);
    plan.frames *= 2; /* so that enough is learned before the culprit comes */
    plan.seconds *= 2;
    plan.culprit = 0.3;
    measure("incident", argv[1], path, &plan);
    (void)unlink(path);
    (void)rmdir(directory);
    return EXIT_SUCCESS;
}
