"""The matrix: every trial, in the order in which it is told, with its short form for CI and its long one."""

from __future__ import annotations

from functools import partial

from benchmarks.chaos.claim_race import claim_race
from benchmarks.chaos.database_down import database_down
from benchmarks.chaos.full_disk import full_disk
from benchmarks.chaos.kept import kept
from benchmarks.chaos.kill_at_posts import kill_at_posts
from benchmarks.chaos.kill_matrix import kill_matrix
from benchmarks.chaos.large_company import many_channels, ten_thousand_findings, two_hundred_at_once
from benchmarks.chaos.late_accept import late_accept
from benchmarks.chaos.sigterm import sigterm
from benchmarks.chaos.soak import soak
from benchmarks.chaos.trial import COUNTED, NOTHING, PACED, POSTGRESQL, SQLITE, Trial

COPIES = (
    "tests/contracts/test_inbox.py::test_of_four_copies_at_once_one_is_accepted",
    "tests/bot/test_door.py::test_a_copy_is_accepted_and_changes_nothing",
    "tests/bot/slack/test_asks.py::test_two_clicks_of_one_person_are_two_asks_but_a_copy_is_none",
    "tests/bot/slack/test_asks.py::test_a_command_that_is_redelivered_is_one_ask",
    "tests/bot/slack/test_http.py::test_a_request_that_is_replayed_changes_nothing",
    "tests/walks/test_teams.py::test_the_second_wave_of_a_click_under_another_name_is_the_same_click",
)
CANARIES = (
    "tests/walks/test_admin.py::test_neither_logs_nor_figures_nor_probes_tell_secrets_names_or_costs",
    "tests/bot/test_log.py::test_a_secret_is_hidden_wherever_it_stands",
    "tests/bot/test_config.py::test_a_secret_in_the_file_is_refused_and_not_repeated",
    "tests/contracts/test_trouble.py::test_a_wrong_address_is_refused_without_telling_its_password",
)
READS = ("tests/aws/test_promises.py", "tests/azure/test_promises.py")
STRANGERS = (
    "tests/bot/slack/test_install.py",
    "tests/bot/slack/test_asks.py::test_strangers_are_refused_without_a_trace",
    "tests/bot/teams/test_http.py::test_strangers_are_refused_without_a_trace",
    "tests/contracts/test_conversations.py::test_nothing_is_found_for_another_tenant_or_platform",
    "tests/promises/test_rights.py",
)
UPGRADES = (
    "tests/contracts/test_upgrade.py",
    "tests/contracts/test_schema.py",
    "tests/contracts/test_trouble.py::test_of_three_replicas_that_start_at_once_one_makes_the_schema",
    "tests/contracts/test_upkeep.py::test_a_backup_is_put_back_row_for_row",
    "tests/contracts/test_upkeep.py::test_a_damaged_backup_is_refused_and_nothing_is_changed",
)
ERRORS = (
    "tests/promises/test_errors.py",
    "tests/bot/slack/test_post.py::test_each_failure_is_of_its_kind",
    "tests/bot/delivery/test_courier.py::test_an_error_that_nobody_knows_is_tried_five_times_and_parked",
)
FUZZED = (
    "tests/promises/test_fuzz.py",
    "tests/bot/slack/test_render.py",
    "tests/bot/teams/test_render.py",
    "tests/commands/test_page.py",
    "tests/providers/focus/test_reader.py",
)


def _kept(number: str, what: str, of: str, *tests: str) -> Trial:
    """A line whose tests CI runs anyway, by their own names."""
    return Trial(number, what, partial(kept, tests=tests, of=of), (NOTHING,), in_ci=(), at_once=COUNTED)


PLAN = (
    Trial(
        "R1",
        "many claim one finding at once, each click twice",
        claim_race,
        short={"clickers": 20, "rounds": 4},
        long={"clickers": 200, "rounds": 20},
    ),
    Trial(
        "R2",
        "SIGKILL at every seventh post",
        kill_at_posts,
        short={"channels": 4, "minutes": 4},
        long={"channels": 6, "minutes": 18},
        at_once=COUNTED,
    ),
    Trial(
        "R3",
        "SIGKILL in nine phases, Slack",
        partial(kill_matrix, platform="slack"),  # alone: its leases of three seconds are the clock's
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
        at_once=COUNTED,
        in_ci=(SQLITE,),
    ),
    Trial(
        "R4",
        "Slack takes a message after our time-out",
        late_accept,
        short={"late": 2.0, "patience": 0.8, "each": 1},
        long={"late": 4.0, "patience": 1.5},
        in_ci=(SQLITE,),
        at_once=PACED,
    ),
    _kept("R5", "events, commands, clicks four times; Teams' second wave", "1 effect each", *COPIES),
    _kept(
        "R6",
        "each day, week and month of two years has one turn",
        "25 zones × 48 half hours × 4 rhythms, and what is around them",
        "tests/bot/cadence/test_schedule.py",
    ),
    Trial(
        "R7",
        "the database is away while people click",
        database_down,
        short={"seconds": 3.0, "rate": 10.0},
        long={"seconds": 60.0, "rate": 20.0},
        in_ci=(POSTGRESQL,),
    ),
    Trial("R8", "the disk is full, then it is not", full_disk, short={"clicks": 10}, long={"clicks": 50}),
    _kept("R9", "the 61 bad inputs", "what docs/security.md says of each", "docs/security.md"),
    _kept("R10", "fuzzing, as a gate (`make fuzz` explores)", "renderers, commands, FOCUS files", *FUZZED),
    _kept("R11", "secrets, names and costs in logs, figures, errors", "canaries nowhere", *CANARIES),
    _kept("R12", "what is asked of the clouds", "reads only, within the shipped roles", *READS),
    _kept("R13", "other workspaces, tenants, companies", "nothing leaks", *STRANGERS),
    _kept("R14", "upgrades, replicas that start at once, backups", "row for row", *UPGRADES),
    _kept("R16", "each error of Slack, Teams, AWS, Azure", "class, words, rule for trying again", *ERRORS),
    Trial(
        "SIGTERM",
        "`pitcrew serve` is stopped in a burst, while it loads",
        sigterm,
        short={"asks": 20, "times": 1, "loads": False},
        long={"asks": 60, "times": 3},
        in_ci=(POSTGRESQL,),
    ),
    Trial(
        "200-asks",
        "everybody types in the same moment",
        two_hundred_at_once,
        short={"people": 60, "rounds": 1},
        long={"people": 200, "rounds": 3},
        in_ci=(POSTGRESQL,),
    ),
    Trial(
        "10000-findings",
        "an assessment is entered, and entered again",
        ten_thousand_findings,
        short={"findings": 2_000},
        long={"findings": 10_000},
        in_ci=(SQLITE,),
    ),
    Trial(
        "500-channels",
        "a digest is due everywhere, Slack holds to its limits (real time)",
        many_channels,
        short={"channels": 60},
        long={"channels": 500},
        in_ci=(SQLITE,),
    ),
)
SOAK = Trial(  # at length it is `make soak`
    "R15",
    "a month in minutes",
    soak,
    short={"minutes": 0.3, "days": 2, "most_growth": 0.6},
    in_ci=(SQLITE,),
)
