/* SPDX-License-Identifier: MIT */
#include "program/spool.h"

#include "program/delivery.h"
#include "program/retry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_BYTES = 64,
    SPOOL_PATH_BYTES = CONFIG_PATH_BYTES + 16,
    FILE_PATH_BYTES = SPOOL_PATH_BYTES + NAME_BYTES + 16,
    MAILS = 1024, /* looked at in one pass */
    KEPT_S = 5 * 86400,
    MAIL_PAUSE_S = 3600,
    SERVER_PAUSE_S = 600, /* shorter: the next mail may be the urgent one */
};

struct spooled {
    char name[NAME_BYTES]; /* with ".eml" */
    int64_t written_s;
};

static void spool_path(const char *state, char path[static SPOOL_PATH_BYTES])
{
    (void)snprintf(path, SPOOL_PATH_BYTES, "%s/spool", state);
}

bool spool_lock(const char *state, int *lock, struct error *err)
{
    char directory[SPOOL_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    spool_path(state, directory);
    (void)snprintf(path, sizeof path, "%s/lock", directory);
    if (mkdir(directory, 0750) != 0 && errno != EEXIST)
        return error_errno(err, "making %s", directory);
    *lock = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (*lock < 0)
        return error_errno(err, "opening %s", path);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    bool taken = errno == EWOULDBLOCK || error_errno(err, "locking %s", path);
    (void)close(*lock);
    *lock = -1;
    return taken;
}

static bool write_whole(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_file(const char *path, const char *bytes, size_t size, int64_t time_s)
{
    const struct timespec times[2] = {{.tv_sec = (time_t)time_s}, {.tv_sec = (time_t)time_s}};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0)
        return false;
    bool good = write_whole(fd, bytes, size) && futimens(fd, times) == 0 && fsync(fd) == 0;
    int cause = errno;
    good = close(fd) == 0 && good;
    if (!good)
        (void)unlink(path);
    errno = cause;
    return good;
}

static bool sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

bool spool_put(const char *state, const char *name, const char *message, size_t size,
               int64_t now_s, struct error *err)
{
    char directory[SPOOL_PATH_BYTES];
    char aside[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    spool_path(state, directory);
    if (strchr(name, '/') != NULL || strlen(name) + sizeof ".eml" > NAME_BYTES)
        return error_set(err, "\"%s\" is no name for a mail in %s", name, directory);
    (void)snprintf(aside, sizeof aside, "%s/%s.new", directory, name);
    (void)snprintf(path, sizeof path, "%s/%s.eml", directory, name);
    if ((mkdir(directory, 0750) == 0 || errno == EEXIST) &&
        write_file(aside, message, size, now_s) && rename(aside, path) == 0 &&
        sync_directory(directory))
        return true;
    return error_errno(err, "writing %s", path);
}

static int by_age(const void *a, const void *b)
{
    const struct spooled *x = a;
    const struct spooled *y = b;
    if (x->written_s != y->written_s)
        return x->written_s < y->written_s ? -1 : 1;
    return strverscmp(x->name, y->name); /* -2 before -10 */
}

static bool is_mail(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && length < NAME_BYTES && strcmp(name + length - 4, ".eml") == 0;
}

static unsigned list(DIR *directory, struct spooled mail[static MAILS])
{
    unsigned count = 0;
    struct stat st;
    for (struct dirent *d = readdir(directory); d != NULL && count < MAILS;
         d = readdir(directory)) {
        if (!is_mail(d->d_name) ||
            fstatat(dirfd(directory), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        (void)snprintf(mail[count].name, NAME_BYTES, "%s", d->d_name);
        mail[count++].written_s = st.st_mtim.tv_sec;
    }
    qsort(mail, count, sizeof *mail, by_age);
    return count;
}

/* One pass through the spool. */
struct pass {
    const struct config *config;
    const struct log *log;
    int64_t now_s;
    char directory[SPOOL_PATH_BYTES];
    struct retry server;
    struct spool_counts *counts;
    bool down; /* no use in trying more */
};

static struct delivery hand_over(const struct config *c, const char *path)
{
    struct delivery d = {.end = DELIVERY_LATER};
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        (void)snprintf(d.words, sizeof d.words, "it cannot be read: %s", strerror(errno));
        return d;
    }
    d = c->smarthost[0] != '\0' ? delivery_smtp(c, f) : delivery_sendmail(c, fileno(f));
    (void)fclose(f);
    return d;
}

static const char *receiver(const struct config *c)
{
    return c->smarthost[0] != '\0' ? c->smarthost : c->sendmail;
}

static void put_away(struct pass *p, const struct spooled *m, const char *path)
{
    char to[FILE_PATH_BYTES];
    (void)snprintf(to, sizeof to, "%s/%.*s.rejected", p->directory, (int)strlen(m->name) - 4,
                   m->name);
    if (rename(path, to) != 0)
        log_error(p->log, "mail %s: cannot be put away: %s", m->name, strerror(errno));
    p->counts->rejected++;
}

static void accept_mail(struct pass *p, const struct spooled *m, const char *path,
                        struct retry *r, const struct delivery *d)
{
    if (unlink(path) != 0)
        log_error(p->log, "mail %s: sent, but cannot be removed: %s", m->name, strerror(errno));
    log_info(p->log, "mail %s: %s accepted it: %s", m->name, receiver(p->config), d->words);
    retry_forget(r);
    retry_forget(&p->server);
    p->counts->sent++;
}

static void keep_mail(struct pass *p, const struct spooled *m, const char *path,
                      struct retry *r, const struct delivery *d)
{
    p->down = d->end == DELIVERY_DOWN;
    struct retry *of = p->down ? &p->server : r;
    retry_note(of, p->now_s, p->down ? SERVER_PAUSE_S : MAIL_PAUSE_S, d->words);
    if (p->now_s - m->written_s < KEPT_S) {
        log_warning(p->log, "mail %s: %s did not accept it, next try in %lld s: %s", m->name,
                    receiver(p->config), (long long)(of->due_s - p->now_s), d->words);
        p->counts->waiting++;
        return;
    }
    log_error(p->log, "mail %s: given up after 5 days: %s", m->name, d->words);
    put_away(p, m, path);
    retry_forget(r);
}

static void try_mail(struct pass *p, const struct spooled *m)
{
    char path[FILE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", p->directory, m->name);
    struct retry r = retry_read(p->directory, m->name);
    if (p->down || !retry_is_due(&r, p->now_s)) {
        p->counts->waiting++;
        return;
    }
    struct delivery d = hand_over(p->config, path);
    if (d.end == DELIVERY_ACCEPTED) {
        accept_mail(p, m, path, &r, &d);
    } else if (d.end == DELIVERY_REFUSED) {
        log_error(p->log, "mail %s: %s refused it: %s", m->name, receiver(p->config), d.words);
        put_away(p, m, path);
        retry_forget(&r);
    } else {
        keep_mail(p, m, path, &r, &d);
    }
}

bool spool_deliver_all(const struct config *c, const char *state, int64_t now_s,
                       const struct log *log, struct spool_counts *counts, struct error *err)
{
    struct pass p = {.config = c, .log = log, .now_s = now_s, .counts = counts};
    *counts = (struct spool_counts){.sent = 0};
    spool_path(state, p.directory);
    DIR *directory = opendir(p.directory);
    if (directory == NULL)
        return errno == ENOENT || error_errno(err, "reading %s", p.directory);
    struct spooled *mail = malloc(MAILS * sizeof *mail);
    unsigned count = mail != NULL ? list(directory, mail) : 0;
    (void)closedir(directory);
    if (mail == NULL)
        return error_set(err, "no memory to list %s", p.directory);

    p.server = retry_read(p.directory, "server");
    p.down = c->mail_recipients == 0 || !retry_is_due(&p.server, now_s);
    for (unsigned i = 0; i < count; i++)
        try_mail(&p, &mail[i]);
    free(mail);
    return true;
}
