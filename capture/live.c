/* SPDX-License-Identifier: MIT */
#include "capture/live.h"

#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/socket.h>

struct live {
    struct reader reader;
    pcap_t *pcap;
    uint32_t link;
    struct pcap_stat last; /* as libpcap said last; its 32 bits wrap */

    /* While libpcap hands out frames: where they go. */
    struct decode *decode;
    struct message_batch *batch;
    int64_t limit_ns;

    /* The frame that met the limit. */
    bool holding;
    struct frame held;
    uint8_t *held_data; /* of `held_max` octets */
    uint32_t held_max;
};

static void hold(struct live *l, const struct frame *f)
{
    l->held = *f;
    if (l->held.captured > l->held_max)
        l->held.captured = l->held_max;
    l->held.readable = l->held.captured;
    l->held.data = l->held_data;
    memcpy(l->held_data, f->data, l->held.captured);
    l->holding = true;
    pcap_breakloop(l->pcap);
}

static void take_frame(u_char *argument, const struct pcap_pkthdr *h, const u_char *data)
{
    struct live *l = (struct live *)argument;
    const struct frame f = {
            .data = data,
            .captured = h->caplen,
            .wire = h->len > h->caplen ? h->len : h->caplen,
            .readable = h->caplen,
            .link = l->link,
            .time_ns = (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec,
    };
    if (f.time_ns >= l->limit_ns || l->batch->count == MESSAGE_BATCH_MAX)
        hold(l, &f);
    else
        decode_frame(l->decode, &f, l->batch);
}

static bool take_held(struct live *l)
{
    if (!l->holding)
        return true;
    if (l->held.time_ns >= l->limit_ns)
        return false;
    l->holding = false;
    decode_frame(l->decode, &l->held, l->batch);
    return true;
}

static enum source_state read_frames(struct reader *r, struct decode *d,
                                     struct message_batch *batch, int64_t limit_ns,
                                     struct error *err)
{
    struct live *l = (struct live *)r;
    l->decode = d;
    l->batch = batch;
    l->limit_ns = limit_ns;
    if (!take_held(l))
        return SOURCE_LIMIT;

    /* Most frames hold one message at most; one too many for the batch is held. */
    int room = MESSAGE_BATCH_MAX - (int)batch->count;
    if (room == 0)
        return SOURCE_MORE;
    int frames = pcap_dispatch(l->pcap, room, take_frame, (u_char *)l);
    if (l->holding)
        return l->held.time_ns >= limit_ns ? SOURCE_LIMIT : SOURCE_MORE;
    if (frames == PCAP_ERROR) {
        error_set(err, "capturing: %s", pcap_geterr(l->pcap));
        error_kind(err, ERROR_NO_INTERFACE);
        return SOURCE_FAILED;
    }
    return frames > 0 || batch->count > 0 ? SOURCE_MORE : SOURCE_IDLE;
}

static bool no_first_time(struct reader *r, int64_t *time_ns)
{
    (void)r;
    (void)time_ns;
    return false;
}

static void drops(struct reader *r, struct source_counts *counts)
{
    struct live *l = (struct live *)r;
    struct pcap_stat now;
    if (pcap_stats(l->pcap, &now) != 0)
        return;
    counts->kernel_drops += now.ps_drop - l->last.ps_drop;
    counts->interface_drops += now.ps_ifdrop - l->last.ps_ifdrop;
    l->last = now;
}

static void close_live(struct reader *r)
{
    struct live *l = (struct live *)r;
    if (l->pcap != NULL)
        pcap_close(l->pcap);
    free(l->held_data);
    free(l);
}

static const struct reader_kind live_kind = {close_live, read_frames, no_first_time, drops};

static bool explain(pcap_t *pcap, int result, struct error *err)
{
    const char *detail = pcap_geterr(pcap);
    switch (result) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        error_set(err, "no right to capture: CAP_NET_RAW is needed, from the service unit or "
                       "by `setcap cap_net_raw+ep` on the program");
        return error_kind(err, ERROR_NO_RIGHT);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        error_set(err, "no such interface");
        return error_kind(err, ERROR_NO_INTERFACE);
    case PCAP_ERROR_IFACE_NOT_UP:
        error_set(err, "the interface is down");
        return error_kind(err, ERROR_NO_INTERFACE);
    default:
        return error_set(err, "capturing: %s%s%s", pcap_statustostr(result),
                         detail[0] ? ": " : "", detail);
    }
}

/* Shares the interface's traffic by flow with all sources of the same group. */
static bool join_group(struct live *l, uint16_t group, struct error *err)
{
    uint32_t fanout = group | (uint32_t)PACKET_FANOUT_HASH << 16;
    if (setsockopt(pcap_fileno(l->pcap), SOL_PACKET, PACKET_FANOUT, &fanout, sizeof fanout) !=
        0)
        return error_errno(err, "sharing the interface among workers");
    return true;
}

static bool activate(struct live *l, const struct source_live *live, struct error *err)
{
    char words[PCAP_ERRBUF_SIZE] = "";
    l->pcap = pcap_create(live->interface, words);
    if (l->pcap == NULL)
        return error_set(err, "capturing: %s", words);
    pcap_set_snaplen(l->pcap, (int)live->snaplen);
    pcap_set_promisc(l->pcap, 1);
    pcap_set_timeout(l->pcap, LIVE_BLOCK_MS);
    pcap_set_buffer_size(l->pcap, (int)live->buffer_bytes);
    pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO);

    int result = pcap_activate(l->pcap);
    if (result < 0)
        return explain(l->pcap, result, err);
    if (pcap_setnonblock(l->pcap, 1, words) != 0)
        return error_set(err, "capturing: %s", words);
    return live->fanout_group == 0 || join_group(l, live->fanout_group, err);
}

struct reader *live_open(const struct source_live *live, struct error *err)
{
    struct live *l = calloc(1, sizeof *l);
    if (l == NULL || (l->held_data = malloc(live->snaplen)) == NULL) {
        free(l);
        error_set(err, "no memory to capture");
        return NULL;
    }
    l->reader = (struct reader){&live_kind, NULL, -1};
    l->held_max = live->snaplen;
    if (activate(l, live, err)) {
        l->reader.fd = pcap_get_selectable_fd(l->pcap);
        l->link = (uint32_t)pcap_datalink(l->pcap);
        return &l->reader;
    }
    close_live(&l->reader);
    return NULL;
}
