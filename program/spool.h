/*
 * Mails on their way: `spool/` in the state directory, one file a mail.
 *
 *     NAME.eml        waiting; its modification time is when it was written
 *     NAME.eml.retry  how often it was not accepted, and when it is due (program/retry.h)
 *     NAME.rejected   refused for good, or not accepted in five days: kept for a person
 *     server.retry    nobody to give mail to: when that is tried again
 *
 * A mail is written aside, synced and renamed: after a crash it is there whole or not at all.
 * It is removed when a server or sendmail has accepted it, so a crash in that moment may send
 * it twice, never lose it.  One process at a time uses a spool; spool_lock() sees to it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"
#include "program/log.h"

#include <stddef.h>

struct spool_counts {
    unsigned sent, waiting, rejected;
};

/* Makes the directory where needed.  The lock lives until `*lock` is closed; -1: it is taken.
 */
bool spool_lock(const char *state, int *lock, struct error *err);

/* Writes `name`.eml, in the place of one that was there. */
bool spool_put(const char *state, const char *name, const char *message, size_t size,
               int64_t now_s, struct error *err);

/* Tries every mail that is due, oldest first, and logs what became of each. */
bool spool_deliver_all(const struct config *c, const char *state, int64_t now_s,
                       const struct log *log, struct spool_counts *counts, struct error *err);
