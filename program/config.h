/*
 * What an operator has set, read once before any thread starts and constant afterwards.
 *
 * The file is YAML; program/setting.h has the table of all settings, which drives defaults,
 * loading, checks, `rootwatch check` and the test of the manual page.  A file is read to its
 * end whatever is wrong in it: every problem is told, each with line and column.
 *
 * Texts are printable UTF-8 without control characters, and empty where nothing is set.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "analysis/known.h"
#include "analysis/silence.h"
#include "capture/source.h"
#include "program/log.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_FILE "/etc/rootwatch/rootwatch.yaml"

enum {
    CONFIG_PATH_BYTES = 256,
    CONFIG_URL_BYTES = 256,
    CONFIG_MAILBOX_BYTES = 255, /* RFC 5321 4.5.3.1: a path has 256 octets with its < and > */
    CONFIG_RECIPIENTS = 16,
    CONFIG_PROBLEMS = 32, /* kept; more are only counted */
};

enum config_starttls { CONFIG_STARTTLS_TRY, CONFIG_STARTTLS_REQUIRE, CONFIG_STARTTLS_NEVER };

struct config {
    char file[CONFIG_PATH_BYTES]; /* what was read; empty: there was none, all are defaults */

    char site[64]; /* "x-root" */
    char user[32]; /* `run` becomes it; empty: stays who it is */
    char state[CONFIG_PATH_BYTES];
    char www[CONFIG_PATH_BYTES];     /* empty: config_www() says where */
    char page_url[CONFIG_URL_BYTES]; /* where www is published, without a final slash */

    char interface[16]; /* `run` demands it */
    uint32_t workers;
    uint32_t buffer_mib; /* of the kernel's ring, each worker */
    uint32_t snaplen;    /* octets kept of a frame */
    uint32_t stream_mib; /* for DNS over TCP, each worker */
    uint32_t fragment_mib;

    struct source_scope scope; /* the server's own addresses and ports */

    uint32_t interval_s;
    uint32_t prefix_records;

    char tlds[CONFIG_PATH_BYTES]; /* the root zone or a list; empty: the list that ships */
    uint32_t question_mib;        /* to remember questions in */
    uint32_t zone_labels;         /* of the zones that are delegated */

    double open_qps;                 /* smallest excess that opens an incident */
    double open_share;               /* the same as a part of all queries, 0 to 1 */
    double sensitivity;              /* of all tests; 1 */
    uint32_t quiet_s;                /* an incident closes after so long without excess */
    uint32_t warmup_s;               /* nothing opens in the first seconds of a first start */
    struct known known;              /* sources that may send much */
    char origins[CONFIG_PATH_BYTES]; /* table of origin ASes; empty: they are not known */
    uint32_t origins_days;    /* from its time to the traffic's, at most, to be believed */
    struct silences silences; /* when nothing is told */
    uint32_t evidence_frames; /* kept of each incident; 0: none */

    char mail_to[CONFIG_RECIPIENTS][CONFIG_MAILBOX_BYTES];
    unsigned mail_recipients; /* 0: no mail */
    char mail_from[CONFIG_MAILBOX_BYTES];
    char smarthost[CONFIG_URL_BYTES]; /* empty: `sendmail` is called */
    char mail_user[128];
    char mail_password_file[CONFIG_PATH_BYTES];
    enum config_starttls starttls;
    char sendmail[CONFIG_PATH_BYTES];
    uint32_t mail_timeout_s;
    enum incident_severity mail_severity; /* the least that is mailed */
    uint32_t update_minutes; /* of event time, between two "changed" mails of one incident */

    char webhook_url[CONFIG_URL_BYTES]; /* empty: no webhook */
    uint32_t webhook_timeout_s;

    char notify_command[CONFIG_PATH_BYTES]; /* empty: none */

    char metrics_listen[128]; /* empty: no metrics */

    char resolver[64];               /* of look-ups; empty: the DNS is not asked */
    char origin_zone[128];           /* of origins in the DNS; empty: not asked */
    char whois[CONFIG_PATH_BYTES];   /* the program; empty: it is not asked */
    char whois_server[128];          /* empty: as the program chooses */
    char history[CONFIG_PATH_BYTES]; /* directory of dated tables; empty: none */
    uint32_t lookups_s;              /* what a mail waits for look-ups at most */
    uint32_t lookups_hours;          /* so old a look-up is taken over */

    char rssac002_service[128]; /* empty: nothing is counted for RSSAC002 */
    uint32_t rssac002_days;     /* its hours are kept */

    uint32_t minutes_days; /* kept in the database */
    uint32_t hours_days;
    uint32_t cases_days; /* case files with their evidence, once an incident has closed */
    uint32_t hour_floor; /* smallest hourly count of a prefix that is kept */
    uint32_t hour_names; /* leading names kept of an hour, and top-level domains */
};

struct config_problems {
    unsigned count; /* all found */
    /* "rootwatch.yaml:7:11: capture.workers: ..."; the last place is for those not kept */
    struct error problem[CONFIG_PROBLEMS + 1];
};

/*
 * Reads `path`, NULL being CONFIG_FILE where that exists and nothing but defaults where it does
 * not.  False: see `p`; `c` then holds defaults for what could not be read.
 */
bool config_load(const char *path, struct config *c, struct config_problems *p);

/* One line each, as they were found; the last says how many more there are. */
void config_print_problems(const struct config_problems *p, FILE *to);
void config_log_problems(const struct config_problems *p, const struct log *log);

/* Where pages and pictures go; returns `path`. */
const char *config_www(const struct config *c, char path[static CONFIG_PATH_BYTES + 8]);
