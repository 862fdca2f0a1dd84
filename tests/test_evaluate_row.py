"""One fix against its truth, by hand: what is right, by how much, and in whose eyes."""

import pytest

from edgegeo.evaluation.row import judge
from edgegeo.truth import TruthRow
from edgegeo.types import Candidate, Fix, Reject
from tests.fake_localizer import LAT0_DEG, LON0_DEG, geo

TRUTH = TruthRow(name="a", lat_deg=LAT0_DEG, lon_deg=LON0_DEG)
TILE_M = 100.0


def candidate(found_m, ranked_m, retrieval):
    """Retrieval puts it so many metres east of the truth, ranking so many."""
    found, ranked = geo(found_m, 0.0), geo(ranked_m, 0.0)
    return Candidate(
        tile=0,
        lat_deg=float(ranked[0]),
        lon_deg=float(ranked[1]),
        found_lat_deg=float(found[0]),
        found_lon_deg=float(found[1]),
        retrieval=retrieval,
        score=0.0,
    )


def judged(*candidates, **changes):
    lat, lon = geo(3.0, 4.0)
    known = {"lat_deg": float(lat), "lon_deg": float(lon), "cov_m2": (4.0, 0.0, 4.0)}
    fix = Fix(time_us=0, probability=0.9, candidates=candidates, **{**known, **changes})
    no_vision = tuple(map(float, geo(0.0, 500.0)))
    return judge(fix, TRUTH, tile_m=TILE_M, no_vision_deg=no_vision, block="b", ms=7.0)


def right(row):
    return row.right_at_1_retrieval, row.right_at_10_retrieval, row.right_at_1_reranked


def test_a_candidate_is_right_by_the_position_it_gives_not_by_its_tile():
    assert right(judged(candidate(49.9, 50.1, 0.5))) == (True, True, False)
    assert right(judged(candidate(50.1, 49.9, 0.5))) == (False, False, True)


def test_retrieval_is_judged_in_its_own_order():
    last_by_ranking = judged(candidate(900, 900, 0.4), candidate(0, 0, 0.5))
    assert right(last_by_ranking) == (True, True, False)
    first_by_ranking = judged(candidate(0, 0, 0.4), candidate(900, 900, 0.5))
    assert right(first_by_ranking) == (False, True, True)


def test_ten_count_and_the_eleventh_does_not():
    wrong = [candidate(900, 900, 0.9)] * 9
    late = [candidate(0, 0, 0.5), candidate(900, 900, 0.4)]
    assert right(judged(*wrong, *late)) == (False, True, False)
    assert right(judged(*wrong, wrong[0], *late)) == (False, False, False)


def test_errors_by_hand():
    row = judged(candidate(0, 0, 0.5))
    assert row.error_m == pytest.approx(5.0, abs=1e-3)
    assert row.sigmas == pytest.approx(2.5, abs=1e-3)  # 5 m at 2 m a sigma
    assert row.no_vision_error_m == pytest.approx(500.0, abs=0.1)
    assert (row.block, row.ms, row.reject) == ("b", 7.0, None)


def test_a_frame_without_candidates_is_wrong_throughout():
    nothing = {"lat_deg": None, "lon_deg": None, "cov_m2": None, "reject": Reject.NO_CANDIDATE}
    row = judged(**nothing)
    assert right(row) == (False, False, False)
    assert (row.error_m, row.sigmas, row.reject) == (None, None, "NO_CANDIDATE")
