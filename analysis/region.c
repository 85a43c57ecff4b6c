/* SPDX-License-Identifier: MIT */
#include "analysis/region.h"

#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096, HUGE_PAGE = 2 * 1024 * 1024 };

static size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static void unmap(uint8_t *p, size_t bytes)
{
    if (bytes > 0)
        munmap(p, bytes);
}

/* Takes more than asked for and gives back what stands before and behind the aligned part. */
static void *reserve_aligned(size_t size)
{
    size_t room = size + HUGE_PAGE;
    uint8_t *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t before = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
    unmap(p, before);
    unmap(p + before + size, room - before - size);
    (void)madvise(p + before, size, MADV_HUGEPAGE);
    return p + before;
}

void *region_reserve(size_t bytes, bool huge)
{
    size_t size = whole_pages(bytes);
    if (huge)
        return reserve_aligned(size);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void region_release(void *p, size_t bytes)
{
    if (p != NULL)
        munmap(p, whole_pages(bytes));
}
