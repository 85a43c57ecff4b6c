/* SPDX-License-Identifier: MIT */
#include "capture/offline.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

struct offline {
    struct reader reader;
    pcap_t *pcap;
    uint32_t link;
    struct error failure;             /* of reading beneath libpcap */
    const struct pcap_pkthdr *header; /* of the frame that waits, if one does */
    const uint8_t *data;
    int last; /* what pcap_next_ex() returned */
};

static ssize_t read_input(void *cookie, char *to, size_t size)
{
    struct offline *o = cookie;
    ssize_t got = input_read(o->reader.in, to, size, &o->failure);
    if (got < 0)
        errno = EIO;
    return got;
}

static bool next_frame(struct offline *o)
{
    if (o->header == NULL && o->last >= 0) {
        struct pcap_pkthdr *header;
        o->last = pcap_next_ex(o->pcap, &header, &o->data);
        if (o->last == 1)
            o->header = header;
    }
    return o->header != NULL;
}

/* With nanosecond precision, tv_usec holds nanoseconds. */
static int64_t time_of(const struct pcap_pkthdr *h)
{
    return (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec;
}

static enum source_state stopped(const struct offline *o, struct error *err)
{
    if (o->last == PCAP_ERROR_BREAK) /* so libpcap says "end of file" */
        return SOURCE_END;
    error_set(err, "%s", o->failure.text[0] ? o->failure.text : pcap_geterr(o->pcap));
    return SOURCE_CUT;
}

static enum source_state read_frames(struct reader *r, struct decode *d,
                                     struct message_batch *batch, int64_t limit_ns,
                                     struct error *err)
{
    struct offline *o = (struct offline *)r;

    while (batch->count < MESSAGE_BATCH_MAX) {
        if (!next_frame(o))
            return stopped(o, err);
        const struct pcap_pkthdr *h = o->header;
        struct frame f = {
                .data = o->data,
                .captured = h->caplen,
                .wire = h->len > h->caplen ? h->len : h->caplen,
                .readable = h->caplen,
                .link = o->link,
                .time_ns = time_of(h),
        };
        if (f.time_ns >= limit_ns)
            return SOURCE_LIMIT;
        decode_frame(d, &f, batch);
        o->header = NULL;
    }
    return SOURCE_MORE;
}

static bool first_time(struct reader *r, int64_t *time_ns)
{
    struct offline *o = (struct offline *)r;
    if (!next_frame(o))
        return false;
    *time_ns = time_of(o->header);
    return true;
}

static bool open_pcap(struct offline *o, struct error *err)
{
    char words[PCAP_ERRBUF_SIZE] = "";
    FILE *file = fopencookie(o, "r", (cookie_io_functions_t){.read = read_input});
    if (file == NULL)
        return error_errno(err, "reading");
    o->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, words);
    if (o->pcap != NULL) {
        o->link = (uint32_t)pcap_datalink(o->pcap);
        return true;
    }
    fclose(file);
    if (o->failure.text[0])
        return error_set(err, "%s", o->failure.text);
    return error_set(err, "not a capture file: %s", words);
}

static void close_offline(struct reader *r)
{
    struct offline *o = (struct offline *)r;
    if (o->pcap != NULL)
        pcap_close(o->pcap);
    input_close(o->reader.in);
    free(o);
}

static void no_drops(struct reader *r, struct source_counts *counts)
{
    (void)r;
    (void)counts;
}

static const struct reader_kind offline_kind = {close_offline, read_frames, first_time,
                                                no_drops};

struct reader *offline_open(struct input *in, struct error *err)
{
    struct offline *o = calloc(1, sizeof *o);
    if (o == NULL) {
        error_set(err, "no memory to read a capture file");
        return NULL;
    }
    o->reader = (struct reader){&offline_kind, in, -1};
    if (open_pcap(o, err))
        return &o->reader;
    o->reader.in = NULL;
    close_offline(&o->reader);
    return NULL;
}
