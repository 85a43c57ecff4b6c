/*
 * Every query in one class: legitimate, or one of the kinds of junk of the root studies.
 *
 * Sources: Wessels and Fomenkov, "Wow, that's a lot of packets", PAM 2003; Castro, Wessels,
 * Fomenkov and Claffy, "A day at the root of the Internet", ACM CCR 38(5), 2008.  The classes
 * are tried in the order below, as there, and the first that fits is the query's:
 *
 *     unused-class         its class is none of IN, CH, HS, NONE and ANY
 *     a-for-a              type A, for a name that is an IPv4 address: four labels, 0 to 255
 *     invalid-tld          its last label is no top-level domain (tlds.h)
 *     non-printable        an octet of its name is no letter, digit, hyphen or underscore
 *     underscore           an octet of its name is an underscore
 *     rfc1918-ptr          type PTR, in the reverse tree of 10/8, 172.16/12 or 192.168/16
 *     identical            same source, class, type, name and ID as the query before it that
 *                          has the first four
 *     repeated             the same, with another ID
 *     referral-not-cached  its source has asked before for a name in the same delegated zone,
 *                          and was referred to the servers that it should have asked now
 *     legitimate           all others
 *
 * Where we differ: the name of a query of class CH or HS is in another tree, and its last label
 * is not looked at.  A query is taken to have been answered.  A delegated zone is the last
 * label, or as many as settings say (a TLD's servers delegate at two), and the zone's own DS is
 * never a referral.  "Before" is at most JUNK_MEMORY_S, which is less than delegations (two
 * days) and as long as what does not exist (a day) may be cached.  A query without a readable
 * question is in no class.  Of all queries, then: the classes' and those in none.
 *
 * Who repeats a question below a zone was referred there before.  So that a query is of one of
 * the three classes before the last follows from its referral alone; which of the three, from
 * the memory of questions, and where that holds a sample of them only (junk.h), it is known of
 * the sampled ones only and estimated in all, by junk_split().
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum junk_class {
    JUNK_UNUSED_CLASS,
    JUNK_A_FOR_A,
    JUNK_INVALID_TLD,
    JUNK_NON_PRINTABLE,
    JUNK_UNDERSCORE,
    JUNK_PRIVATE_PTR,
    JUNK_IDENTICAL,
    JUNK_REPEATED,
    JUNK_REFERRAL,
    JUNK_LEGITIMATE,
    JUNK_CLASSES,
    /* Where questions are sampled, of the three classes before the last, one and all: */
    JUNK_SAMPLED = JUNK_CLASSES, /* and the next two: in the sample, and of which of them */
    JUNK_UNSPLIT = JUNK_SAMPLED + 3,
    JUNK_KINDS,
    JUNK_UNDECIDED = JUNK_KINDS, /* on the way: depends on the memory */
    JUNK_NONE,                   /* no query, or without a readable question */
};

enum { JUNK_MEMORY_S = 86400, JUNK_SPLIT = JUNK_LEGITIMATE - JUNK_IDENTICAL };
enum { JUNK_AGES = 17 }; /* powers of two, in seconds, up to the memory's */

/* What is counted, and added up. */
struct junk_counts {
    uint64_t queries[JUNK_CLASSES]; /* without what is in `unsplit` */
    uint64_t unsplit;               /* JUNK_SAMPLED to JUNK_UNSPLIT */
    uint64_t weight[JUNK_SPLIT];    /* what the sampled ones of them stand for, by class */
    uint64_t estimated;             /* queries in classes that junk_split() put there */
    uint64_t one_in;     /* questions was sampled, where fewest were; 0: there was no need */
    uint64_t forgotten;  /* questions, before JUNK_MEMORY_S */
    uint64_t youngest_s; /* the least age of these, rounded down to a power of two; 0: none */
    uint64_t
            age[JUNK_AGES]; /* of these: from 2^i s on; what is younger than 1 s is with that */
};

/* `n` queries of a kind; `level`: the sample is one question in 2^level (struct junk_batch). */
void junk_count(struct junk_counts *c, uint8_t kind, unsigned level, uint64_t n);
void junk_counts_add(struct junk_counts *into, const struct junk_counts *from);
/*
 * The same counts, all in their classes.  Every question is referred for the first time once,
 * so the sampled first ones make a fair estimate of all, for x of one in r right to about
 * 2 sqrt(x r) in 95 of a hundred cases; the rest of what is to be split is exact less that.
 * It is identical and repeated as the sampled queries are, of which a question that is asked
 * very often may be many, or none.
 */
struct junk_counts junk_split(const struct junk_counts *c);
/* Half of what was forgotten, at least, had been remembered for so long: a power of two; 0: for
 * less than two seconds, or nothing was. */
uint64_t junk_half_kept_s(const struct junk_counts *c);
/* All but the legitimate. */
uint64_t junk_sum(const uint64_t queries[static JUNK_CLASSES]);
/* The kind of junk with most queries, the first of equals; JUNK_LEGITIMATE: there is none. */
enum junk_class junk_leading(const uint64_t queries[static JUNK_CLASSES]);
const char *junk_class_name(enum junk_class c);  /* "invalid-tld", a key */
const char *junk_class_words(enum junk_class c); /* "invalid TLD", in a sentence */

static inline bool junk_is(uint8_t kind)
{
    return kind < JUNK_KINDS && kind != JUNK_LEGITIMATE;
}
