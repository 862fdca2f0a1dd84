"""Without pymavlink, or with one that is too old, the extra is named."""

import sys
from types import ModuleType

import pytest

from edgegeo.autopilot.dialect import dialect
from edgegeo.errors import MissingExtraError


def test_the_extra_is_named_where_pymavlink_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymavlink", None)
    monkeypatch.setitem(sys.modules, "pymavlink.dialects.v20", None)
    with pytest.raises(MissingExtraError, match=r"edgegeo\[fly\]"):
        dialect()


def test_a_pymavlink_that_cannot_encode_296_is_refused(monkeypatch):
    """Releases up to 2.4.49 know the dialect but not the message."""
    old = ModuleType("pymavlink.dialects.v20")
    old.ardupilotmega = ModuleType("ardupilotmega")
    monkeypatch.setitem(sys.modules, "pymavlink", ModuleType("pymavlink"))
    monkeypatch.setitem(sys.modules, "pymavlink.dialects", ModuleType("pymavlink.dialects"))
    monkeypatch.setitem(sys.modules, "pymavlink.dialects.v20", old)
    with pytest.raises(MissingExtraError, match=r"2\.4\.50"):
        dialect()
