/*
 * The parent of `run`: it parses nothing that comes from outside, keeps the right to open the
 * interface, and starts the capturing process again when that ends without being asked to.
 *
 *     SIGTERM, SIGINT   the capturing process finishes its interval and saves; a second one
 *                       ends it now
 *     SIGHUP            the configuration is read anew; with an error in it, or a file of it
 *                       that cannot be used, the old one stays, else the capturing process is
 *                       replaced
 *
 * The table of origins is looked at every few seconds.  Once it is another, and a child could
 * read it, the capturing process gets SIGUSR1, see origins_reload.h; else the old one stays.
 *
 * Where the configuration asks for metrics, another process answers for them: see
 * metrics_process.h.
 *
 * It has one thread and starts short-lived children: see jobs.h.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"
#include "program/log.h"

struct supervisor_settings {
    const char *config_file; /* as given on the command line; NULL: the usual one */
    struct config *config;
    const struct log *log;
    /*
     * Whether the files that the configuration names can be used; says in the log which cannot.
     * Called in a process of its own, at the start, before a configuration is taken, and when
     * the table of origins was changed.
     */
    bool (*usable)(const struct config *c, const struct log *log);
    /* The capturing process: returns its exit status.  `poke_fd`: see engine.h. */
    int (*capture)(const struct config *c, const struct log *log, int poke_fd);
};

/* Runs until told to stop; returns the exit status. */
int supervisor_run(const struct supervisor_settings *settings);
