/* SPDX-License-Identifier: MIT */
#include "program/metrics_server.h"

#include "program/command.h"
#include "program/endpoint.h"
#include "program/metrics.h"
#include "program/privileges.h"
#include "program/sandbox.h"
#include "program/status.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUEST_BYTES = 16384, /* memory of a connection: request line, headers, answer's headers */
    LOCAL_UMASK = 0117,    /* who shares our group may connect to a socket with a path */
    LOOK_MS = 1000,        /* for clients that are to be cut off */
    NICENESS = 5,          /* capture comes first */
};

struct client {
    int fd; /* -1: a free place */
    int64_t begun_s;
};

struct server {
    const struct config *config;
    struct client client[METRICS_CLIENTS];
};

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* ---- The socket ------------------------------------------------------------------------ */

/* A socket that a process left behind when it was killed; one that is answered is in use. */
static void remove_stale(const union endpoint *e)
{
    struct stat st;
    if (lstat(e->local.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, &e->any, endpoint_bytes(e)) != 0 && errno == ECONNREFUSED)
        (void)unlink(e->local.sun_path);
    (void)close(fd);
}

static bool bind_to(int fd, const union endpoint *e)
{
    const int on = 1;
    if (e->any.sa_family != AF_UNIX)
        return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
               bind(fd, &e->any, endpoint_bytes(e)) == 0;
    remove_stale(e);
    mode_t before = umask(LOCAL_UMASK);
    bool good = bind(fd, &e->any, endpoint_bytes(e)) == 0;
    (void)umask(before);
    return good;
}

/* -1: see err. */
static int open_socket(const union endpoint *e, struct error *err)
{
    int fd = socket(e->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind_to(fd, e) && listen(fd, METRICS_CLIENTS) == 0)
        return fd;
    bool away = errno == EADDRNOTAVAIL;
    error_errno(err, "listening");
    if (away)
        error_kind(err, ERROR_NO_INTERFACE);
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* ---- Answers --------------------------------------------------------------------------- */

static struct MHD_Response *respond(const char *text, enum MHD_ResponseMemoryMode mode,
                                    const char *type)
{
    struct MHD_Response *r =
            MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, mode);
    if (r == NULL)
        return NULL;
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    return r;
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned code,
                             struct MHD_Response *r)
{
    if (r == NULL)
        return MHD_NO; /* closes the connection */
    enum MHD_Result result = MHD_queue_response(connection, code, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned code, const char *line)
{
    struct MHD_Response *r = respond(line, MHD_RESPMEM_PERSISTENT, "text/plain");
    if (r != NULL && code == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return queue(connection, code, r);
}

static enum MHD_Result send_metrics(const struct server *s, struct MHD_Connection *connection)
{
    struct error err;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    json_t *status = status_read(s->config->state, &err);
    const struct metrics_view view = {.status = status,
                                      .why_none = err.text,
                                      .version = ROOTWATCH_VERSION,
                                      .now_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9};
    char *text = metrics_text(&view);
    json_decref(status);
    if (text == NULL)
        return say(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "There is no memory for it.\n");
    struct MHD_Response *r = respond(text, MHD_RESPMEM_MUST_FREE, METRICS_TYPE);
    if (r == NULL)
        free(text);
    return queue(connection, MHD_HTTP_OK, r);
}

/* At the request's head; of a body nothing is read. */
static enum MHD_Result answer(void *argument, struct MHD_Connection *connection,
                              const char *path, const char *method, const char *version,
                              const char *body, size_t *body_bytes, void **request)
{
    (void)version, (void)body, (void)body_bytes, (void)request;
    bool asks = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
                strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (strcmp(path, "/metrics") != 0 && strcmp(path, "/") != 0)
        return say(connection, MHD_HTTP_NOT_FOUND, "There is /metrics, and nothing else.\n");
    if (!asks)
        return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                   "There is nothing to be changed.\n");
    if (strcmp(path, "/") == 0)
        return say(connection, MHD_HTTP_OK, "rootwatch: /metrics is for Prometheus.\n");
    return send_metrics(argument, connection);
}

/* ---- Clients --------------------------------------------------------------------------- */

static void note_client(void *argument, struct MHD_Connection *connection, void **place,
                        enum MHD_ConnectionNotificationCode code)
{
    struct server *s = argument;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct client *gone = *place;
        if (gone != NULL)
            gone->fd = -1;
        return;
    }
    const union MHD_ConnectionInfo *about =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (unsigned i = 0; about != NULL && i < METRICS_CLIENTS; i++)
        if (s->client[i].fd < 0) {
            s->client[i] = (struct client){about->connect_fd, now_s()};
            *place = &s->client[i];
            return;
        }
}

/*
 * The library's limit is for those that say nothing; who says an octet now and then would keep
 * a place for ever.  It sees the end of the connection, and closes it.
 */
static void cut_off_late(const struct server *s)
{
    for (unsigned i = 0; i < METRICS_CLIENTS; i++) {
        const struct client *c = &s->client[i];
        if (c->fd >= 0 && now_s() - c->begun_s >= METRICS_CLIENT_S)
            (void)shutdown(c->fd, SHUT_RDWR);
    }
}

/* ---- The process ----------------------------------------------------------------------- */

static int stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* The library takes new clients, after all places were taken, only when it is called once more.
 */
static void serve(const struct server *s, struct MHD_Daemon *daemon, int stop_fd)
{
    const union MHD_DaemonInfo *about = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd p[] = {{.fd = stop_fd, .events = POLLIN},
                         {.fd = about->epoll_fd, .events = POLLIN}};
    while (p[0].revents == 0) {
        MHD_UNSIGNED_LONG_LONG wait_ms;
        if (MHD_get_timeout(daemon, &wait_ms) != MHD_YES || wait_ms > LOOK_MS)
            wait_ms = LOOK_MS;
        (void)poll(p, 2, (int)wait_ms);
        cut_off_late(s);
        (void)MHD_run(daemon);
    }
}

/* Takes over the socket. */
static bool run(struct server *s, int listen_fd, int stop_fd, int ready_fd, struct error *err)
{
    struct MHD_Daemon *daemon = MHD_start_daemon(
            MHD_USE_EPOLL, 0, NULL, NULL, answer, s, MHD_OPTION_LISTEN_SOCKET, listen_fd,
            MHD_OPTION_CONNECTION_LIMIT, (unsigned)METRICS_CLIENTS,
            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)METRICS_IDLE_S,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
            MHD_OPTION_NOTIFY_CONNECTION, note_client, (void *)s, MHD_OPTION_END);
    if (daemon == NULL) {
        (void)close(listen_fd);
        return error_set(err, "libmicrohttpd does not start");
    }
    bool good = write(ready_fd, "R", 1) == 1 || error_errno(err, "telling the parent");
    (void)close(ready_fd);
    if (good)
        serve(s, daemon, stop_fd);
    MHD_stop_daemon(daemon);
    return good;
}

/* What a flaw in the parser could be used for, as far as the kernel helps. */
static void give_up_files(const struct config *c, const union endpoint *e,
                          const struct log *log)
{
    struct error err;
    char folder[sizeof e->local.sun_path] = "";
    if (e->any.sa_family == AF_UNIX) {
        (void)snprintf(folder, sizeof folder, "%s", e->local.sun_path);
        *strrchr(folder, '/') = '\0'; /* "" is / */
    }
    if (!sandbox_enter(c->state, e->any.sa_family == AF_UNIX ? folder : NULL, &err))
        log_info(log, "the process of metrics keeps its user's rights to files: %s", err.text);
}

static bool parse(const char *text, union endpoint *e, struct error *err)
{
    return endpoint_parse_own(text, e) || error_set(err, "this is no place to listen at");
}

int metrics_server_run(const struct config *c, const struct log *log, int ready_fd)
{
    struct error err = {.kind = ERROR_OTHER};
    union endpoint e;
    struct server s = {.config = c};
    for (unsigned i = 0; i < METRICS_CLIENTS; i++)
        s.client[i].fd = -1;
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    int stop_fd = stop_signals();
    int listen_fd = -1;
    if (privileges_drop(c->user, &err) && parse(c->metrics_listen, &e, &err))
        listen_fd = open_socket(&e, &err);
    if (listen_fd >= 0)
        give_up_files(c, &e, log);
    bool good = listen_fd >= 0 && run(&s, listen_fd, stop_fd, ready_fd, &err);
    if (!good)
        log_error(log, "metrics.listen: %s: %s", c->metrics_listen, err.text);
    if (listen_fd >= 0 && e.any.sa_family == AF_UNIX)
        (void)unlink(e.local.sun_path);
    if (good)
        return EXIT_DONE;
    return err.kind == ERROR_NO_INTERFACE ? EXIT_NO_INTERFACE : EXIT_FAILED;
}
