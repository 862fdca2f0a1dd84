"""Every exception edgegeo raises on purpose. A frame that cannot be located is not one."""


class EdgegeoError(Exception):
    """Base class: `except edgegeo.EdgegeoError` catches all of ours and nothing else."""


class ShapeError(EdgegeoError, ValueError):
    """An array has the wrong shape or dtype."""

    @classmethod
    def of(cls, name: str, expected: str, got: object) -> "ShapeError":
        return cls(f"{name} must be {expected}, got {got}")


class RangeError(EdgegeoError, ValueError):
    """A number is not finite or lies outside its range."""

    @classmethod
    def of(cls, name: str, expected: str, got: object) -> "RangeError":
        return cls(f"{name} must be {expected}, got {got}")


class EngineError(EdgegeoError, OSError):
    """An engine folder is missing, truncated, changed, or of another format version."""


class MapError(EdgegeoError, ValueError):
    """A map cannot be used: not georeferenced, empty, unreadable, or off the prior."""


class DataError(EdgegeoError, ValueError):
    """A frames folder, a video or a truth table cannot be read as one."""


class MissingExtraError(EdgegeoError, ImportError):
    """A command needs a package that the onboard install leaves out."""

    @classmethod
    def of(cls, what: str, extra: str) -> "MissingExtraError":
        return cls(f"{what} needs an extra: pip install 'edgegeo[{extra}]'")


class LinkError(EdgegeoError, OSError):
    """The connection to an autopilot cannot be opened: its name, its port, or its dialect."""
