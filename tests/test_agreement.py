"""Crops vote for positions: hand-worked votes on a plane, tiles of 100 m."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo.agreement import Found, agree

TILE_M = 100.0  # crops within 30 m of each other agree


def found(*votes):
    """Of (crop, cosine, east_m, north_m) each, on a tile of its own."""
    crop, cosine, east, north = (np.array(column) for column in zip(*votes, strict=True))
    count = len(votes)
    return Found(
        tile=np.arange(count),
        crop=crop.astype(np.int64),
        look=crop.astype(np.int64),
        move=np.zeros(count, np.int64),
        cosine=cosine.astype(float),
        east_m=east.astype(float),
        north_m=north.astype(float),
        lat0_deg=47.0,
        lon0_deg=8.0,
    )


def test_second_best_tiles_that_agree_beat_best_ones_that_do_not():
    votes = found(
        (0, 0.9, 0, 0),  # the best of crop 0, and nobody agrees
        (0, 0.7, 500, 0),
        (0, 0.2, 900, 0),
        (1, 0.9, 0, 700),  # the best of crop 1, likewise
        (1, 0.8, 510, 0),
        (1, 0.3, 900, 900),
    )
    agreed = agree(votes, TILE_M, count=2)
    # (0.7 + 0.8) / 2, then crop 0's best and the least that crop 1 was found with
    assert agreed.cosine == pytest.approx([0.75, 0.6])
    assert (agreed.east_m[0], agreed.north_m[0]) == pytest.approx((505.0, 0.0))
    assert agreed.rows.tolist() == [[1, 4], [0, -1]]


def test_a_crop_without_support_counts_the_worst_it_was_found_with():
    votes = found((0, 0.9, 0, 0), (0, 0.4, 500, 0), (1, 0.8, 900, 0), (1, 0.5, 700, 0))
    agreed = agree(votes, TILE_M, count=4)
    assert agreed.cosine == pytest.approx([0.7, 0.6, 0.45, 0.45])  # with 0.5, 0.4, 0.5, 0.4
    assert agreed.rows.tolist() == [[0, -1], [-1, 2], [-1, 3], [1, -1]]
    assert agreed.east_m == pytest.approx([0, 900, 700, 500])


def test_of_each_crop_its_best_tile_near_by_votes():
    votes = found(
        (0, 0.9, 0, 0), (1, 0.5, 5, 0), (1, 0.7, -20, 0), (1, 0.6, 10, 0), (1, 0.1, 0, 99)
    )
    agreed = agree(votes, TILE_M, count=1)
    assert agreed.rows.tolist() == [[0, 2]]
    assert agreed.cosine == pytest.approx([0.8])
    assert agreed.east_m == pytest.approx([-10.0])


@pytest.mark.parametrize(("apart_m", "places"), [(29.9, 1), (30.1, 2)])
def test_of_proposals_of_one_place_one_is_kept(apart_m, places):
    votes = found((0, 0.9, 0, 0), (0, 0.8, apart_m, 0), (0, 0.7, 0, 500), (0, 0.6, apart_m, 500))
    agreed = agree(votes, TILE_M, count=8)
    assert len(agreed.cosine) == 2 * places
    assert agreed.cosine[0] == pytest.approx(0.9)


def test_what_is_left_out_is_what_lies_near_a_kept_one_not_a_chain_of_them():
    # 25 m from each to the next: the second goes with the first, the third stands alone.
    votes = found((0, 0.9, 0, 0), (0, 0.6, 25, 0), (0, 0.7, 50, 0))
    assert agree(votes, TILE_M, count=8).east_m == pytest.approx([0, 50])


def test_one_crop_ranks_by_its_own_cosine():
    agreed = agree(found((2, 0.3, 0, 0), (2, 0.6, 500, 0), (2, 0.4, 900, 0)), TILE_M, count=2)
    assert agreed.rows.tolist() == [[1], [2]]
    assert agreed.cosine == pytest.approx([0.6, 0.4])


def test_ties_go_to_the_surer_tile_then_to_the_lower_one():
    # Each pair makes 1.2 in all; of the first two proposals of a pair the surer leads.
    votes = found(
        (0, 0.5, 0, 0), (1, 0.7, 0, 0), (0, 0.6, 500, 0), (1, 0.6, 500, 0),
        (0, 0.6, 900, 0), (1, 0.6, 900, 0),
    )  # fmt: skip
    agreed = agree(votes, TILE_M, count=3)
    assert agreed.rows.tolist() == [[0, 1], [2, 3], [4, 5]]
    arrays = {n: a[::-1] for n, a in vars(votes).items() if isinstance(a, np.ndarray)}
    turned = replace(votes, **arrays)
    again = agree(turned, TILE_M, count=3)
    assert turned.tile[again.rows].tolist() == [[0, 1], [2, 3], [4, 5]]


def test_fewer_places_than_asked_for():
    agreed = agree(found((0, 0.9, 0, 0), (1, 0.8, 1, 1)), TILE_M, count=8)
    assert agreed.rows.tolist() == [[0, 1]]
    assert {len(a) for a in vars(agreed).values()} == {1}


def test_whatever_is_found_each_candidate_has_support_and_lies_where_it_says():
    rng = np.random.default_rng(0)
    for _ in range(20):
        numbers = rng.integers(0, 4, 60), rng.random(60), *rng.uniform(0, 400, (2, 60))
        votes = found(*zip(*numbers, strict=True))
        agreed = agree(votes, TILE_M, count=8)
        assert (agreed.rows >= 0).any(axis=1).all()
        assert (np.diff(agreed.cosine) <= 0).all()
        for at, rows in enumerate(agreed.rows):
            crops = np.unique(votes.crop)
            held = rows >= 0
            assert votes.crop[rows[held]].tolist() == crops[held].tolist()
            assert agreed.east_m[at] == pytest.approx(votes.east_m[rows[held]].mean())
            assert agreed.north_m[at] == pytest.approx(votes.north_m[rows[held]].mean())
