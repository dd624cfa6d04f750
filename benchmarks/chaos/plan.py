"""The matrix: every trial, in the order in which it is told, with its short form for CI and its long one."""

from __future__ import annotations

from functools import partial

from benchmarks.chaos.claim_race import claim_race
from benchmarks.chaos.kill_at_posts import kill_at_posts
from benchmarks.chaos.kill_matrix import kill_matrix
from benchmarks.chaos.late_accept import late_accept
from benchmarks.chaos.trial import POSTGRESQL, SQLITE, Trial

PLAN = (
    Trial(
        "R1",
        "many claim one finding at once, each click twice",
        claim_race,
        short={"clickers": 50, "rounds": 4},
        long={"clickers": 200, "rounds": 20},
    ),
    Trial(
        "R2",
        "SIGKILL at every seventh post",
        kill_at_posts,
        short={"channels": 4, "minutes": 4},
        long={"channels": 6, "minutes": 18},
    ),
    Trial(
        "R3",
        "SIGKILL in nine phases, Slack",
        partial(kill_matrix, platform="slack"),
        short={"seeds": 1},
        long={"seeds": 10},
        in_ci=(POSTGRESQL,),
    ),
    Trial(
        "R3",
        "SIGKILL in nine phases, Teams",
        partial(kill_matrix, platform="teams"),
        short={"seeds": 1},
        long={"seeds": 10},
        in_ci=(SQLITE,),
    ),
    Trial(
        "R4",
        "Slack takes a message after our time-out",
        late_accept,
        short={"late": 2.0, "patience": 0.8},
        long={"late": 4.0, "patience": 1.5},
        in_ci=(SQLITE,),
    ),
)
