# SPDX-License-Identifier: MIT
"""The environment of `rootwatch graph` under a sanitizer: what libraries below librrd keep is known by
whole stacks alone (support/leaks.supp), and those make every allocation slow.  Nothing else needs
them."""
import os

DRAWING = dict(os.environ)
if "DRAWING_ASAN_OPTIONS" in DRAWING:
    DRAWING["ASAN_OPTIONS"] = DRAWING["DRAWING_ASAN_OPTIONS"]
