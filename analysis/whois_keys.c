/* SPDX-License-Identifier: MIT */
#include "analysis/whois_keys.h"

#include <string.h>
#include <strings.h>

/* JPNIC's, which stand in brackets: "a. [Network Number]   192.0.2.0/24". */
static const struct whois_key bracketed[] = {
        {"network number", FIELD_RANGE, 0},
        {"as number", FIELD_RANGE, 0},
        {"network name", FIELD_NAME, 0},
        {"as name", FIELD_NAME, 0},
        {"organization", FIELD_OWNER, 0},
        {"assigned date", FIELD_REGISTERED, 0},
        {"allocated date", FIELD_REGISTERED, 0},
        {"last update", FIELD_UPDATED, 0},
        {"abuse", FIELD_ABUSE_OF, WHOIS_ABUSE},
        {"group name", FIELD_PERSON, WHOIS_OTHER},
        {"last, first", FIELD_PERSON, WHOIS_OTHER},
        {"e-mail", FIELD_MAIL, WHOIS_OTHER},
        {"tel", FIELD_PHONE, WHOIS_OTHER},
        {NULL, FIELD_NONE, 0},
};

static const struct whois_key keys[] = {
        {"netrange", FIELD_RANGE, 0},
        {"inetnum", FIELD_RANGE, 0},
        {"inet6num", FIELD_RANGE, 0},
        {"asnumber", FIELD_RANGE, 0},
        {"aut-num", FIELD_RANGE, 0},
        {"ipv4 address", FIELD_KRNIC_RANGE, 0},
        {"ipv6 address", FIELD_KRNIC_RANGE, 0},
        {"cidr", FIELD_CIDR, 0},
        {"netname", FIELD_NAME, 0},
        {"asname", FIELD_NAME, 0},
        {"as-name", FIELD_NAME, 0},
        {"service name", FIELD_NAME, 0},
        {"orgname", FIELD_ORG_BEGIN, 0},
        {"custname", FIELD_ORG_BEGIN, 0},
        {"organisation", FIELD_OTHER_OBJECT, 0},
        {"org-name", FIELD_ORG_BEGIN, 0},
        {"owner", FIELD_OWNER, 0},
        {"organization name", FIELD_OWNER, 0},
        {"organization", FIELD_OWNER, 0},
        {"nethandle", FIELD_HANDLE, 0},
        {"ashandle", FIELD_HANDLE, 0},
        {"parent", FIELD_PARENT, 0},
        {"inetnum-up", FIELD_PARENT, 0},
        {"regdate", FIELD_REGISTERED, 0},
        {"created", FIELD_REGISTERED, 0},
        {"registration date", FIELD_REGISTERED, 0},
        {"updated", FIELD_UPDATED, 0},
        {"last-modified", FIELD_UPDATED, 0},
        {"changed", FIELD_CHANGED, 0},
        {"descr", FIELD_DESCR, 0},
        {"role", FIELD_PERSON, WHOIS_OTHER},
        {"person", FIELD_PERSON, WHOIS_OTHER},
        {"irt", FIELD_IRT, WHOIS_ABUSE},
        {"e-mail", FIELD_MAIL, WHOIS_OTHER},
        {"phone", FIELD_PHONE, WHOIS_OTHER},
        {"abuse-mailbox", FIELD_ABUSE_OF, WHOIS_ABUSE},
        {"orgabusename", FIELD_ROLE_NAME, WHOIS_ABUSE},
        {"orgabuseemail", FIELD_ROLE_MAIL, WHOIS_ABUSE},
        {"orgabusephone", FIELD_ROLE_PHONE, WHOIS_ABUSE},
        {"rabusename", FIELD_ROLE_NAME, WHOIS_ABUSE},
        {"rabuseemail", FIELD_ROLE_MAIL, WHOIS_ABUSE},
        {"rabusephone", FIELD_ROLE_PHONE, WHOIS_ABUSE},
        {"orgnocname", FIELD_ROLE_NAME, WHOIS_NOC},
        {"orgnocemail", FIELD_ROLE_MAIL, WHOIS_NOC},
        {"orgnocphone", FIELD_ROLE_PHONE, WHOIS_NOC},
        {"rnocname", FIELD_ROLE_NAME, WHOIS_NOC},
        {"rnocemail", FIELD_ROLE_MAIL, WHOIS_NOC},
        {"rnocphone", FIELD_ROLE_PHONE, WHOIS_NOC},
        {"orgtechname", FIELD_ROLE_NAME, WHOIS_TECH},
        {"orgtechemail", FIELD_ROLE_MAIL, WHOIS_TECH},
        {"orgtechphone", FIELD_ROLE_PHONE, WHOIS_TECH},
        {"rtechname", FIELD_ROLE_NAME, WHOIS_TECH},
        {"rtechemail", FIELD_ROLE_MAIL, WHOIS_TECH},
        {"rtechphone", FIELD_ROLE_PHONE, WHOIS_TECH},
        {"techname", FIELD_ROLE_NAME, WHOIS_TECH},
        {"techemail", FIELD_ROLE_MAIL, WHOIS_TECH},
        {"techphone", FIELD_ROLE_PHONE, WHOIS_TECH},
        {"route", FIELD_OTHER_OBJECT, 0},
        {"route6", FIELD_OTHER_OBJECT, 0},
        {"as-block", FIELD_OTHER_OBJECT, 0},
        {"name", FIELD_KRNIC_PERSON, WHOIS_OTHER},
        {NULL, FIELD_NONE, 0},
};

static const struct whois_key *find_key(const struct whois_key *list, const char *name,
                                        size_t n)
{
    while (n > 0 && name[n - 1] == ' ')
        n--;
    for (; list->name != NULL; list++)
        if (strlen(list->name) == n && strncasecmp(list->name, name, n) == 0)
            return list;
    return NULL;
}

const struct whois_key *whois_key_of(const char *line, const char **value)
{
    const char *name = line;
    if (name[0] >= 'a' && name[0] <= 'z' && name[1] == '.')
        name += 2 + strspn(name + 2, " ");
    const char *bracket = name[0] == '[' ? strchr(name, ']') : NULL;
    const char *colon = bracket == NULL ? strchr(line, ':') : NULL;
    const char *end = bracket != NULL ? bracket : colon;
    if (end == NULL)
        return NULL;
    *value = end + 1 + strspn(end + 1, " ");
    return bracket != NULL ? find_key(bracketed, name + 1, (size_t)(bracket - name - 1))
                           : find_key(keys, line, (size_t)(colon - line));
}
