"""The doctor looks whether private scopes hide what they name."""

from __future__ import annotations

import pytest

from bot.config import Config
from bot.doctor import Level, Patient, examined
from tests.conftest import Company


@pytest.mark.slow
def test_a_name_that_is_written_wrong_is_found_out(company: Company) -> None:
    scopes = [{"name": "merlin", "of": ["account=apex-analytics", "account=apex-anlytics", "provider=aws team=data"]}]
    raw = company.crew.config.model_dump() | {"scopes": scopes}
    seen = [one for _, one in examined(Patient(Config.model_validate(raw), {}, company.crew.clock), "scopes")]

    assert [one.level for one in seen] == [Level.OK, Level.WARN, Level.OK, Level.WARN]
    assert "account=apex-anlytics hides nothing" in seen[1].what and "private to nobody" in seen[1].remedy
    assert "nobody may see it" in seen[3].what
