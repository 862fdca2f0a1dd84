"""The field's metrics against numbers worked by hand."""

import math

import numpy as np
import pytest

from edgegeo.errors import RangeError, ShapeError
from edgegeo.evaluation import ranking_metrics as field
from edgegeo.geodesy import distance_m, metres_per_degree


def test_one_percent_and_what_the_official_code_takes_for_it():
    assert [field.k_of_one_percent(n) for n in (3, 200, 951, 14_640)] == [1, 2, 10, 146]
    assert [field.k_of_published_top1(n) for n in (3, 200, 951, 14_640)] == [1, 3, 11, 147]


def test_university_ap_of_one_right_image_is_half_a_reciprocal_rank():
    # 1 at the top, else (0 / r + 1 / (r + 1)) / 2.
    assert field.ap_university([0]) == 1
    assert field.ap_university([4]) == pytest.approx(0.5 / 5)


def test_university_ap_of_several_right_images():
    # Ranks 0, 2, 3: (1 + 1) / 2, then (2/3 + 1/2) / 2, then (3/4 + 2/3) / 2, each over 3.
    by_hand = (1 + (2 / 3 + 1 / 2) / 2 + (3 / 4 + 2 / 3) / 2) / 3
    assert field.ap_university([0, 2, 3]) == pytest.approx(by_hand)
    assert field.ap_university([0, 1, 2]) == 1
    assert field.ap_university([]) == 0


def test_game4loc_ap_is_sklearns():
    # Ranks 0, 2, 3: precisions 1, 2/3, 3/4.
    assert field.ap_game4loc([0, 2, 3]) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert field.ap_game4loc([4]) == pytest.approx(1 / 5)
    assert field.ap_game4loc([]) is None


def test_the_two_sdms_differ_on_the_same_error():
    ten_m_north_deg = 10 / float(metres_per_degree(30.0)[0])
    assert field.sdm_denseuav([[ten_m_north_deg]], 1) == pytest.approx(0.637, abs=1e-3)
    assert field.sdm_game4loc([[10.0]], 1) == pytest.approx(0.990, abs=1e-3)


def test_sdm_denseuav_by_hand():
    # Weights 1, 2/3, 1/3; scores 1, exp(-1), exp(-2).
    by_hand = (1 + 2 / 3 * math.exp(-1) + 1 / 3 * math.exp(-2)) / 2
    assert field.sdm_denseuav([[0, 2e-4, 4e-4, 9]], 3) == pytest.approx(by_hand)


def test_sdm_game4loc_by_hand_and_its_mean_over_queries():
    # Weights 3, 2, 1; scores exp(-1), 1, exp(-0.5).
    by_hand = (3 * math.exp(-1) + 2 + math.exp(-0.5)) / 6
    assert field.sdm_game4loc([[1000, 0, 500]], 3) == pytest.approx(by_hand)
    assert field.sdm_game4loc([[1000, 0, 500], [0, 0, 0]], 3) == pytest.approx((by_hand + 1) / 2)


def test_pdm_by_hand():
    # Sigmoids of -6 (rho - 0.9) at 0.9 and 1.9: 1/2 and 1 / (1 + e^6); weights 2, 1.
    by_hand = (2 * 0.5 + 1 / (1 + math.exp(6))) / 3
    assert field.pdm([[0.9, 1.9]], 2) == pytest.approx(by_hand)
    assert field.pdm([[1e9]], 1) == pytest.approx(0)


def test_dis_is_a_mean_of_means():
    assert field.dis_m([[3, 5, 10], [0, 1, 2]], 1) == 1.5
    assert field.dis_m([[3, 5, 10], [0, 1, 2]], 3) == (6 + 1) / 2


def test_ma_is_strict():
    assert field.ma_denseuav([5.0, 4.999, 6.0, 0.0], 5) == 0.5


def test_haversine_on_the_sphere_of_the_official_code():
    quarter = math.pi / 2 * 6_378_137
    assert float(field.haversine_m(0, 0, 0, 90)) == pytest.approx(quarter)
    assert float(field.haversine_m(0, 0, 90, 77)) == pytest.approx(quarter)
    assert float(field.haversine_m(0, 0, 0, 180)) == pytest.approx(2 * quarter)
    near = field.haversine_m(30.3, 120.3, 30.301, 120.301)
    assert float(near) == pytest.approx(float(distance_m(30.3, 120.3, 30.301, 120.301)), rel=6e-3)


def test_a_position_survives_that_float32_would_round():
    # 0.1 m east at 120 degrees: float32 steps are 0.7 m there.
    assert 0 < float(field.haversine_m(30, 120.0, 30, 120.000001)) < 0.1
    assert np.float32(120.000001) == np.float32(120)


def test_rds_by_hand():
    assert field.rds([0.0], [0.0]) == 1
    # sqrt((0.03^2 + 0.01^2) / 2) = 0.02236
    assert field.rds([0.03, 0.0], [0.01, 0.0]) == pytest.approx((math.exp(-0.2236068) + 1) / 2)


def test_a_k_that_is_not_there_is_an_error():
    with pytest.raises(RangeError, match=r"k must be in \[1, 2\], got 3"):
        field.dis_m([[1, 2]], 3)
    with pytest.raises(ShapeError):
        field.dis_m([1, 2], 1)
