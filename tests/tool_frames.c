/* SPDX-License-Identifier: MIT */
/*
 * Writes a capture of half an hour in which a network floods, and meanwhile much cannot be
 * decoded: each second of the two minutes has 10 frames of ethertype 0x88b5, 4 of IP protocol
 * 253, 1 of 0x88b6, and 3 queries of the flood have a broken name.  There is always some ARP.
 *
 * usage: tool_frames >FILE
 */
#include "tests/support/shape.h"

#include <stdio.h>
#include <string.h>

enum {
    START_S = 1106049600, /* 2005-01-18 12:00 UTC */
    FLOOD_FROM_S = 600,
    FLOOD_TO_S = 720,
    END_S = 1800,
    USUAL_QPS = 50,
    FLOOD_QPS = 50,
};

static struct shape shape;

static void put_u32(uint32_t n)
{
    (void)fwrite(&n, sizeof n, 1, stdout);
}

static void put_header(void)
{
    put_u32(0xa1b2c3d4); /* in this machine's order */
    put_u32(2 | 4 << 16);
    put_u32(0);
    put_u32(0);
    put_u32(65535);
    put_u32(1);
}

static void put(int second, int microsecond)
{
    put_u32((uint32_t)(START_S + second));
    put_u32((uint32_t)microsecond);
    put_u32((uint32_t)shape.size);
    put_u32((uint32_t)shape.size);
    (void)fwrite(shape.at, 1, shape.size, stdout);
}

static void start_query(const char *client, const char *name, uint16_t qtype)
{
    shape_start(&shape);
    shape_query(&shape, name, qtype);
    shape_udp(&shape, 40000, 53);
    shape_ipv4(&shape, client, "198.51.100.53", 17);
}

static void put_query(int second, int number, const char *client, uint16_t qtype, bool broken)
{
    start_query(client, "www.example", qtype);
    if (broken)
        shape.at[20 + 8 + 12] = 0xbf; /* a label of an unknown kind */
    shape_ethernet(&shape, 0x0800);
    put(second, number * 9000);
}

static void put_ethertype(int second, int number, uint16_t ethertype)
{
    start_query("192.0.2.1", "www.example", 1);
    shape_ethernet(&shape, ethertype);
    put(second, 920000 + number * 1000);
}

static void put_protocol(int second, int number, uint8_t protocol)
{
    shape_start(&shape);
    shape_back(&shape, "0123456789abcdef", 16);
    shape_ipv4(&shape, "192.0.2.9", "198.51.100.1", protocol);
    shape_ethernet(&shape, 0x0800);
    put(second, 940000 + number * 1000);
}

static void put_flood(int second)
{
    for (int i = 0; i < FLOOD_QPS; i++)
        put_query(second, USUAL_QPS + i, "203.0.113.7", 15, i < 3);
    for (int i = 0; i < 10; i++)
        put_ethertype(second, i, 0x88b5);
    put_ethertype(second, 10, 0x88b6);
    for (int i = 0; i < 4; i++)
        put_protocol(second, i, 253);
}

int main(void)
{
    put_header();
    for (int second = 0; second < END_S; second++) {
        for (int i = 0; i < USUAL_QPS; i++) {
            char client[32];
            (void)snprintf(client, sizeof client, "192.%d.2.%d", (second + i) % 40, 1 + i);
            put_query(second, i, client, i % 3 == 0 ? 28 : 1, false);
        }
        if (second >= FLOOD_FROM_S && second < FLOOD_TO_S)
            put_flood(second);
        put_ethertype(second, 60, 0x0806);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
