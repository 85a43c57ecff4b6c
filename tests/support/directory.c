/* SPDX-License-Identifier: MIT */
#include "tests/support/directory.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void directory_make(char path[static DIRECTORY_BYTES])
{
    const char *parent = getenv("TMPDIR");
    (void)snprintf(path, DIRECTORY_BYTES, "%s/rootwatch-test-XXXXXX",
                   parent != NULL ? parent : "/tmp");
    if (mkdtemp(path) == NULL)
        abort();
}

void directory_remove(const char *path)
{
    char *roots[] = {(char *)path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *e; tree != NULL && (e = fts_read(tree)) != NULL;) {
        if (e->fts_info == FTS_DP)
            (void)rmdir(e->fts_path);
        else if (e->fts_info != FTS_D)
            (void)unlink(e->fts_path);
    }
    if (tree != NULL)
        fts_close(tree);
}

bool directory_holds(const char *path, const char *ending)
{
    char *roots[] = {(char *)path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    bool found = false;
    for (FTSENT *e; tree != NULL && (e = fts_read(tree)) != NULL;) {
        size_t length = e->fts_namelen;
        found = found || (e->fts_info == FTS_F && length >= strlen(ending) &&
                          strcmp(e->fts_name + length - strlen(ending), ending) == 0);
    }
    if (tree != NULL)
        fts_close(tree);
    return found;
}
