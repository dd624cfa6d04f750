"""R16: each error of Slack, Teams, AWS and Azure has its class, words for people, and a rule for trying again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from slack_sdk.errors import SlackApiError

from bot.ports import DeliveryError, Gone, Later, Paused, Unclear, Undeliverable
from bot.slack import errors as slack
from bot.teams import errors as teams
from bot.teams.wire import BrokenError, NotBegunError, NoTokenError, UntrustedError, WireError
from providers.aws import connection as aws
from providers.azure import connection as azure
from providers.azure.retry import REPEATED

KINDS = {Later, Unclear, Undeliverable, Gone, Paused}
SLACK: dict[type[DeliveryError], frozenset[str]] = {
    Later: slack.RATE_LIMITED,
    Unclear: slack.UNWELL,
    Paused: slack.PAUSED,
    Gone: slack.GONE,
    Undeliverable: slack.UNDELIVERABLE | slack.CONTENT,
}
TEAMS = [
    *((status, "", Later) for status in (412, 429, 502, 503)),
    *((status, "", Unclear) for status in (408, 500, 504)),
    (401, "", Paused),
    (403, "BotNotInConversationRoster", teams.Shut),
    (404, "ConversationNotFound", teams.Shut),
    (404, "ActivityNotFoundInConversation", Gone),
    (400, "BadSyntax", Undeliverable),
    (413, "MessageSizeTooBig", Undeliverable),
    (418, "Teapot", Later),
]
SECRET = "https://user:hunter2@example.com/?sig=hunter2"


class Said(dict[str, Any]):
    """An answer of Slack, as its SDK hands it on."""

    status_code = 200
    headers: dict[str, str] = {}  # noqa: RUF012 (of nobody in particular)

    @property
    def data(self) -> dict[str, Any]:
        return self


def of_slack(code: str, attempt: int = 1) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised, slack.translated(attempt):
        raise SlackApiError("no", Said(ok=False, error=code))  # type: ignore[no-untyped-call]
    return raised.value


def of_teams(error: Exception, attempt: int = 1) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised, teams.translated(attempt):
        raise error
    return raised.value


def is_for_people(text: str) -> bool:
    """One line of words, without a secret or a trace of code."""
    return bool(re.search(r"[a-z]{3,} [a-z]{2,}", text)) and "\n" not in text and "hunter2" not in text


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in SLACK.items() for code in sorted(codes)], ids=str
)
def test_each_error_of_slack_has_its_class_and_words(code: str, kind: type[DeliveryError]) -> None:
    error = of_slack(code)
    assert type(error) is kind and is_for_people(str(error))
    assert not isinstance(error, Later) or error.seconds >= 1


def test_no_error_of_slack_is_of_two_classes() -> None:
    codes = [code for some in SLACK.values() for code in some]
    assert len(codes) == len(set(codes)) and set(SLACK) == KINDS


@pytest.mark.parametrize(("status", "code", "kind"), TEAMS)
def test_each_error_of_teams_has_its_class_and_words(status: int, code: str, kind: type[DeliveryError]) -> None:
    error = of_teams(WireError(status, code, "said so"))
    assert type(error) is kind and is_for_people(str(error))
    assert not isinstance(error, Later) or error.seconds >= 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UntrustedError("evil.example is no host of Teams"), Undeliverable),
        (NoTokenError("Entra gives us no token"), Paused),
        (NotBegunError("nobody was there"), Later),
        (BrokenError("the connection was closed"), Unclear),
        (TimeoutError(), Unclear),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_each_trouble_on_the_way_to_teams_has_its_class(error: Exception, kind: type[DeliveryError]) -> None:
    assert type(of_teams(error)) is kind


@pytest.mark.parametrize(
    "tried",
    [lambda attempt: of_slack("brand_new", attempt), lambda attempt: of_teams(WireError(418, "New", "new"), attempt)],
    ids=["slack", "teams"],
)
def test_an_error_that_nobody_knows_is_tried_again_and_parked_at_the_fifth_time(
    tried: Callable[[int], DeliveryError],
) -> None:
    errors = [tried(attempt) for attempt in range(1, 6)]
    assert [type(one) for one in errors] == [Later] * 4 + [Undeliverable]
    waits = [one.seconds for one in errors if isinstance(one, Later)]
    assert waits == sorted(waits) and waits[0] >= 1, "each time it waits longer"


def refused(code: str, status: int = 400) -> ClientError:
    said = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, "DescribeVolumes")


AWS_CODES = sorted(code for code in aws.REMEDIES if not code.endswith(("Error", "Found")))
AWS_TROUBLES = [
    NoCredentialsError(),
    EndpointConnectionError(endpoint_url=SECRET),
    ConnectTimeoutError(endpoint_url=SECRET),
    ReadTimeoutError(endpoint_url=SECRET),
]


@pytest.mark.parametrize("code", [*AWS_CODES, "BrandNewException"])
def test_each_refusal_of_aws_is_told_with_its_operation_and_the_next_step(code: str) -> None:
    told = aws.refusal(refused(code))
    assert is_for_people(told) or code == "BrandNewException"
    assert told.startswith(f"{code} at DescribeVolumes") and "hunter2" not in told
    assert code not in aws.REMEDIES or aws.REMEDIES[code] in told


@pytest.mark.parametrize("error", AWS_TROUBLES, ids=lambda one: type(one).__name__)
def test_each_trouble_on_the_way_to_aws_is_told_without_its_address(error: Exception) -> None:
    assert is_for_people(aws.refusal(error))


def test_aws_is_asked_five_times_with_longer_waits() -> None:
    said = aws.Connection().config.retries
    assert said == {"mode": "standard", "max_attempts": 5}


def answered(status: int, code: str = "") -> HttpResponseError:
    error = HttpResponseError(message=SECRET)
    error.status_code = status
    error.error = type("Told", (), {"code": code})()
    return error


AZURE_CODES = sorted(code for code in azure.REMEDIES if not code.endswith("Error") and code != "throttled")


@pytest.mark.parametrize("code", AZURE_CODES)
def test_each_refusal_of_azure_is_told_with_the_next_step(code: str) -> None:
    told = azure.refusal(answered(403, code))
    assert told == f"{code}: {azure.REMEDIES[code]}" and is_for_people(told)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_status_of_azure_without_a_code_is_told_too(status: int) -> None:
    told = azure.refusal(answered(status))
    assert told and "hunter2" not in told and "\n" not in told


@pytest.mark.parametrize(
    "error", [ServiceRequestError(SECRET), ServiceResponseError(SECRET)], ids=lambda one: type(one).__name__
)
def test_each_trouble_on_the_way_to_azure_is_told_without_its_address(error: AzureError) -> None:
    assert is_for_people(azure.refusal(error))


@pytest.mark.parametrize("code", sorted(azure.SIGN_IN))
def test_each_refusal_to_sign_in_says_what_to_renew(code: str) -> None:
    assert is_for_people(azure._unknown(f"{code}: {SECRET}"))


def test_what_azure_repeats_is_what_may_come_right() -> None:
    assert set(REPEATED) == {408, 500, 502, 503, 504}
