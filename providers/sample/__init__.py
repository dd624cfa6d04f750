"""The sample company: a seeded, deterministic shop on two clouds, with planted waste and known answers."""

from providers.sample.folder import SampleFolder
from providers.sample.provider import SampleProvider

__all__ = ["SampleFolder", "SampleProvider"]
