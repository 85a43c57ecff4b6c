/* SPDX-License-Identifier: MIT */
#include "program/origins_file.h"

struct origins *origins_file_read(const char *path, struct error *err)
{
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        error_errno(err, "%s", path);
        return NULL;
    }
    struct origins *o = origins_read(f, path, err);
    (void)fclose(f);
    return o;
}
