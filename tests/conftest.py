"""What several tests share. Real imagery is taken from a folder beside the checkout."""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real imagery: $EDGEGEO_DATA, or `shared/data` beside the checkout."""
    folder = Path(os.environ.get("EDGEGEO_DATA", BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no imagery at {folder}; set EDGEGEO_DATA")
    return folder
