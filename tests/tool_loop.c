/* SPDX-License-Identifier: MIT */
/* usage: tool_loop FILE: a pcap_loop() that does nothing, what other readers are measured by. */
#include <pcap/pcap.h>
#include <stdio.h>

static void do_nothing(u_char *argument, const struct pcap_pkthdr *h, const u_char *data)
{
    (void)argument;
    (void)h;
    (void)data;
}

int main(int argc, char **argv)
{
    char words[PCAP_ERRBUF_SIZE] = "which file?";
    pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], words) : NULL;
    if (p == NULL) {
        (void)fprintf(stderr, "tool_loop: %s\n", words);
        return 1;
    }
    int result = pcap_loop(p, -1, do_nothing, NULL);
    pcap_close(p);
    return result == 0 ? 0 : 1;
}
