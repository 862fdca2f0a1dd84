"""The ranker on a CPU: kernels and relation.onnx in the place of the whole network."""

import shutil

import numpy as np
import onnx
import pytest

from edgegeo import Localizer
from edgegeo.backends.onnxruntime import Session
from edgegeo.building.build import build
from edgegeo.correlation import Correlation
from edgegeo.engine import open_engine
from edgegeo.errors import EngineError
from edgegeo.model_folder import RELATION, SHIPPED
from edgegeo.networks import open_judge
from edgegeo.reference import reference_volumes, run_reference
from edgegeo.simulation.camera import render
from tests.test_localizer import FOOTPRINT_M, ground, shots


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """An engine of the shipped model, and one of it as it was before it had a relation."""
    folder = tmp_path_factory.mktemp("relation")
    older = shutil.copytree(SHIPPED, folder / "older")
    (older / RELATION).unlink()
    for name, model in (("with", SHIPPED), ("without", older)):
        build([ground(0)], folder / name, footprint_m=FOOTPRINT_M, progress=False, model=model)
    return folder / "with", folder / "without"


def test_it_says_what_the_whole_network_says(engines):
    """Stored tokens are int8 either way; those of the frame are, too, in the kernel."""
    kernels, network = (Localizer(engine, threads=1) for engine in engines)
    assert isinstance(kernels._ranker, Correlation)
    assert isinstance(network._ranker, Session)
    later, pairs, same = ground(1), 0, 0
    for number, shot in enumerate(shots(8)):
        frame = render(later, shot, np.random.default_rng(number))
        told = {"heading_deg": shot.heading_deg + 4, "gsd_m": shot.gsd_m}
        found, wanted = kernels.locate(frame, **told), network.locate(frame, **told)
        assert found.accepted == wanted.accepted
        assert found.reranked == wanted.reranked
        theirs = {(c.tile, c.found_lat_deg): c for c in wanted.candidates}
        assert len(theirs) == len(found.candidates)
        for candidate in found.candidates:
            other = theirs[candidate.tile, candidate.found_lat_deg]
            pairs += 1
            # Now and then half a unit of a token makes another turn or scale fit better.
            same += (candidate.score, candidate.lat_deg, candidate.lon_deg) == pytest.approx(
                (other.score, other.lat_deg, other.lon_deg), abs=0.03, rel=1e-8
            )
        assert (found.lat_deg, found.lon_deg) == pytest.approx(
            (wanted.lat_deg, wanted.lon_deg), abs=2e-6
        )
    assert same > 0.8 * pairs


def test_an_engine_carries_and_checks_it(engines, tmp_path):
    assert open_engine(engines[0]).relation_path == engines[0] / RELATION
    assert open_engine(engines[1]).relation_path is None
    assert open_engine(engines[0]).check_reference() < 1e-3
    changed = shutil.copytree(engines[0], tmp_path / "changed")
    content = bytearray((changed / RELATION).read_bytes())
    content[len(content) // 2] ^= 1
    (changed / RELATION).write_bytes(content)
    with pytest.raises(EngineError, match=r"relation\.onnx was changed"):
        open_engine(changed)


def test_the_reference_tells_one_input_from_the_other():
    """Of each volume another answer: a network that sees its overlap twice would give one."""
    judged = Session(SHIPPED / RELATION).run(reference_volumes(16))
    assert len(set(judged["relevance"].tolist())) == 4
    arrays = run_reference(SHIPPED, 128, 16)
    np.testing.assert_array_equal(arrays["relation.out.relevance"], judged["relevance"])


def test_a_relation_that_does_not_say_its_power_is_refused(tmp_path):
    model = onnx.load(SHIPPED / RELATION)
    model.ClearField("metadata_props")
    onnx.save(model, tmp_path / RELATION)
    with pytest.raises(EngineError, match=r"relation\.onnx must say `power`"):
        open_judge(tmp_path / RELATION)


@pytest.mark.parametrize("name", ["encoder.onnx", "ranker.onnx", RELATION])
def test_what_ships_does_not_say_where_it_was_made(name):
    content = (SHIPPED / name).read_bytes()
    assert b'.py", line' not in content
    assert b"site-packages" not in content
