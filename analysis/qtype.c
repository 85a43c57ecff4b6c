/* SPDX-License-Identifier: MIT */
#include "analysis/qtype.h"

#define X(name, number) [number] = QTYPE_CLASS_##name + 1,
const uint8_t qtype_class_of[256] = {QTYPE_LIST(X)};
#undef X

#define X(name, number) #name,
static const char *const names[QTYPE_CLASSES] = {QTYPE_LIST(X) "other"};
#undef X

const char *qtype_class_name(enum qtype_class class)
{
    return names[class < QTYPE_CLASSES ? class : QTYPE_CLASS_OTHER];
}
