/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include <archive.h>
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <ldns/ldns.h>
#include <maxminddb.h>
#include <microhttpd.h>
#include <pcap/pcap.h>
#include <rrd.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *does;
} commands[] = {
        {"run", cmd_run, "the daemon: capture live, count, notice, store, tell"},
        {"read", cmd_read, "count, notice and summarise what is in capture files"},
        {"top", cmd_top, "what is captured just now, on the terminal"},
        {"incident", cmd_incident, "incidents, and what is known of each"},
        {"check", cmd_check, "read the configuration and say every error"},
        {"tune", cmd_tune,
         "what would have been noticed in capture files, at three sensitivities"},
        {"origins", cmd_origins, "who announced a prefix, over dated routing tables"},
        {"report", cmd_report, "who asked, or what, over a period: a ranked table"},
        {"rank", cmd_rank, "addresses of standard input by announced prefix or AS"},
        {"filters", cmd_filters,
         "what a list of prefixes would have dropped, and whom it hurts"},
        {"rssac002", cmd_rssac002, "files of RSSAC002 for one day, to be published"},
        {"graph", cmd_graph, "draw every picture and page"},
};

static void print_help(FILE *to)
{
    fprintf(to,
            "usage: rootwatch COMMAND [OPTION]...\n\n"
            "Watches the mirror port of a DNS server: who asks, what changed, who is behind "
            "it.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].does);
    fprintf(to, "  %-10s %s\n", "help", "what a command takes: rootwatch help COMMAND");
    fprintf(to, "\nrootwatch(8) describes them; rootwatch.yaml(5) the configuration.\n");
}

static void print_version(void)
{
    printf("rootwatch %s\n%s\n%s\nlibldns %s\nlibrrd %s\nSQLite %s\njansson %s\n"
           "libmaxminddb %s\nlibmicrohttpd %s\n%s\n",
           ROOTWATCH_VERSION, pcap_lib_version(), archive_version_string(), ldns_version(),
           rrd_strversion(), sqlite3_libversion(), jansson_version_str(), MMDB_lib_version(),
           MHD_get_version(), curl_version());
}

/* getopt_long() begins its complaints with argv[0]: "rootwatch read: ...". */
static int run_command(const struct command *command, int argc, char **argv)
{
    char name[32];
    (void)snprintf(name, sizeof name, "rootwatch %s", command->name);
    argv[0] = name;
    return command->run(argc, argv);
}

static int print_done(void)
{
    if (fflush(stdout) == 0)
        return EXIT_DONE;
    fprintf(stderr, "rootwatch: standard output: %s\n", strerror(errno));
    return EXIT_FAILED;
}

static int run_named(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            return run_command(&commands[i], argc, argv);
    fprintf(stderr, "rootwatch: no command \"%s\"; `rootwatch --help` lists them\n", argv[0]);
    return EXIT_USAGE;
}

static bool is_option(const char *word, const char *letter, const char *name)
{
    return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

/* "help COMMAND" is "COMMAND --help", "help" alone "--help". */
static int help(int argc, char **argv)
{
    char *asked[] = {argv[1], (char[]){"--help"}, NULL};
    if (argc > 2) {
        fprintf(stderr, "usage: rootwatch help [COMMAND]\n");
        return EXIT_USAGE;
    }
    if (argc == 2 && !is_option(argv[1], "-h", "--help") && strcmp(argv[1], "help") != 0)
        return run_named(2, asked);
    print_help(stdout);
    return print_done();
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (is_option(argv[1], "-V", "--version")) {
        print_version();
        return print_done();
    }
    if (is_option(argv[1], "-h", "--help")) {
        print_help(stdout);
        return print_done();
    }
    if (strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1);
    return run_named(argc - 1, argv + 1);
}
