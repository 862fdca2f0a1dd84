"""A flight's frames, each with what its own row of the pose table says."""

import pytest

from edgegeo.errors import RangeError
from edgegeo.flight import Known, locate_flight
from edgegeo.sources import open_frames
from edgegeo.truth import Pose
from tests.fake_localizer import GOOD, FakeLocalizer, write_frames

pytest.importorskip("cv2")


def test_a_pose_stands_before_what_holds_for_all(tmp_path):
    localizer = FakeLocalizer([GOOD] * 4)
    source = open_frames(write_frames(tmp_path / "f", 4))
    poses = {"000.png": Pose(heading_deg=5, gsd_m=0.1), "002.png": Pose(heading_deg=7)}
    known = Known(heading_deg=90, height_m=120, fov_deg=70)
    done = [f.name for f, _ in locate_flight(localizer, source, known, poses=poses, every=2)]

    assert done == ["000.png", "002.png"]
    first, second = localizer.calls
    assert (first["heading_deg"], first["gsd_m"], first["height_m"]) == (5, 0.1, None)
    assert (second["heading_deg"], second["gsd_m"], second["height_m"]) == (7, None, 120)


def test_every_must_be_positive(tmp_path):
    source = open_frames(write_frames(tmp_path / "f", 1))
    with pytest.raises(RangeError, match="every"):
        list(locate_flight(FakeLocalizer([GOOD]), source, Known(), every=0))
