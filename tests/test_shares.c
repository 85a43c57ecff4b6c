/* SPDX-License-Identifier: MIT */
#include "analysis/shares.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct share_limits limits = {1.15, 0.01, 0.075, 0.75};
static struct shares *shares;
static struct error err;

static void setup(void)
{
    shares = shares_create(1, &err);
    cr_assert_not_null(shares);
}

static void teardown(void)
{
    shares_free(shares);
}

TestSuite(shares, .init = setup, .fini = teardown);

static struct share_row *add(int64_t at_s, uint64_t key, double queries)
{
    const struct share_moment now = {
            .start_s = (double)at_s, .length_s = 1, .rest = 100, .learned_s = 1, .scale = 1};
    return shares_add(shares, &limits, &now, key, queries);
}

Test(shares, keeps_the_rows_of_a_full_bucket_apart)
{
    for (uint64_t key = 1; key <= 8; key++)
        (void)add(100, key, (double)key);
    for (uint64_t key = 1; key <= 8; key++) {
        const struct share_row *r = shares_find(shares, key);
        cr_assert_not_null(r);
        cr_expect(eq(u64, r->key, key));
        cr_expect(r->usual > (double)key / 100 - 1e-9 && r->usual < (double)key / 100 + 1e-9);
    }
    cr_expect_null(shares_find(shares, 9));
}

Test(shares, gives_up_the_least_important_row_of_a_full_bucket)
{
    for (uint64_t key = 1; key <= 8; key++)
        (void)add(100, key, key == 5 ? 0.1 : 5);
    (void)add(101, 9, 5);
    cr_expect_null(shares_find(shares, 5));
    for (uint64_t key = 1; key <= 9; key++)
        cr_expect(key == 5 || shares_find(shares, key) != NULL);
}

Test(shares, alarms_when_an_excess_lasts)
{
    const struct share_moment calm = {
            .start_s = 100, .length_s = 1, .rest = 1000, .learned_s = 1000, .scale = 1};
    const struct share_row *r = shares_add(shares, &limits, &calm, 7, 1);
    cr_expect(not(share_is_alarm(r, &limits, &calm)));
    struct share_moment now = calm;
    for (int s = 0; s < 20; s++) {
        now.start_s++;
        r = shares_add(shares, &limits, &now, 7, 200);
    }
    cr_expect(share_is_alarm(r, &limits, &now));
    cr_expect(eq(dbl, r->since_s, 101));
}
