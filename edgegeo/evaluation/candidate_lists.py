"""Candidates to a re-ranker and back: JSON lines of a query's id and gallery ids, best first.

{"query": "0001.jpg", "gallery": ["tile 7", "tile 3"]}
"""

import json
from pathlib import Path

from edgegeo import durable
from edgegeo.datasets.records import Benchmark
from edgegeo.errors import DataError
from edgegeo.evaluation.ranking import Ranking


def write_candidates(path: Path, benchmark: Benchmark, ranking: Ranking, k: int) -> None:
    """Write the first `k` candidates of every query."""
    lines = []
    for query, nearest in zip(benchmark.queries, ranking.nearest[:, :k].tolist(), strict=True):
        ids = [benchmark.gallery[row].id for row in nearest if row >= 0]
        lines.append(json.dumps({"query": query.id, "gallery": ids}) + "\n")
    durable.write_file(path, "".join(lines).encode())


def read_lists(path: Path, benchmark: Benchmark) -> dict[int, list[int]]:
    """Return re-ranked gallery rows by the number of their query.

    A query that is not in the file keeps the order of the retrieval: a gate that re-ranks
    only where it pays writes only those. Raises DataError, with the line, for ids that are
    not of this benchmark and for a query named twice.
    """
    queries = {query.id: number for number, query in enumerate(benchmark.queries)}
    rows = {image.id: row for row, image in enumerate(benchmark.gallery)}
    lists: dict[int, list[int]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    for count, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            number, listed = queries[entry["query"]], [rows[id_] for id_ in entry["gallery"]]
        except KeyError as error:
            raise DataError(f"{path} line {count}: {error} is not of this benchmark") from error
        except (ValueError, TypeError) as error:
            expected = '{"query": id, "gallery": [ids, best first]}'
            raise DataError(
                f"{path} line {count}: expected {expected}, got {line!r:.80}"
            ) from error
        if number in lists:
            raise DataError(f"{path} line {count}: the query {entry['query']} is there twice")
        lists[number] = listed
    return lists
