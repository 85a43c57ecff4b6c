/* SPDX-License-Identifier: MIT */
#include "program/metrics_process.h"

#include "program/command.h"
#include "program/metrics_server.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int killed_by; /* what ends the process before it listens; 0: it listens until SIGTERM */
static struct config config;
static struct log quiet;
static FILE *said;
static struct metrics_process metrics;

int __wrap_metrics_server_run(const struct config *c, const struct log *log, int ready_fd);

int __wrap_metrics_server_run(const struct config *c, const struct log *log, int ready_fd)
{
    int number;
    sigset_t stop;
    (void)c, (void)log;
    if (killed_by != 0)
        (void)raise(killed_by);
    (void)!write(ready_fd, "R", 1);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    (void)sigwait(&stop, &number);
    return EXIT_DONE;
}

/* As the parent has it. */
static void setup(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    cr_assert(eq(int, sigprocmask(SIG_BLOCK, &stop, NULL), 0));
    said = tmpfile();
    cr_assert_not_null(said);
    log_init(&quiet, fileno(said));
    metrics = (struct metrics_process){.log = &quiet};
    (void)strcpy(config.metrics_listen, "127.0.0.1:9153");
}

static void teardown(void)
{
    (void)fclose(said);
}

TestSuite(metrics_process, .init = setup, .fini = teardown);

static const char *log_text(void)
{
    static char text[8192];
    rewind(said);
    text[fread(text, 1, sizeof text - 1, said)] = '\0';
    return text;
}

Test(metrics_process, goes_on_until_it_is_stopped)
{
    metrics_process_begin(&metrics, &config);
    cr_expect(gt(int, metrics.pid, 0));
    cr_expect_not(metrics_process_is_mute(&metrics, &config));
    metrics_process_stop(&metrics);
    cr_expect(eq(int, waitpid(-1, NULL, WNOHANG), -1));
    cr_expect_not_null(strstr(log_text(), "metrics are at 127.0.0.1:9153"), "%s", log_text());
}

Test(metrics_process, says_what_ended_it_where_it_could_not_itself)
{
    killed_by = SIGKILL;
    metrics_process_begin(&metrics, &config);
    cr_expect(metrics_process_is_mute(&metrics, &config));
    cr_expect(gt(i64, metrics.again.due_s, 0));
    cr_expect(eq(int, waitpid(-1, NULL, WNOHANG), -1));
    cr_expect_not_null(strstr(log_text(), "was ended by signal 9 (Killed) at its start"), "%s",
                       log_text());
}

static unsigned lines(void)
{
    unsigned n = 0;
    for (const char *c = log_text(); *c != '\0'; c++)
        n += *c == '\n';
    return n;
}

Test(metrics_process, says_that_it_fails_a_few_times_and_then_that_it_works_again)
{
    killed_by = SIGKILL;
    metrics_process_begin(&metrics, &config);
    for (unsigned i = 0; i < 6; i++) {
        metrics.again.due_s = 1; /* long ago */
        metrics_process_do_what_is_due(&metrics, &config);
    }
    cr_expect(eq(u32, metrics.again.pause_s, RESTART_PAUSE_MAX_S));
    cr_expect_not_null(strstr(log_text(), "once a minute; this is not said again"), "%s",
                       log_text());
    unsigned before = lines();
    metrics.again.due_s = 1;
    metrics_process_do_what_is_due(&metrics, &config);
    cr_expect(eq(u32, lines(), before), "%s", log_text());
    cr_expect(metrics_process_is_mute(&metrics, &config));

    killed_by = 0;
    metrics.again.due_s = 1;
    metrics_process_do_what_is_due(&metrics, &config);
    cr_expect(eq(u32, lines(), before + 1), "%s", log_text());
    cr_expect_not_null(strstr(log_text(), "metrics are at "));
    cr_expect_not(metrics_process_is_mute(&metrics, &config));
    metrics_process_stop(&metrics);
}

Test(metrics_process, is_not_missed_where_nobody_asks_for_it)
{
    config.metrics_listen[0] = '\0';
    metrics_process_begin(&metrics, &config);
    cr_expect_not(metrics_process_is_mute(&metrics, &config));
    cr_expect(eq(i64, metrics.again.due_s, 0));
}
