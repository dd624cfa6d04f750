"""The deployment file: what is right is read, what is wrong is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.errors import BadConfig
from bot.config import Config, load, sample_config
from bot.environment import secret

ROOT = Path(__file__).parents[2]
GOOD = """
[report]
currency = "EUR"

[[providers]]
kind = "focus"
path = "exports"

[personas]
finance = ["slack:#money"]

[[schedules]]
name = "nightly"
cron = "0 6 * * *"
ask = "assess"
to = ["finance"]
"""


def read(tmp_path: Path, text: str, **environ: str) -> Config:
    path = tmp_path / "pitcrew.toml"
    path.write_text(text)
    return load(path, environ)


def test_the_example_is_a_whole_deployment() -> None:
    config = load(ROOT / "pitcrew.example.toml", {})

    assert config.report.timezone == "Europe/London"
    names = [schedule.name for schedule in config.schedules]
    assert names == ["nightly assessment", "watch", "monthly digest", "weekly views"]
    assert not config.sample


def test_every_section_stands_in_the_example() -> None:
    text = (ROOT / "pitcrew.example.toml").read_text()

    for name in Config.model_fields:
        assert f"[{name}" in text, f"the example does not show [{name}]"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('currency = "EUR"', 'currncy = "EUR"', 3, "report.currncy: there is no such key"),
        ('currency = "EUR"', 'currency = "euros"', 3, "write an ISO 4217 code"),
        ('currency = "EUR"', 'timezone = "Europe/Nowhere"', 3, "is no time zone"),
        ('kind = "focus"', 'kind = "focuss"', 6, "one of focus, aws, azure, sample is expected"),
        ('path = "exports"', "", 5, "path: is missing"),
        ('"0 6 * * *"', '"0 6 * * 1"', 14, "cron dialects disagree"),
        ('"0 6 * * *"', '"0 6 31 2 *"', 14, "never comes"),
        ('"0 6 * * *"', '"0 60 * * *"', 14, "never comes"),
        ('"0 6 * * *"', '"daily"', 14, "five fields are expected"),
        ('"slack:#money"', '"#money"', 10, "leads nowhere"),
        ('"slack:#money"', '"irc:#money"', 10, "leads nowhere"),
        ('ask = "assess"', 'ask = "asess"', 15, "did you mean assess"),
        ('to = ["finance"]', 'to = ["finanse"]', 16, "did you mean finance"),
        ('to = ["finance"]', 'to = ["product"]', 13, "which has no route"),
    ],
)
def test_what_is_wrong_is_refused_with_file_line_key_and_what_was_expected(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    with pytest.raises(BadConfig, match=said.replace("(", r"\(")) as refused:
        read(tmp_path, GOOD.replace(old, new))
    assert f"pitcrew.toml:{line}:" in str(refused.value)


def test_an_unknown_check_or_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="did you mean idle-machine"):
        read(tmp_path, GOOD + "\n[checks.idle-machin]\ndays = 3\n")
    with pytest.raises(BadConfig, match=r"pitcrew.toml:\d+: check 'idle-machine' has no setting 'dayz'"):
        read(tmp_path, GOOD + "\n[checks.idle-machine]\ndayz = 3\n")


@pytest.mark.parametrize("canary", ["xoxb-1234567890-abc", "xapp-1-A-2", "AKIAABCDEFGHIJKLMNOP"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, canary: str) -> None:
    with pytest.raises(BadConfig, match="belongs into the environment") as refused:
        read(tmp_path, GOOD + f'\n# token = "{canary}"\n')
    assert canary not in str(refused.value)


def test_the_environment_overrides_every_key(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        GOOD,
        PITCREW_REPORT__CURRENCY="USD",
        PITCREW_PROVIDERS__0__PATH="/data",
        PITCREW_SERVER__PORT="8080",
        PITCREW_CHECKS__UNATTACHED_DISK__MIN_IDLE_DAYS="3",
        PITCREW_SLACK__API_URL="https://slack-gov.com/api/",
        OTHER="ignored",
    )

    assert (config.report.currency, config.server.port) == ("USD", 8080)
    assert config.providers[0].path == "/data"  # type: ignore[union-attr]
    assert config.checks["unattached-disk"]["min_idle_days"] == 3
    assert config.slack.api_url == "https://slack-gov.com/api/"


def test_an_override_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="PITCREW_PROVIDERS__7__PATH: there is no entry '7'"):
        read(tmp_path, GOOD, PITCREW_PROVIDERS__7__PATH="/data")


def test_without_a_file_the_sample_company_answers() -> None:
    assert sample_config({}).sample


def test_a_secret_may_be_a_file_as_containers_have_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-secret\n")

    assert secret("SLACK_BOT_TOKEN", {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "token")}) == "xoxb-secret"
    assert secret("SLACK_BOT_TOKEN", {}) == ""
    with pytest.raises(BadConfig, match="SLACK_BOT_TOKEN_FILE"):
        secret("SLACK_BOT_TOKEN", {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "none")})


def test_the_schema_is_json_that_names_every_section() -> None:
    schema = json.loads(json.dumps(Config.model_json_schema()))
    assert set(schema["properties"]) == set(Config.model_fields)


def test_a_public_address_is_https_or_on_this_machine(tmp_path: Path) -> None:
    for address in ("https://pitcrew.example.com/", "http://localhost:3000"):
        assert read(tmp_path, f'[server]\npublic_url = "{address}"').server.public_url == address.rstrip("/")
    for address in ("http://pitcrew.example.com", "pitcrew.example.com", "https://", "https://a.example/?x=1"):
        with pytest.raises(BadConfig, match=r"pitcrew\.toml:2.*https://pitcrew\.example\.com"):
            read(tmp_path, f'[server]\npublic_url = "{address}"')


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('identity = "secret"', "identity 'secret' needs tenant and client"),
        ('identity = "certificate"\ntenant = "t"\nclient = "c"', "needs certificate, the path of its file"),
        ('scopes = ["shop"]', "'shop' is no scope; write /providers/Microsoft.Billing/billingAccounts/<id>"),
        ('scopes = ["/subscriptions/x | project y"]', "is no scope"),
        ('arm_url = "http://somewhere"', "arm_url: String should match pattern"),
        ("questions = 3", "questions: Input should be greater than or equal to 4"),
    ],
)
def test_an_azure_tenant_that_cannot_be_is_refused_with_what_it_lacks(tmp_path: Path, written: str, said: str) -> None:
    file = tmp_path / "pitcrew.toml"
    file.write_text(f'[[providers]]\nkind = "azure"\n{written}\n')

    with pytest.raises(BadConfig) as refused:
        load(file, {})
    assert said in str(refused.value) and str(refused.value).startswith(f"{file}:")


def test_azure_scopes_are_taken_as_azure_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "pitcrew.toml"
    scopes = [
        "/providers/Microsoft.Billing/billingAccounts/1234567",
        "/providers/Microsoft.Billing/billingAccounts/a:b_2019-05-31/billingProfiles/X-1",
        "/providers/Microsoft.Management/managementGroups/apex",
        "6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b",
    ]
    file.write_text(f'[[providers]]\nkind = "azure"\nscopes = {scopes}\n')

    [azure] = load(file, {}).providers
    assert list(azure.scopes) == scopes  # type: ignore[union-attr]
