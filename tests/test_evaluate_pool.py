"""Runs taken together, and run against run."""

from dataclasses import replace

import pytest

from edgegeo.errors import DataError
from edgegeo.evaluation.pool import compare, main, pool
from edgegeo.evaluation.row import Row, write_rows
from edgegeo.evaluation.summary import summarise
from edgegeo.evaluation.table import results_table

RIGHT = Row(
    frame="a",
    block="place 1",
    accepted=True,
    reject=None,
    reranked=True,
    probability=0.95,
    error_m=2.0,
    sigmas=0.8,
    right_at_1_retrieval=True,
    right_at_10_retrieval=True,
    right_at_1_reranked=True,
    no_vision_error_m=90.0,
    ms=10.0,
    stages_ms={"encode": 4.0},
)
WRONG = replace(RIGHT, frame="b", block="place 2", error_m=70.0, sigmas=9.0)


def test_blocks_of_two_runs_stay_apart():
    assert len({row.block for row in pool([[RIGHT, WRONG], [RIGHT]])}) == 3


def test_compare_is_frame_by_frame():
    better = [RIGHT] + [replace(RIGHT, frame=i, block=str(i)) for i in range(20)]
    worse = [RIGHT] + [replace(WRONG, frame=i, block=str(i)) for i in range(20)]
    gains = compare(better, worse)
    assert gains["within_20m"].mean == pytest.approx(20 / 21)
    assert gains["within_20m"].p < 0.01
    assert gains["misleading"].mean == pytest.approx(-20 / 21)
    with pytest.raises(DataError, match="same frames"):
        compare(better, worse[1:])


def test_the_command_prints_both_tables(tmp_path, capsys):
    for name, rows in {"a": [RIGHT, WRONG], "b": [WRONG, RIGHT]}.items():
        write_rows(tmp_path / name, [replace(row, frame=i) for i, row in enumerate(rows)])
    ours, theirs = str(tmp_path / "a"), str(tmp_path / "b")
    assert main([ours, theirs]) == 0
    table = capsys.readouterr().out
    assert "4 frames, 4 accepted" in table
    assert "re-ranking gains +0.000 of Recall@1 (+0.000 to +0.000, p = 1.0000)" in table
    assert main([ours, "--against", theirs]) == 0
    assert "| misleading | +0.000 |" in capsys.readouterr().out
    assert main([str(tmp_path / "none")]) == 2


def test_a_run_in_which_nothing_was_ranked_says_so():
    rows = [replace(RIGHT, reranked=False), replace(WRONG, reranked=False)]
    assert "ranker unused" in results_table(summarise(rows))
    gated = [replace(row, stages_ms={"rank": 4.0}) for row in rows]  # the first candidate alone
    assert "ranker unused" not in results_table(summarise(gated))
