"""The sample company: a seeded, deterministic shop on two clouds, with planted waste and known answers."""

from providers.sample.provider import SampleProvider
from providers.sample.write import SampleFolder, write

__all__ = ["SampleFolder", "SampleProvider", "write"]
