/* SPDX-License-Identifier: MIT */
#include "capture/verdict.h"

#define X(name, text, words) text,
static const char *const verdict_names[] = {VERDICT_LIST(X)};
static const char *const defect_names[] = {DEFECT_LIST(X)};
static const char *const loss_names[] = {LOSS_LIST(X)};
#undef X
#define X(name, text, words) words,
static const char *const verdict_in_words[] = {VERDICT_LIST(X)};
static const char *const defect_in_words[] = {DEFECT_LIST(X)};
static const char *const loss_in_words[] = {LOSS_LIST(X)};
#undef X

const char *verdict_name(enum verdict v)
{
    return v < VERDICTS ? verdict_names[v] : "unknown";
}

const char *defect_name(enum defect d)
{
    return d < DEFECTS ? defect_names[d] : "unknown";
}

const char *loss_name(enum loss l)
{
    return l < LOSSES ? loss_names[l] : "unknown";
}

const char *verdict_words(enum verdict v)
{
    return v < VERDICTS ? verdict_in_words[v] : "unknown";
}

const char *defect_words(enum defect d)
{
    return d < DEFECTS ? defect_in_words[d] : "unknown";
}

const char *loss_words(enum loss l)
{
    return l < LOSSES ? loss_in_words[l] : "unknown";
}

bool verdict_is_loss(enum verdict v)
{
    switch (v) {
    case VERDICT_MESSAGE:
    case VERDICT_OTHER_TRAFFIC:
    case VERDICT_OUT_OF_SCOPE:
    case VERDICT_NOT_IP:
    case VERDICT_FRAGMENT:
    case VERDICT_FRAGMENT_REPEATED:
    case VERDICT_TCP_NO_DATA:
    case VERDICT_TCP_PART:
    case VERDICT_TCP_REPEATED:
        return false;
    default:
        return true;
    }
}
