"""What each kind of target wants to read, and what it answers: Jira, Linear, ServiceNow, PagerDuty, or plain JSON.

Shapes are those of their references: Jira's "Create issue" (REST 2 and 3), Linear's ``issueCreate``, ServiceNow's
Table API, PagerDuty's Events API v2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

LONGEST_TITLE = 240
LONGEST_KEY = 80
LONGEST_URL = 500
LINEAR = (
    "mutation IssueCreate($input: IssueCreateInput!)"
    " { issueCreate(input: $input) { success issue { identifier url } } }"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where something is sent on to, as the deployment file says; secrets are their values already."""

    name: str
    url: str
    template: str = "json"
    project: str = ""
    kind: str = "Task"
    secret: str = ""
    token: str = ""
    link: str = ""

    @property
    def origin(self) -> str:
        """The address without its path."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class Made:
    """What the other side has made of it: its own name for it, and where it is; empty where it does not say."""

    key: str = ""
    url: str = ""


class Refused(Exception):
    """The other side took the request, and says that it made nothing of it."""


def body(target: Target, event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What a target is sent; ``name`` is the same for every copy of it.

    By it PagerDuty makes one incident of two copies, and Linear refuses the second; ServiceNow writes it into
    ``correlation_id``, where a rule of its owner may look for it; Jira knows nothing of the kind.
    """
    return BODIES[target.template](target, event, name)


def made(target: Target, text: str) -> Made:
    """What a target's answer says.

    Raises:
        Refused: that nothing was made.
    """
    try:
        said = json.loads(text) if text.strip() else {}
    except ValueError:
        said = {}
    key, url = ANSWERS[target.template](target, said if isinstance(said, dict) else {})
    key = " ".join(str(key or "").split())[:LONGEST_KEY]
    if target.link and key:
        url = target.link.replace("{key}", quote(key, safe=""))
    return Made(key, _safe(str(url or "")))


def headers(target: Target) -> Mapping[str, str]:
    """Who we are, where the target asks for it in a header."""
    return {"Authorization": target.token} if target.token and target.template != "pagerduty" else {}


def _safe(url: str) -> str:
    """An address to show: of https, short, and without a user in it; nothing otherwise."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = parts.scheme == "https" and parts.hostname and parts.username is None and len(url) <= LONGEST_URL
    return url if plain and url.isprintable() and " " not in url else ""


def _title(event: Mapping[str, Any]) -> str:
    return str(event["title"])[:LONGEST_TITLE]


def _json(_target: Target, event: Mapping[str, Any], _name: str) -> Mapping[str, Any]:
    return event


def _jira(target: Target, event: Mapping[str, Any], _name: str) -> Mapping[str, Any]:
    text = str(event["text"])
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in text.split("\n") if line
    ]
    document = {"type": "doc", "version": 1, "content": paragraphs}
    return {
        "fields": {
            "project": {"key": target.project},
            "issuetype": {"name": target.kind},
            "summary": _title(event),
            "description": document if "/api/3/" in target.url else text,
            "labels": ["pitcrew"],
        }
    }


def _linear(target: Target, event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    issue = {
        "id": str(uuid5(NAMESPACE_URL, f"pitcrew:{name}")),
        "teamId": target.project,
        "title": _title(event),
        "description": str(event["text"]),
    }
    return {"query": LINEAR, "variables": {"input": issue}}


def _servicenow(_target: Target, event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {
        "short_description": _title(event)[:160],
        "description": str(event["text"]),
        "correlation_id": name,
        "correlation_display": "Pitcrew",
    }


def _pagerduty(target: Target, event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {
        "routing_key": target.token,
        "event_action": "trigger",
        "dedup_key": name[:255],
        "client": "Pitcrew",
        "payload": {
            "summary": _title(event),
            "source": str(event.get("resource_id") or event.get("account") or "pitcrew"),
            "severity": "warning" if event["kind"] == "anomaly" else "info",
            "custom_details": dict(event),
        },
    }


def _json_said(_target: Target, said: Mapping[str, Any]) -> tuple[object, object]:
    return said.get("key") or said.get("id"), said.get("url")


def _jira_said(target: Target, said: Mapping[str, Any]) -> tuple[object, object]:
    key = said.get("key")
    return key, f"{target.origin}/browse/{key}" if key else ""


def _linear_said(_target: Target, said: Mapping[str, Any]) -> tuple[object, object]:
    if errors := said.get("errors"):
        first = errors[0] if isinstance(errors, list) else errors
        raise Refused(str(first.get("message", "refused") if isinstance(first, Mapping) else first))
    issue = _inside(said, "data", "issueCreate", "issue")
    return issue.get("identifier"), issue.get("url")


def _servicenow_said(target: Target, said: Mapping[str, Any]) -> tuple[object, object]:
    result = _inside(said, "result")
    table = urlsplit(target.url).path.rstrip("/").rsplit("/", 1)[-1]
    inner = quote(f"{table}.do?sys_id={result.get('sys_id', '')}", safe="")
    return result.get("number"), f"{target.origin}/nav_to.do?uri={inner}" if result.get("sys_id") else ""


def _inside(said: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The object at a path of an answer; an empty one, where the other side has something else there."""
    found: Any = said
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _pagerduty_said(_target: Target, said: Mapping[str, Any]) -> tuple[object, object]:
    return said.get("dedup_key"), ""


BODIES: Mapping[str, Callable[[Target, Mapping[str, Any], str], Mapping[str, Any]]] = {
    "json": _json,
    "jira": _jira,
    "linear": _linear,
    "servicenow": _servicenow,
    "pagerduty": _pagerduty,
}
ANSWERS: Mapping[str, Callable[[Target, Mapping[str, Any]], tuple[object, object]]] = {
    "json": _json_said,
    "jira": _jira_said,
    "linear": _linear_said,
    "servicenow": _servicenow_said,
    "pagerduty": _pagerduty_said,
}
