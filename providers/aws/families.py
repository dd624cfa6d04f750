"""Families of sizes: which one succeeds another, and which has the same sizes with Arm processors."""

from __future__ import annotations

from collections.abc import Mapping

# AWS's page "Previous generation instances" with what it names to upgrade to; t2, m4, c4 and r4, which AWS does not
# list there yet, are Steampipe Thrifty's.
SUCCESSORS: Mapping[str, str] = {
    "t1": "t3",
    "t2": "t3",
    "m1": "m5",
    "m2": "r5",
    "m3": "m5",
    "m4": "m5",
    "c1": "c5",
    "c3": "c5",
    "c4": "c5",
    "r3": "r5",
    "r4": "r5",
    "i2": "i3",
    "g2": "g4dn",
}

# AWS's Graviton getting-started guide: the family with the same sizes, memory a processor, and lower list price.
ARM: Mapping[str, str] = {
    "t2": "t4g",
    "t3": "t4g",
    "t3a": "t4g",
    "m4": "m6g",
    "m5": "m6g",
    "m5a": "m6g",
    "m6i": "m6g",
    "m6a": "m6g",
    "m7i": "m7g",
    "m7a": "m7g",
    "c4": "c6g",
    "c5": "c6g",
    "c5a": "c6g",
    "c6i": "c6g",
    "c6a": "c6g",
    "c7i": "c7g",
    "c7a": "c7g",
    "r4": "r6g",
    "r5": "r6g",
    "r5a": "r6g",
    "r6i": "r6g",
    "r6a": "r6g",
    "r7i": "r7g",
    "r7a": "r7g",
}
