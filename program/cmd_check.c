/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/tlds.h"
#include "graphs/graph.h"
#include "program/config.h"
#include "program/endpoint.h"
#include "program/log.h"
#include "program/mirror.h"
#include "program/origins_file.h"
#include "program/setting.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <getopt.h>
#include <net/if.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] = "usage: rootwatch check [-c FILE] [--quiet]\n";

/* What is wrong with this machine: `run` would fail, or work less well. */
struct findings {
    unsigned errors, warnings;
    const char *error, *warning; /* what is before each */
};

__attribute__((format(printf, 3, 4))) static void say(unsigned *count, const char *kind,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs(kind, stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    (*count)++;
}

#define WARN(f, ...) say(&(f)->warnings, (f)->warning, __VA_ARGS__)
#define FAIL(f, ...) say(&(f)->errors, (f)->error, __VA_ARGS__)

/* `run` waits for it, so it is no reason to refuse a configuration. */
static void check_link(enum mirror m, const char *interface, struct findings *f)
{
    char text[MIRROR_TEXT_BYTES];
    WARN(f, "capture.interface: %s", mirror_text(m, interface, text));
}

static void check_interface(const struct config *c, struct findings *f)
{
    if (c->interface[0] == '\0')
        WARN(f, "capture.interface: is not set; `rootwatch run` needs it");
    else if (strcmp(c->interface, "any") == 0)
        WARN(f, "capture.interface: \"any\" sees a message once on each interface it passes");
    else if (if_nametoindex(c->interface) == 0)
        FAIL(f, "capture.interface: there is no interface \"%s\" here", c->interface);
    else if (mirror_state(c->interface) != MIRROR_UP)
        check_link(mirror_state(c->interface), c->interface, f);
}

static void check_user(const struct config *c, struct findings *f)
{
    if (c->user[0] != '\0' && getpwnam(c->user) == NULL)
        FAIL(f, "user: there is no user \"%s\" here", c->user);
}

/* Whether the user that `run` becomes may write there. */
static bool may_write(const struct config *c, const char *path, const struct stat *st)
{
    const struct passwd *user = c->user[0] != '\0' ? getpwnam(c->user) : NULL;
    if (user == NULL || geteuid() != 0)
        return access(path, W_OK | X_OK) == 0;
    return user->pw_uid == 0 || (st->st_uid == user->pw_uid && (st->st_mode & S_IWUSR) != 0) ||
           (st->st_gid == user->pw_gid && (st->st_mode & S_IWGRP) != 0) ||
           (st->st_mode & S_IWOTH) != 0;
}

static void check_directory(const struct config *c, const char *name, const char *path,
                            struct findings *f)
{
    struct stat st;
    if (stat(path, &st) != 0 && errno == ENOENT && path == c->state)
        WARN(f, "%s: %s is not there yet; the first start makes it", name, path);
    else if (stat(path, &st) != 0)
        WARN(f, "%s: %s: %s", name, path, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        FAIL(f, "%s: %s is not a directory", name, path);
    else if (!may_write(c, path, &st))
        FAIL(f, "%s: %s cannot be written to%s%s", name, path, c->user[0] != '\0' ? " by " : "",
             c->user);
}

static void check_directories(const struct config *c, struct findings *f)
{
    check_directory(c, "state", c->state, f);
    if (c->www[0] != '\0')
        check_directory(c, "www", c->www, f);
}

static void check_fonts(const struct config *c, struct findings *f)
{
    struct error err;
    (void)c;
    if (!graph_fonts_ok(&err))
        FAIL(f, "%s", err.text);
    FcFini();
}

/* What systemd lends a service is there while it runs, and for nobody else, not even its
 * reload. */
static void check_password_file(const char *path, struct findings *f)
{
    static const char lent[] = "/run/credentials/";
    if (path[0] == '\0' || access(path, R_OK) == 0)
        return;
    if (strncmp(path, lent, sizeof lent - 1) == 0)
        WARN(f, "mail.password-file: %s: only the service itself can see it", path);
    else
        FAIL(f, "mail.password-file: %s: %s", path, strerror(errno));
}

static void check_mail(const struct config *c, struct findings *f)
{
    if (c->mail_recipients == 0)
        WARN(f, "mail.to: is not set; nobody gets mail about incidents");
    else if (c->smarthost[0] == '\0' && access(c->sendmail, X_OK) != 0)
        FAIL(f, "mail.sendmail: %s: %s, and no mail.smarthost is set", c->sendmail,
             strerror(errno));
    if (c->mail_recipients > 0 && c->page_url[0] == '\0')
        WARN(f, "page-url: is not set; mails cannot link to the page of an incident");
    check_password_file(c->mail_password_file, f);
    if (c->mail_user[0] != '\0' && c->starttls == CONFIG_STARTTLS_NEVER &&
        strncmp(c->smarthost, "smtps:", 6) != 0)
        WARN(f, "mail.starttls: never: the password is sent unencrypted");
}

static void check_command(const struct config *c, struct findings *f)
{
    if (c->notify_command[0] != '\0' && access(c->notify_command, X_OK) != 0)
        FAIL(f, "notify.command: %s: %s", c->notify_command, strerror(errno));
}

static void check_origins(const struct config *c, struct findings *f)
{
    struct error err;
    if (c->origins[0] == '\0')
        return;
    struct origins *origins = origins_file_read(c->origins, &err);
    if (origins == NULL)
        FAIL(f, "detection.origins: %s", err.text);
    origins_free(origins);
}

static void check_tlds(const struct config *c, struct findings *f)
{
    struct error err;
    struct tlds *tlds = tlds_create(c->tlds, &err);
    if (tlds == NULL)
        FAIL(f, "junk.tlds: %s", err.text);
    tlds_free(tlds);
}

static void check_lookups(const struct config *c, struct findings *f)
{
    struct stat st;
    if (c->whois[0] != '\0' && access(c->whois, X_OK) != 0)
        FAIL(f, "lookups.whois: %s: %s", c->whois, strerror(errno));
    if (c->whois[0] == '\0' && c->whois_server[0] != '\0')
        WARN(f, "lookups.whois-server: is not asked, since lookups.whois is not set");
    if (c->resolver[0] == '\0' && c->origin_zone[0] != '\0')
        WARN(f, "lookups.origin-zone: is not asked, since lookups.resolver is not set");
    if (c->history[0] != '\0' && stat(c->history, &st) != 0)
        FAIL(f, "lookups.history: %s: %s", c->history, strerror(errno));
    else if (c->history[0] != '\0' && !S_ISDIR(st.st_mode))
        FAIL(f, "lookups.history: %s is not a directory", c->history);
}

static void check_folder_of(const struct config *c, const char *path, struct findings *f)
{
    char folder[sizeof c->metrics_listen];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    slash[slash == folder] = '\0';
    check_directory(c, "metrics.listen", folder, f);
}

/* Not whether the port is free: `run` may have it just now. */
static void check_address(const struct config *c, union endpoint e, struct findings *f)
{
    in_port_t *port = e.any.sa_family == AF_INET6 ? &e.ipv6.sin6_port : &e.ipv4.sin_port;
    if (ntohs(*port) < IPPORT_RESERVED)
        WARN(f,
             "metrics.listen: %s: `run` has no right to a port below %d, unless the system "
             "gives it to all",
             c->metrics_listen, IPPORT_RESERVED);
    *port = 0;
    int fd = socket(e.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, &e.any, endpoint_bytes(&e)) != 0)
        FAIL(f, "metrics.listen: %s: %s", c->metrics_listen, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
}

static void check_metrics(const struct config *c, struct findings *f)
{
    union endpoint e;
    if (!endpoint_parse_own(c->metrics_listen, &e))
        return; /* not set */
    if (e.any.sa_family == AF_UNIX) {
        check_folder_of(c, e.local.sun_path, f);
        return;
    }
    check_address(c, e, f);
    if (!endpoint_is_local(&e))
        WARN(f,
             "metrics.listen: %s: whoever reaches it may read who asks; there is no password",
             c->metrics_listen);
}

static void check_rssac002(const struct config *c, struct findings *f)
{
    if (c->rssac002_service[0] != '\0' && c->scope.servers == 0)
        WARN(f,
             "rssac002.service: without server.addresses, what the server itself asks and is "
             "told counts as well");
}

/* The journal takes priorities from the beginnings of lines. */
static struct findings check_machine(const struct config *c, bool journal)
{
    static void (*const checks[])(const struct config *, struct findings *) = {
            check_interface, check_user,    check_directories, check_fonts,
            check_mail,      check_command, check_origins,     check_tlds,
            check_metrics,   check_lookups, check_rssac002,
    };
    struct findings f = {.error = journal ? "<3>" : "error: ",
                         .warning = journal ? "<4>" : "warning: "};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        checks[i](c, &f);
    return f;
}

static void print_understood(const struct config *c)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    printf("%s\n\n", c->file[0] != '\0' ? c->file : "No file: all settings are defaults.");
    for (size_t i = 0; i < count; i++) {
        char text[SETTING_TEXT_BYTES];
        (void)setting_format(&table[i], c, text);
        bool standard = strcmp(text, table[i].standard) == 0;
        printf("%-24s %-*s%s\n", table[i].name, standard ? 30 : 0, text[0] != '\0' ? text : "-",
               standard ? "  (default)" : "");
    }
    printf("\n");
}

static int check(const char *path, bool quiet)
{
    struct config c;
    struct config_problems problems;
    struct log log;
    log_init(&log, STDERR_FILENO);
    if (!config_load(path, &c, &problems)) {
        if (log.journal)
            config_log_problems(&problems, &log);
        else
            config_print_problems(&problems, stderr);
        return EXIT_USAGE;
    }
    if (!quiet)
        print_understood(&c);
    if (fflush(stdout) != 0)
        return EXIT_FAILED;
    struct findings f = check_machine(&c, log.journal);
    if (quiet)
        return f.errors == 0 ? EXIT_DONE : EXIT_USAGE;
    printf("The configuration is good; on this machine: %u error%s, %u warning%s.\n", f.errors,
           f.errors == 1 ? "" : "s", f.warnings, f.warnings == 1 ? "" : "s");
    if (fflush(stdout) != 0)
        return EXIT_FAILED;
    return f.errors == 0 ? EXIT_DONE : EXIT_USAGE;
}

int cmd_check(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *path = NULL;
    bool quiet = false;
    int option;
    while ((option = getopt_long(argc, argv, "c:qh", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option != 'c' && option != 'q') {
            (void)fputs(usage, stderr);
            return EXIT_USAGE;
        }
        if (option == 'q')
            quiet = true;
        else
            path = optarg;
    }
    if (optind < argc) {
        (void)fprintf(stderr, "rootwatch check: \"%s\" is one argument too many\n%s",
                      argv[optind], usage);
        return EXIT_USAGE;
    }
    return check(path, quiet);
}
