/* SPDX-License-Identifier: MIT */
#include "analysis/qtype.h"

/* Class + 1, so that the types not listed are 0. */
#define X(name, number) [number] = QTYPE_CLASS_##name + 1,
static const uint8_t class_of[256] = {QTYPE_LIST(X)};
#undef X

#define X(name, number) #name,
static const char *const names[QTYPE_CLASSES] = {QTYPE_LIST(X) "other"};
#undef X

enum qtype_class qtype_class(uint16_t qtype)
{
    unsigned listed = qtype < sizeof class_of ? class_of[qtype] : 0;
    return listed == 0 ? QTYPE_CLASS_OTHER : listed - 1;
}

const char *qtype_class_name(enum qtype_class class)
{
    return names[class < QTYPE_CLASSES ? class : QTYPE_CLASS_OTHER];
}
