"""What a build says while it works."""

from edgegeo.building.progress import Progress


def test_outside_a_terminal_it_says_ten_lines(capsys):
    progress = Progress("encoding", 200, shown=True)
    for done in range(1, 201):
        progress.update(done)
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert len(lines) <= 11
    assert lines[-1].startswith("encoding 100 % (200 of 200")
    assert told.out == ""


def test_on_a_terminal_it_moves_one_line(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = Progress("encoding", 2, shown=True)
    progress.update(1)
    progress.update(2)
    told = capsys.readouterr().err
    assert told.count("\r") == 2
    assert told.count("\n") == 1


def test_it_can_be_silent(capsys):
    Progress("encoding", 1, shown=False).update(1)
    assert capsys.readouterr().err == ""
