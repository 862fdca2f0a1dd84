"""What a frame is told: disturbed as the protocol says, shared between its variants."""

import numpy as np
import pytest

from edgegeo.errors import RangeError
from edgegeo.evaluation.noise import NoiseProtocol, disturb, draw
from edgegeo.geodesy import enu_from_geo
from edgegeo.truth import TruthRow

ROWS = tuple(
    TruthRow(name=i, lat_deg=-33.0, lon_deg=179.9999, heading_deg=355.0, gsd_m=0.2)
    for i in range(3000)
)


def test_heading_and_scale_have_the_spread_asked_for():
    known = disturb(ROWS, NoiseProtocol(heading_noise_deg=10, gsd_noise=0.1))
    off_deg = [(k.heading_deg - 355 + 180) % 360 - 180 for k in known]
    assert np.std(off_deg) == pytest.approx(10, rel=0.05)
    assert all(0 <= k.heading_deg < 360 for k in known)
    logs = np.log([k.gsd_m / 0.2 for k in known])
    assert np.std(logs) == pytest.approx(0.1, rel=0.05)
    assert known[0].prior is None


def test_the_prior_is_uniform_in_the_disc_around_the_truth():
    known = disturb(ROWS, NoiseProtocol(prior_radius_m=200))
    east_m, north_m = np.transpose(
        [enu_from_geo(k.prior.lat_deg, k.prior.lon_deg, -33.0, 179.9999) for k in known]
    )
    away_m = np.hypot(east_m, north_m)
    assert away_m.max() <= 200.1
    assert (away_m < 100).mean() == pytest.approx(0.25, abs=0.03)  # a quarter of the area
    assert np.mean(east_m) == pytest.approx(0, abs=6)
    assert {k.prior.radius_m for k in known} == {200}


def test_variants_share_their_noise():
    plain = disturb(ROWS[:9], NoiseProtocol())
    other = disturb(ROWS[:9], NoiseProtocol(no_heading=True, prior_radius_m=100))
    assert [k.gsd_m for k in plain] == [k.gsd_m for k in other]
    assert {k.heading_deg for k in other} == {None}


def test_a_row_does_not_depend_on_those_after_it():
    for few, many in zip(draw(5, 1), draw(50, 1), strict=True):
        np.testing.assert_array_equal(few, many[:5])
    assert not np.array_equal(draw(5, 1)[0], draw(5, 2)[0])


def test_what_the_truth_lacks_is_not_told():
    (known,) = disturb((TruthRow(name="a", lat_deg=1, lon_deg=2),), NoiseProtocol())
    assert known.heading_deg is None
    assert known.gsd_m is None


def test_the_stated_error_is_never_zero():
    protocol = NoiseProtocol(heading_noise_deg=0, gsd_noise=0)
    assert (protocol.heading_sigma_deg, protocol.gsd_sigma) == (1.0, 0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"heading_noise_deg": -1},
        {"heading_noise_deg": float("nan")},
        {"gsd_noise": -0.1},
        {"prior_radius_m": 0},
        {"prior_radius_m": float("nan")},
        {"seed": -1},
    ],
)
def test_settings_out_of_range(wrong):
    with pytest.raises(RangeError, match=next(iter(wrong))):
        NoiseProtocol(**wrong)
