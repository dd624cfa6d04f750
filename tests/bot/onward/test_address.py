"""Where a webhook may go."""

from __future__ import annotations

import re

import pytest

from analysis.errors import BadConfig
from bot import config as deployment
from bot.onward.address import may_be, refuse_unsafe


@pytest.mark.parametrize(
    "url",
    [
        "https://apex.atlassian.net/rest/api/3/issue",
        "https://10.1.2.3:8443/jira",
        "https://[2001:db8::1]/x",
        "http://127.0.0.1:9000/hook",
        "http://localhost/hook",
        "http://[::1]:9000/hook",
    ],
)
def test_https_by_any_name_and_http_on_this_machine_where_it_is_named(url: str) -> None:
    config = deployment.parse({"webhooks": [{"name": "jira", "url": url}]}, lambda _: "test")

    assert config.webhooks[0].target({}).url == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://apex.atlassian.net/x", "http is not https"),
        ("ftp://apex.example/x", "ftp is not https"),
        ("file:///etc/passwd", "write https://host/path"),
        ("https:///x", "write https://host/path"),
        ("https://user:pass@apex.example/x", "secrets are named by secret and token"),
        ("https://user@apex.example", "secrets are named by secret and token"),
        ("https://169.254.169.254/latest/meta-data", "169.254.169.254 is an address that no webhook goes to"),
        ("https://[::ffff:169.254.169.254]/", "is an address that no webhook goes to"),
        ("https://0.0.0.0/", "0.0.0.0 is an address that no webhook goes to"),
        ("https://[fe80::1]/", "fe80::1 is an address that no webhook goes to"),
        ("https://apex.example:99999/", "is no address"),
        ("apex.example/x", "write https://host/path"),
        ("", "write https://host/path"),
    ],
)
def test_everything_else_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        refuse_unsafe(url)


@pytest.mark.parametrize(
    ("host", "address", "may"),
    [
        ("jira.apex.example", "93.184.216.34", True),
        ("jira.apex.example", "10.0.0.7", True),
        ("jira.apex.example", "127.0.0.1", False),
        ("jira.apex.example", "::1", False),
        ("jira.apex.example", "::ffff:127.0.0.1", False),
        ("jira.apex.example", "169.254.169.254", False),
        ("jira.apex.example", "0.0.0.0", False),  # noqa: S104 (what is refused)
        ("localhost", "127.0.0.1", True),
        ("localhost", "10.0.0.7", False),
    ],
)
def test_a_name_of_the_outside_never_leads_back_inside(host: str, address: str, may: bool) -> None:
    assert may_be(host, address) is may


@pytest.mark.parametrize(
    ("webhook", "why"),
    [
        ({"url": "http://jira.apex.example/x"}, "is not https"),
        ({"url": "https://jira.apex.example/x", "template": "jira"}, "needs a project"),
        ({"url": "https://x.example", "name": "Jira!"}, "name"),
    ],
)
def test_the_deployment_file_is_refused_early(webhook: dict[str, str], why: str) -> None:
    with pytest.raises(BadConfig, match=why):
        deployment.parse({"webhooks": [{"name": "jira", **webhook}]}, lambda _: "test")


def test_a_secret_that_is_not_there_is_named() -> None:
    config = deployment.parse(
        {"webhooks": [{"name": "jira", "url": "https://x.example", "secret": "JIRA_SIGNING"}]}, lambda _: "test"
    )
    with pytest.raises(BadConfig, match="'jira': JIRA_SIGNING is not in the environment"):
        config.webhooks[0].target({})
    assert config.webhooks[0].target({"JIRA_SIGNING": "s"}).secret == "s"
