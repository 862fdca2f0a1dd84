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
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - set(fields)):
        raise DataError(
            f"{path}: unknown key {', '.join(unknown)}; known: {', '.join(sorted(fields))}"
        )
    needed = {n for n, field in fields.items() if field.default is dataclasses.MISSING}
    if missing := sorted(needed - set(values)):
        raise DataError(f"{path}: {', '.join(missing)} must be given")
    return kind(**{name: _as(path, fields[name], value) for name, value in values.items()})


def _as(path: Path | None, field: dataclasses.Field[Any], value: Any) -> Any:
    """Return a value as its field has it: whole numbers for fractions, tuples for lists."""
    if isinstance(value, list):
        return tuple(value)
    if field.type is float and type(value) is int:
        return float(value)
    if field.type in (int, float, str, bool) and type(value) is not field.type:
        expected = getattr(field.type, "__name__", "")
        raise DataError(f"{path}: {field.name} must be of type {expected}, got {value!r}")
    return value


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
