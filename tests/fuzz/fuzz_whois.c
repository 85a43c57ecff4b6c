/* An answer of a whois server: whatever it is, what is kept is bounded and harmless. */
/* SPDX-License-Identifier: MIT */
#include "analysis/whois_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t room)
{
    if (memchr(text, '\0', room) == NULL)
        abort();
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char clean[WHOIS_RAW_BYTES], again[WHOIS_RAW_BYTES];
    struct whois_text t;
    bool cut;
    size_t n = whois_text_clean(data, size, clean, &cut);
    if (n != strlen(clean) || whois_text_clean(clean, n, again, &cut) < n || cut)
        abort();
    whois_text_parse(clean, &t);
    if (t.blocks > WHOIS_BLOCKS || t.contacts > WHOIS_CONTACTS)
        abort();
    for (unsigned i = 0; i < t.blocks; i++) {
        check(t.block[i].range, sizeof t.block[i].range);
        check(t.block[i].owner, sizeof t.block[i].owner);
        check(t.block[i].registered, sizeof t.block[i].registered);
        if (t.block[i].length > 128)
            abort();
    }
    for (unsigned i = 0; i < t.contacts; i++) {
        check(t.contact[i].mail, sizeof t.contact[i].mail);
        check(t.contact[i].phone, sizeof t.contact[i].phone);
    }
    return 0;
}
