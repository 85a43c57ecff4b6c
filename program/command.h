/* The subcommands: each takes its own arguments, argv[0] being "rootwatch NAME", and returns
 * the exit status. */
/* SPDX-License-Identifier: MIT */
#pragma once

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,         /* the input or the work failed */
    EXIT_USAGE = 2,          /* wrong arguments, or a configuration that cannot be used */
    EXIT_NO_INTERFACE = 69,  /* EX_UNAVAILABLE */
    EXIT_NO_RIGHT = 77,      /* EX_NOPERM */
    EXIT_CONFIGURATION = 78, /* EX_CONFIG, of `run` alone */
};

int cmd_read(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_graph(int argc, char **argv);
int cmd_incident(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_origins(int argc, char **argv);
int cmd_rank(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_rssac002(int argc, char **argv);
int cmd_filters(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_tune(int argc, char **argv);
