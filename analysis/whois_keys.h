/*
 * The keys of whois answers, of all registries' forms in one table, and what each is about.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/whois_text.h"

enum whois_field {
    FIELD_NONE,
    FIELD_RANGE,       /* begins a block */
    FIELD_KRNIC_RANGE, /* the same, and says whose form this is */
    FIELD_CIDR,        /* of a block that has begun */
    FIELD_NAME,        /* of the network */
    FIELD_OWNER,       /* an organisation */
    FIELD_ORG_BEGIN,   /* the same, of a paragraph of its own */
    FIELD_HANDLE,
    FIELD_PARENT,
    FIELD_REGISTERED,
    FIELD_UPDATED,
    FIELD_CHANGED,      /* "mail date" */
    FIELD_DESCR,        /* owner, where nothing better is there */
    FIELD_PERSON,       /* begins a contact */
    FIELD_KRNIC_PERSON, /* the same, in that form alone: others call much a name */
    FIELD_IRT,          /* begins an abuse contact */
    FIELD_MAIL,         /* of the contact that has begun */
    FIELD_PHONE,        /* the same */
    FIELD_ABUSE_OF,     /* RPSL: abuse-mailbox */
    FIELD_ROLE_NAME,
    FIELD_ROLE_MAIL,
    FIELD_ROLE_PHONE,
    FIELD_OTHER_OBJECT, /* begins what is of no interest: a route */
};

struct whois_key {
    const char *name;
    enum whois_field field;
    enum whois_role role;
};

/* What a line is about, and where its value begins; NULL: nothing known. */
const struct whois_key *whois_key_of(const char *line, const char **value);
