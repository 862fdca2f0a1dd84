"""Tables of rankers, by hand."""

import pytest

from edgegeo.errors import DataError
from edgegeo.learn.comparison_table import gain, table


def result(variant, seed, right, lists="val", **figures):
    rights = [letter == "1" for text in right for letter in text]
    base = {"recall_at_1": sum(rights) / len(rights), "ap": 0.5, "median_m": 2.0}
    return {"variant": variant, "seed": seed, "lists": lists, "right": right, **base, **figures}


HARD = [result("hard", 0, ["1100", "0000"]), result("hard", 1, ["1111", "0000"])]
SOFT = [result("soft", 0, ["1111", "0000"]), result("soft", 1, ["1111", "1100"])]


def test_a_gain_is_of_each_querys_mean_over_the_seeds():
    found = gain(SOFT, HARD)
    # place 1: (0, 0, .5, .5), place 2: (.5, .5, 0, 0)
    assert found.mean == pytest.approx(0.25)
    # either place alone gives .25: whatever places are drawn, the mean is that
    assert (found.low, found.high) == pytest.approx((0.25, 0.25))


def test_a_gain_over_itself_is_nothing():
    assert gain(SOFT, SOFT)[:3] == (0, 0, 0)


def test_the_table_has_mean_and_spread_and_only_the_lists_asked_for():
    other = result("hard", 0, ["1"], lists="other")
    fixed = result("retrieval", None, ["1000", "0000"], median_m=None)
    text = table([fixed, *HARD, *SOFT, other], "val", "retrieval", "hard")
    head, _, first, *rows = text.splitlines()
    assert head == "| val | seeds | Recall@1 | AP | median m | over retrieval | over hard |"
    assert first.startswith("| retrieval | - | 0.125 | 0.500 | - | - | -0.250 (")
    assert rows[0].startswith("| hard | 2 | 0.375 ± 0.177 | 0.500 ± 0.000 | 2.00 ± 0.00 | +0.250 (")
    assert rows[0].endswith(") | - |")
    assert rows[1].startswith("| soft | 2 | 0.625 ± 0.177 | ")
    assert rows[1].endswith("| +0.250 (+0.250 to +0.250) |")
    assert len(rows) == 2


def test_results_of_other_queries_are_not_compared():
    with pytest.raises(DataError, match="different queries: 8 and 1"):
        gain(SOFT, [result("hard", 0, ["1"])])
    with pytest.raises(DataError, match="under one name"):
        gain(SOFT, [HARD[0], result("hard", 1, ["1"])])


def test_what_was_not_judged_is_an_error():
    with pytest.raises(DataError, match=r"no result of best on val; there are hard, soft"):
        table([*HARD, *SOFT], "val", "best")
