"""The README's code runs as it stands, after its first command."""

import re
from pathlib import Path

import pytest

from edgegeo.demo.run import demo

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def after_the_demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    demo(folder / "demo", frames=24)
    return folder


def blocks():
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_there_is_code_to_run():
    assert len(blocks()) == 1


@pytest.mark.parametrize("code", blocks())
def test_code_runs(code, after_the_demo, monkeypatch, capsys):
    pytest.importorskip("cv2")
    monkeypatch.chdir(after_the_demo)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["fix"].candidates
    if names["fix"].accepted:
        assert capsys.readouterr().out.count(" ") == 3
