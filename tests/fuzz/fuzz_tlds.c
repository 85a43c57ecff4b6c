/* A list of top-level domains, or a root zone; and look-ups in what it gave. */
/* SPDX-License-Identifier: MIT */
#include "analysis/tlds.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {.text = ""};
    FILE *f = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");
    if (f == NULL)
        return 0;
    struct tlds *t = tlds_read(f, "tlds", &err);
    fclose(f);
    if (t == NULL && err.text[0] == '\0')
        abort();
    for (size_t i = 0; t != NULL && i + 64 + 8 <= size && i < 64; i++) {
        uint8_t label[72];
        memcpy(label, data + i, sizeof label);
        label[0] = (uint8_t)(1 + label[0] % 63);
        (void)tlds_has(t, tlds_key(t, label));
    }
    tlds_free(t);
    return 0;
}
