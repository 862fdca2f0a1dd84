"""Ways to run a network: each backend is one file with a `Session` that is a `Runner`."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray


class Runner(Protocol):
    """A loaded network. Safe to call from several threads at once."""

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return every output by name."""
        ...
