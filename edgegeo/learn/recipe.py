"""Recipes: frozen dataclasses with defaults in code and TOML over them."""

import dataclasses
import sys
from pathlib import Path
from typing import Any, TypeVar

from edgegeo.errors import DataError

T = TypeVar("T")


def load_recipe(kind: type[T], path: Path | None, **overrides: Any) -> T:
    """Read `path` over the defaults of `kind`; an unknown key is an error.

    `overrides` (from the command line) come last; those that are None do not count.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values = parse(path)
    values.update({key: value for key, value in overrides.items() if value is not None})
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - known):
        raise DataError(
            f"{path}: unknown key {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    return kind(**values)


def parse(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text())
        return values
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"cannot read the recipe {path}: {error}") from error
