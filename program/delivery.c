/* SPDX-License-Identifier: MIT */
#include "program/delivery.h"

#include "program/child.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

enum { COMMAND_S = 10, ANSWER_BYTES = 65536 };

/* What of sysexits.h is about the mail itself; the rest may be better next time. */
static bool is_for_good(int status)
{
    return status == EX_DATAERR || status == EX_NOUSER || status == EX_NOHOST;
}

static struct delivery run(const char *const argv[], int input, unsigned deadline_s)
{
    struct delivery d = {.end = DELIVERY_DOWN};
    struct child_end end;
    struct error err;
    if (!child_run(argv, input, deadline_s, &end, &err)) {
        (void)snprintf(d.words, sizeof d.words, "%.300s", err.text);
        return d;
    }
    const char *colon = end.said[0] != '\0' ? ": " : "";
    if (end.late)
        (void)snprintf(d.words, sizeof d.words, "killed after %u s", deadline_s);
    else if (end.status < 0)
        (void)snprintf(d.words, sizeof d.words, "ended by a signal%s%s", colon, end.said);
    else
        (void)snprintf(d.words, sizeof d.words, "exit status %d%s%s", end.status, colon,
                       end.said);
    if (!end.late && end.status >= 0 && end.status != 127)
        d.end = end.status == 0 ? DELIVERY_ACCEPTED : DELIVERY_LATER;
    if (d.end == DELIVERY_LATER && is_for_good(end.status))
        d.end = DELIVERY_REFUSED;
    return d;
}

struct delivery delivery_sendmail(const struct config *c, int mail)
{
    /* -t: to whom the header says; -i: a line with one dot is no end. */
    const char *const argv[] = {c->sendmail, "-t", "-i", "-f", c->mail_from, NULL};
    return run(argv, mail, c->mail_timeout_s);
}

/* A file in memory: however much the command reads, nobody waits. */
static int memory_file(const char *text)
{
    int fd = memfd_create("event", MFD_CLOEXEC);
    ssize_t length = (ssize_t)strlen(text);
    if (fd < 0)
        return -1;
    if (write(fd, text, (size_t)length) == length && write(fd, "\n", 1) == 1 &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

struct delivery delivery_command(const struct config *c, const char *json)
{
    const char *const argv[] = {c->notify_command, NULL};
    int input = memory_file(json);
    if (input < 0)
        return (struct delivery){.end = DELIVERY_DOWN, .words = "no memory for its input"};
    struct delivery d = run(argv, input, COMMAND_S);
    (void)close(input);
    return d;
}

/* Answers are not wanted; one without end is cut off.  The shape is libcurl's. */
// NOLINTNEXTLINE(readability-non-const-parameter)
static size_t discard(char *part, size_t size, size_t count, void *argument)
{
    size_t *total = argument;
    (void)part;
    *total += size * count;
    return *total > ANSWER_BYTES ? 0 : size * count;
}

static void set_request(CURL *curl, const struct config *c, const char *json,
                        struct curl_slist *headers)
{
    (void)curl_easy_setopt(curl, CURLOPT_URL, c->webhook_url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)c->webhook_timeout_s);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "rootwatch");
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
}

static struct delivery post(CURL *curl)
{
    struct delivery d = {.end = DELIVERY_DOWN};
    size_t total = 0;
    long code = 0;
    char cause[CURL_ERROR_SIZE] = "";
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &total);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, cause);
    CURLcode result = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (code >= 200 && code < 300)
        d.end = DELIVERY_ACCEPTED;
    else if (code != 0)
        d.end = DELIVERY_LATER;
    if (code != 0)
        (void)snprintf(d.words, sizeof d.words, "HTTP status %ld", code);
    else
        (void)snprintf(d.words, sizeof d.words, "%.300s",
                       cause[0] != '\0' ? cause : curl_easy_strerror(result));
    return d;
}

struct delivery delivery_webhook(const struct config *c, const char *json)
{
    struct delivery d = {.end = DELIVERY_DOWN, .words = "no memory"};
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (curl != NULL && headers != NULL) {
        set_request(curl, c, json, headers);
        d = post(curl);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return d;
}
