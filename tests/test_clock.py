"""Where the time of a frame goes."""

from edgegeo import clock


def test_a_stage_stopped_twice_is_the_sum_and_nothing_is_lost(monkeypatch):
    ticks = iter([0.0, 0.001, 0.003, 0.007])
    monkeypatch.setattr(clock.time, "perf_counter", lambda: next(ticks))
    watch = clock.Clock()
    for stage in ("rank", "fix", "rank"):
        watch.stop(stage)
    timings = watch.timings()
    assert (round(timings.rank, 6), round(timings.fix, 6)) == (5.0, 2.0)
    assert round(timings.total, 6) == 7.0
