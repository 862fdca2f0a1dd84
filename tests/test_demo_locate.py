"""The comparison of two machines' fixes notices what it must."""

import pytest

from tests.demo_locate import compare, furthest_m

FIX = {"reject": None, "lat_deg": 47.0, "lon_deg": 8.5, "probability": 0.9, "sigma_m": 1.5}
DARK = {"reject": "NO_DETAIL"} | dict.fromkeys(
    ("lat_deg", "lon_deg", "probability", "sigma_m"), None
)


def result(*fixes):
    return {"fixes": fixes}


def test_the_same_is_the_same():
    assert compare(result(FIX, DARK), result(FIX, DARK)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"lat_deg": 47.000001},  # 0.11 m
        {"lon_deg": 8.500001},
        {"probability": 0.902},
        {"sigma_m": 1.52},
        {"reject": "AMBIGUOUS"},
        {"lat_deg": None},
        {"lat_deg": float("nan")},
    ],
)
def test_a_difference_is_a_line(change):
    wrong = compare(result(FIX, FIX), result(FIX, FIX | change))
    assert len(wrong) == 1
    assert wrong[0].startswith("frame 1: ")


def test_how_far_positions_are_apart():
    assert furthest_m(result(FIX), result(FIX | {"lat_deg": 47.00001})) == pytest.approx(1.1, 0.02)
