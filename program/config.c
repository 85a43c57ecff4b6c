/* SPDX-License-Identifier: MIT */
#include "program/config.h"

#include "program/setting.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

enum { FILE_BYTES = 1 << 20 }; /* a larger file is no configuration */

struct loading {
    const char *path;
    yaml_document_t document;
    struct config *config;
    struct config_problems *problems;
};

static struct error *next_problem(struct config_problems *p)
{
    unsigned place = p->count < CONFIG_PROBLEMS ? p->count : CONFIG_PROBLEMS;
    p->count++;
    return &p->problem[place];
}

/* `name`: the setting it is about; may be empty. */
__attribute__((format(printf, 4, 5))) static void
problem_at(struct loading *l, yaml_mark_t mark, const char *name, const char *format, ...)
{
    struct error *to = next_problem(l->problems);
    char what[sizeof to->text / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)error_set(to, "%s:%zu:%zu: %s%s%s", l->path, mark.line + 1, mark.column + 1, name,
                    name[0] != '\0' ? ": " : "", what);
}

/* A key as it may be printed. */
static void printable(const yaml_node_t *node, char *text, size_t size)
{
    size_t length = node->type == YAML_SCALAR_NODE ? node->data.scalar.length : 0;
    size_t n = 0;
    for (; n < length && n + 1 < size; n++)
        text[n] = isprint(node->data.scalar.value[n]) ? (char)node->data.scalar.value[n] : '?';
    text[n] = '\0';
}

static bool is_section(const char *name)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strncmp(table[i].name, name, strlen(name)) == 0 &&
            table[i].name[strlen(name)] == '.')
            return true;
    return false;
}

static void read_scalar(struct loading *l, const struct setting *s, const yaml_node_t *node)
{
    struct error err;
    const char *text = (const char *)node->data.scalar.value;
    if (node->data.scalar.length == 0 && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        problem_at(l, node->start_mark, s->name, "has no value; leave the line out for \"%s\"",
                   s->standard);
    else if (strlen(text) != node->data.scalar.length)
        problem_at(l, node->start_mark, s->name, "holds a zero octet");
    else if (!setting_read(s, l->config, text, &err))
        problem_at(l, node->start_mark, s->name, "%s", err.text);
}

static void read_list(struct loading *l, const struct setting *s, const yaml_node_t *node)
{
    unsigned items = 0;
    setting_clear(s, l->config);
    for (const yaml_node_item_t *i = node->data.sequence.items.start;
         i < node->data.sequence.items.top; i++, items++) {
        const yaml_node_t *item = yaml_document_get_node(&l->document, *i);
        if (item->type == YAML_SCALAR_NODE)
            read_scalar(l, s, item);
        else
            problem_at(l, item->start_mark, s->name, "is a list of plain values");
    }
    if (items < s->least)
        problem_at(l, node->start_mark, s->name, "is empty; leave it out for \"%s\"",
                   s->standard);
}

static void read_value(struct loading *l, const struct setting *s, const yaml_node_t *node)
{
    char allowed[SETTING_TEXT_BYTES];
    bool list = setting_is_list(s);
    if (list && node->type == YAML_SEQUENCE_NODE)
        read_list(l, s, node);
    else if (node->type == YAML_SCALAR_NODE) { /* one item needs no brackets */
        setting_clear(s, l->config);
        read_scalar(l, s, node);
    } else
        problem_at(l, node->start_mark, s->name, "is %s; allowed is %s",
                   node->type == YAML_MAPPING_NODE ? "a section" : "a list",
                   setting_allowed(s, allowed));
}

static bool told_before(struct loading *l, const yaml_node_t *map, const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(&l->document, pair->key);
    for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < pair; p++) {
        const yaml_node_t *other = yaml_document_get_node(&l->document, p->key);
        if (other->type == YAML_SCALAR_NODE && key->type == YAML_SCALAR_NODE &&
            strcmp((char *)other->data.scalar.value, (char *)key->data.scalar.value) == 0)
            return true;
    }
    return false;
}

static void read_map(struct loading *l, const char *section, const yaml_node_t *map);

static void read_pair(struct loading *l, const char *section, const yaml_node_t *map,
                      const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(&l->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(&l->document, pair->value);
    char word[48];
    char name[sizeof word * 2];
    printable(key, word, sizeof word);
    (void)snprintf(name, sizeof name, "%s%s%s", section, section[0] != '\0' ? "." : "", word);

    const struct setting *s = strchr(word, '.') == NULL ? setting_find(name) : NULL;
    if (told_before(l, map, pair))
        problem_at(l, key->start_mark, name, "is there twice");
    else if (s != NULL)
        read_value(l, s, value);
    else if (section[0] == '\0' && is_section(name))
        read_map(l, name, value);
    else
        problem_at(l, key->start_mark, name, "is no setting; the nearest known is %s",
                   setting_nearest(name)->name);
}

/* The whole file is the section "". */
static void read_map(struct loading *l, const char *section, const yaml_node_t *map)
{
    if (map->type == YAML_SCALAR_NODE && map->data.scalar.length == 0)
        return; /* a section whose lines are all comments */
    if (map->type != YAML_MAPPING_NODE) {
        problem_at(l, map->start_mark, section, "has no \"name: value\" lines");
        return;
    }
    for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
         p < map->data.mapping.pairs.top; p++)
        read_pair(l, section, map, p);
}

static void read_document(struct loading *l, yaml_parser_t *parser)
{
    if (!yaml_parser_load(parser, &l->document)) {
        problem_at(l, parser->problem_mark, "", "%s%s%s",
                   parser->context != NULL ? parser->context : "",
                   parser->context != NULL ? ", " : "",
                   parser->problem != NULL ? parser->problem : "this is not YAML");
        return;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&l->document);
    if (root != NULL)
        read_map(l, "", root);
    yaml_document_delete(&l->document);
}

static void read_stream(struct loading *l, FILE *file)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        (void)error_set(next_problem(l->problems), "%s: no memory to read it", l->path);
        return;
    }
    yaml_parser_set_input_file(&parser, file);
    read_document(l, &parser);
    yaml_parser_delete(&parser);
}

static void read_file(struct loading *l, FILE *file)
{
    struct stat st;
    if (fstat(fileno(file), &st) != 0 || S_ISDIR(st.st_mode) || st.st_size > FILE_BYTES)
        (void)error_set(next_problem(l->problems),
                        "%s: is no configuration file of up to %d octets", l->path, FILE_BYTES);
    else
        read_stream(l, file);
}

/* Settings that only make sense together. */
static void check_together(struct loading *l)
{
    const struct config *c = l->config;
    if ((c->mail_user[0] == '\0') != (c->mail_password_file[0] == '\0'))
        (void)error_set(next_problem(l->problems),
                        "%s: mail.user and mail.password-file: one is set without the other",
                        l->path);
    if (c->mail_user[0] != '\0' && c->smarthost[0] == '\0')
        (void)error_set(next_problem(l->problems),
                        "%s: mail.user: is set, but no mail.smarthost to use it with", l->path);
    if (c->rssac002_service[0] != '\0' && 60 % c->interval_s != 0)
        (void)error_set(
                next_problem(l->problems),
                "%s: rssac002.service: is set, and intervals of %u s do not end with the "
                "day; counting.interval has to divide 60",
                l->path, c->interval_s);
}

static void set_default(const struct setting *s, struct config *c)
{
    char text[SETTING_TEXT_BYTES];
    struct error err;
    char *rest = text;
    (void)snprintf(text, sizeof text, "%s", s->standard);
    if (!setting_is_list(s))
        (void)setting_read(s, c, text, &err);
    else
        for (char *item = strtok_r(rest, " ", &rest); item != NULL;
             item = strtok_r(NULL, " ", &rest))
            (void)setting_read(s, c, item, &err);
}

static void set_defaults(struct config *c)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < count; i++)
        set_default(&table[i], c);
}

/* What the table cannot know: the name of this host. */
static void set_host(struct config *c)
{
    char host[128];
    struct error err;
    if (gethostname(host, sizeof host) != 0 || memchr(host, '\0', sizeof host) == NULL)
        (void)snprintf(host, sizeof host, "localhost");
    if (c->mail_from[0] == '\0') {
        char from[sizeof host + 16];
        (void)snprintf(from, sizeof from, "rootwatch@%s", host);
        if (!setting_read(setting_find("mail.from"), c, from, &err))
            (void)snprintf(c->mail_from, sizeof c->mail_from, "rootwatch@localhost");
    }
    host[strcspn(host, ".")] = '\0';
    if (c->site[0] == '\0' &&
        (host[0] == '\0' || !setting_read(setting_find("site"), c, host, &err)))
        (void)snprintf(c->site, sizeof c->site, "rootwatch");
}

static void trim_slashes(char *text)
{
    for (size_t n = strlen(text); n > 1 && text[n - 1] == '/'; n--)
        text[n - 1] = '\0';
}

bool config_load(const char *path, struct config *c, struct config_problems *p)
{
    const char *name = path != NULL ? path : CONFIG_FILE;
    struct loading l = {.path = name, .config = c, .problems = p};
    p->count = 0;
    set_defaults(c);
    FILE *file = fopen(name, "re");
    if (file == NULL && (path != NULL || errno != ENOENT))
        (void)error_errno(next_problem(p), "%s", name);
    if (file != NULL) {
        (void)snprintf(c->file, sizeof c->file, "%s", name);
        read_file(&l, file);
        (void)fclose(file);
        check_together(&l);
    }
    trim_slashes(c->page_url);
    set_host(c);
    return p->count == 0;
}

void config_print_problems(const struct config_problems *p, FILE *to)
{
    for (unsigned i = 0; i < p->count && i < CONFIG_PROBLEMS; i++)
        (void)fprintf(to, "%s\n", p->problem[i].text);
    if (p->count > CONFIG_PROBLEMS)
        (void)fprintf(to, "and %u more\n", p->count - CONFIG_PROBLEMS);
}

void config_log_problems(const struct config_problems *p, const struct log *log)
{
    for (unsigned i = 0; i < p->count && i < CONFIG_PROBLEMS; i++)
        log_error(log, "%s", p->problem[i].text);
    if (p->count > CONFIG_PROBLEMS)
        log_error(log, "and %u more", p->count - CONFIG_PROBLEMS);
}

const char *config_www(const struct config *c, char path[static CONFIG_PATH_BYTES + 8])
{
    if (c->www[0] != '\0')
        (void)snprintf(path, CONFIG_PATH_BYTES + 8, "%s", c->www);
    else
        (void)snprintf(path, CONFIG_PATH_BYTES + 8, "%s/www", c->state);
    return path;
}
