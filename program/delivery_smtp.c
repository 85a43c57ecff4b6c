/* SPDX-License-Identifier: MIT */
#include "program/delivery.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PASSWORD_BYTES = 256, REPLY_BYTES = 160, CONNECT_S = 10 };

/* What the server has said so far. */
struct dialogue {
    unsigned lines;
    bool temporary; /* a reply 4xx was among them */
    char last[REPLY_BYTES];
    char refusal[REPLY_BYTES]; /* the last reply 4xx or 5xx */
};

/* libcurl gives each line of the server to the function for headers. */
static size_t hear(char *line, size_t size, size_t count, void *argument)
{
    struct dialogue *d = argument;
    size_t length = size * count;
    int n = (int)length;
    while (n > 0 && isspace((unsigned char)line[n - 1]))
        n--;
    d->lines++;
    (void)snprintf(d->last, sizeof d->last, "%.*s", n, line);
    if (d->last[0] == '4' || d->last[0] == '5')
        memcpy(d->refusal, d->last, sizeof d->refusal);
    d->temporary |= d->last[0] == '4';
    return length;
}

static struct curl_slist *recipients(const struct config *c)
{
    struct curl_slist *list = NULL;
    for (unsigned i = 0; i < c->mail_recipients; i++) {
        struct curl_slist *longer = curl_slist_append(list, c->mail_to[i]);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static bool read_password(const struct config *c, char password[static PASSWORD_BYTES],
                          struct delivery *d)
{
    struct stat st;
    FILE *f = fopen(c->mail_password_file, "re");
    bool secret = f != NULL && fstat(fileno(f), &st) == 0 && (st.st_mode & S_IROTH) == 0;
    bool got = secret && fgets(password, PASSWORD_BYTES, f) != NULL;
    if (f != NULL)
        (void)fclose(f);
    if (!got)
        *d = (struct delivery){.end = DELIVERY_DOWN};
    if (!got)
        (void)snprintf(d->words, sizeof d->words, "the password file %s %s",
                       c->mail_password_file,
                       f != NULL && !secret ? "can be read by others" : "cannot be read");
    else
        password[strcspn(password, "\r\n")] = '\0';
    return got;
}

static curl_usessl encryption(const struct config *c)
{
    if (c->starttls == CONFIG_STARTTLS_NEVER)
        return CURLUSESSL_NONE;
    /* A password is not tried in the clear. */
    if (c->starttls == CONFIG_STARTTLS_REQUIRE || c->mail_user[0] != '\0')
        return CURLUSESSL_ALL;
    return CURLUSESSL_TRY;
}

/* Where plain text would do, a certificate that nobody can check is better than none. */
static void set_encryption(CURL *curl, const struct config *c)
{
    curl_usessl level = encryption(c);
    bool must = level == CURLUSESSL_ALL || strncmp(c->smarthost, "smtps:", 6) == 0;
    (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)level);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, must ? 1L : 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, must ? 2L : 0L);
}

static void set_server(CURL *curl, const struct config *c)
{
    long timeout_s = (long)c->mail_timeout_s;
    (void)curl_easy_setopt(curl, CURLOPT_URL, c->smarthost);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                           timeout_s < CONNECT_S ? timeout_s : CONNECT_S);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s);
    (void)curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout_s);
    set_encryption(curl, c);
}

static bool set_envelope(CURL *curl, const struct config *c, struct curl_slist *to, FILE *mail)
{
    struct stat st;
    if (fstat(fileno(mail), &st) != 0)
        return false;
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    /* One address that is refused does not keep the mail from the others. */
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, mail);
    (void)curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
    return curl_easy_setopt(curl, CURLOPT_MAIL_FROM, c->mail_from) == CURLE_OK;
}

/* RFC 4954: 530, 534, 535 and 538 are about us, not about the mail. */
static bool is_about_login(long code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

static enum delivery_end judge(CURLcode result, long code, const struct dialogue *said)
{
    if (result == CURLE_OK)
        return DELIVERY_ACCEPTED;
    if (result != CURLE_SEND_ERROR && result != CURLE_WEIRD_SERVER_REPLY)
        return DELIVERY_DOWN;
    if (said->lines <= 1 || code < 400 || code == 421 || is_about_login(code))
        return DELIVERY_DOWN;
    return said->temporary ? DELIVERY_LATER : DELIVERY_REFUSED;
}

static struct delivery perform(CURL *curl)
{
    struct delivery d;
    struct dialogue said = {.lines = 0};
    char cause[CURL_ERROR_SIZE] = "";
    long code = 0;
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, hear);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, &said);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, cause);
    CURLcode result = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    d.end = judge(result, code, &said);
    const char *words = cause[0] != '\0' ? cause : curl_easy_strerror(result);
    if (result == CURLE_OK && said.refusal[0] == '\0')
        (void)snprintf(d.words, sizeof d.words, "%s", said.last);
    else if (result == CURLE_OK)
        (void)snprintf(d.words, sizeof d.words, "%s (but: %s)", said.last, said.refusal);
    else
        (void)snprintf(d.words, sizeof d.words, "%s%s%.150s", said.refusal,
                       said.refusal[0] != '\0' ? ": " : "", words);
    /* Closing the connection says QUIT, and its answer is heard too. */
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    return d;
}

struct delivery delivery_smtp(const struct config *c, FILE *mail)
{
    struct delivery d = {.end = DELIVERY_DOWN, .words = "no memory"};
    char password[PASSWORD_BYTES] = "";
    CURL *curl = curl_easy_init();
    struct curl_slist *to = recipients(c);
    bool login = c->mail_user[0] != '\0';
    if (curl == NULL || to == NULL || !set_envelope(curl, c, to, mail) ||
        (login && !read_password(c, password, &d)))
        goto end;
    set_server(curl, c);
    if (login) {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, c->mail_user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    }
    d = perform(curl);
end:
    explicit_bzero(password, sizeof password);
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    return d;
}
