/* SPDX-License-Identifier: MIT */
/*
 * A pcap_loop() that does nothing: what other readers are measured by.  On an interface it ends
 * with SIGTERM and prints how many frames it received and how many were dropped.
 *
 * usage: tool_loop FILE | tool_loop -i INTERFACE
 */
#include <pcap/pcap.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static pcap_t *pcap;

static void stop(int signal)
{
    (void)signal;
    pcap_breakloop(pcap);
}

static void do_nothing(u_char *argument, const struct pcap_pkthdr *h, const u_char *data)
{
    (void)argument;
    (void)h;
    (void)data;
}

/* As rootwatch opens it. */
static bool open_interface(const char *name, char *words)
{
    pcap = pcap_create(name, words);
    if (pcap == NULL)
        return false;
    (void)pcap_set_snaplen(pcap, 65535);
    (void)pcap_set_promisc(pcap, 1);
    (void)pcap_set_timeout(pcap, 100);
    (void)pcap_set_buffer_size(pcap, 64 << 20);
    return pcap_activate(pcap) >= 0;
}

int main(int argc, char **argv)
{
    char words[PCAP_ERRBUF_SIZE] = "which file?";
    bool live = argc == 3 && strcmp(argv[1], "-i") == 0;
    if (live ? !open_interface(argv[2], words)
             : argc != 2 || (pcap = pcap_open_offline(argv[1], words)) == NULL) {
        (void)fprintf(stderr, "tool_loop: %s\n", words);
        return 1;
    }
    (void)signal(SIGTERM, stop);
    int result = pcap_loop(pcap, -1, do_nothing, NULL);
    struct pcap_stat seen;
    if (live && pcap_stats(pcap, &seen) == 0)
        printf("%u %u\n", seen.ps_recv - seen.ps_drop, seen.ps_drop);
    pcap_close(pcap);
    return result == PCAP_ERROR ? 1 : 0;
}
