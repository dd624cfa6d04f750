"""Answers that are numbers by the hundred thousand, read as JSON has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

RESULTS = "MetricDataResults"


def as_it_comes(
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: Any,  # noqa: ANN401
) -> None:
    """Read the values of a GetMetricData in JSON as they are, before botocore looks up the shape of each of them.

    Their times stay seconds since 1970. Errors, other protocols and what is no JSON are botocore's to read.
    """
    if response_dict["status_code"] >= HTTPStatus.MULTIPLE_CHOICES or "json" not in _kind(response_dict["headers"]):
        return
    try:
        said = json.loads(response_dict["body"])
    except ValueError:
        return
    customized_response_dict[RESULTS] = said.pop(RESULTS, [])
    response_dict["body"] = json.dumps(said).encode()


def _kind(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")
