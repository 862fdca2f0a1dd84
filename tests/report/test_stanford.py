"""The Stanford diagram: each region by hand, and the cells where they belong."""

import re

import numpy as np

from edgegeo.report.stanford import CELLS, PROTECTION, SIDE, Integrity, draw_stanford, integrity


def test_each_region_by_hand():
    level_m = np.array([10.0, 10.0, 10.0, 60.0, 60.0, 50.0, 49.0])
    error_m = np.array([10.0, 10.1, 50.1, 55.0, 60.1, 50.0, 49.5])
    assert integrity(error_m, level_m / PROTECTION) == Integrity(
        count=7, nominal=2, misleading=2, hazardous=1, unavailable=1, unavailable_misleading=1
    )


def test_the_protection_level_is_exceeded_once_in_a_thousand():
    rng = np.random.default_rng(0)
    error_m = np.hypot(*(4.0 * rng.standard_normal((2, 400_000))))
    of = integrity(error_m, np.full(len(error_m), 4.0))
    assert 0.0008 < of.misleading / of.count < 0.0012


def test_a_position_stands_at_its_error_and_level():
    # 10 m of 0.1 to 1000 m is half of the axis; off the axis it stands at its end
    svg = draw_stanford(np.array([10.0, 10.0, 1e-9]), np.array([10.0, 10.0, 1e9]) / PROTECTION)
    cells = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)"[^>]*><title>(\d+)</title>', svg)
    side = SIDE / CELLS
    half = CELLS // 2
    assert {(float(x), float(y), int(n)) for x, y, n in cells} == {
        (50.0, round(SIDE - (half + 1) * side, 2), 2),
        (0.0, 0.0, 1),
    }
