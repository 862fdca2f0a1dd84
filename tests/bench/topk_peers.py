"""What else one could search with: each exact (or brute-force int8), each in this process.

`peers(kind, rows, k, threads)` gives name -> search(queries (q, d) float32) -> ids (q, k), for
kind "int8", "16 bit" or "float32". A library that is not installed is left out, and named so by
`absent`. One that has no use for a second thread is given it all the same.
"""

import importlib.util
from collections.abc import Callable, Iterator

import numpy as np

Search = Callable[[np.ndarray], np.ndarray]
LIBRARIES = {
    "FAISS": "faiss",
    "USearch": "usearch",
    "NumKong": "numkong",
    "ScaNN": "scann",
    "torch": "torch",
    "ONNX": "onnx",
    "NumPy": "threadpoolctl",  # which holds it to a number of threads
}


def absent() -> list[str]:
    return [name for name, module in LIBRARIES.items() if importlib.util.find_spec(module) is None]


def peers(kind: str, rows: np.ndarray, k: int, threads: int) -> dict[str, Search]:
    found = {}
    for name, maker in MAKERS[kind]:
        if name.split()[0] not in absent():
            found[name] = maker(rows, k, threads)
    return found


def one_scale_int8(x: np.ndarray) -> np.ndarray:
    """What libraries without a scale a row are given."""
    return np.rint(x * (127 / np.abs(x).max())).astype(np.int8)


def best(scores: np.ndarray, k: int) -> np.ndarray:
    """(q, n) scores to (q, k) ids, best first."""
    ids = np.argpartition(scores, -k, axis=1)[:, -k:]
    order = np.argsort(-np.take_along_axis(scores, ids, axis=1), axis=1)
    return np.take_along_axis(ids, order, axis=1)


def faiss_search(index, k: int, threads: int, selector=None, convert=np.asarray) -> Search:
    import faiss

    chosen = None if selector is None else faiss.SearchParameters(sel=selector)

    def search(queries):
        faiss.omp_set_num_threads(threads)
        return index.search(convert(queries), k, params=chosen)[1]

    return search


def faiss_flat(rows, k, threads):
    import faiss

    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return faiss_search(index, k, threads)


def faiss_sq(quantiser: str):
    def make(rows, k, threads):
        import faiss

        kind = getattr(faiss.ScalarQuantizer, quantiser)
        index = faiss.IndexScalarQuantizer(rows.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        index.train(rows[:10_000])
        index.add(rows)
        return faiss_search(index, k, threads)

    return make


def faiss_int8_query(queries):
    return one_scale_int8(queries).astype(np.float32)


def faiss_int8_index(rows):
    import faiss

    kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
    index = faiss.IndexScalarQuantizer(rows.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    stored = one_scale_int8(rows)
    for start in range(0, len(rows), 100_000):
        index.add(stored[start : start + 100_000].astype(np.float32))
    return index


def faiss_int8(rows, k, threads):
    return faiss_search(faiss_int8_index(rows), k, threads, convert=faiss_int8_query)


def faiss_filtered(rows, k, threads, bitmap, stop) -> Iterator[tuple[str, Search]]:
    """Of one int8 index: by a bitmap, and by the range [0, stop)."""
    import faiss

    index = faiss_int8_index(rows)
    for selector in (faiss.IDSelectorRange(0, stop), faiss.IDSelectorBitmap(bitmap)):
        search = faiss_search(index, k, threads, selector, faiss_int8_query)
        yield f"FAISS {type(selector).__name__}", search


def usearch_exact(convert: Callable[[np.ndarray], np.ndarray]):
    def make(rows, k, threads):
        from usearch.index import MetricKind
        from usearch.index import search as exact

        stored = convert(rows)

        def search(queries):
            metric = MetricKind.IP
            found = exact(stored, convert(queries), k, metric, exact=True, threads=threads)
            return np.reshape(found.keys, (len(queries), k))

        return search

    return make


def numkong_dots(convert: Callable[[np.ndarray], np.ndarray]):
    def make(rows, k, _threads):  # it has one
        import numkong

        packed = numkong.dots_pack(convert(rows))
        return lambda queries: best(np.asarray(numkong.dots_packed(convert(queries), packed)), k)

    return make


def scann_brute_force(quantise: bool):
    def make(rows, k, threads):
        import scann

        builder = scann.scann_ops_pybind.builder(rows, k, "dot_product")
        searcher = builder.score_brute_force(quantize=quantise).build()
        searcher.set_num_threads(threads)

        def search(queries):
            if len(queries) == 1:
                return searcher.search(queries[0])[0][None]
            return searcher.search_batched_parallel(queries)[0]

        return search

    return make


def torch_topk(half: bool):
    def make(rows, k, threads):
        import torch

        dtype = torch.bfloat16 if half else torch.float32
        stored = torch.from_numpy(rows).to(dtype)

        def search(queries):
            torch.set_num_threads(threads)
            scores = torch.from_numpy(queries).to(dtype) @ stored.T
            return torch.topk(scores, k).indices.numpy()

        return search

    return make


def onnx_runtime(rows, k, threads):
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    info = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Transpose", ["queries"], ["columns"], perm=[1, 0]),
        helper.make_node("MatMul", ["rows", "columns"], ["scores"]),
        helper.make_node("TopK", ["scores", "k"], ["values", "ids"], axis=0),
    ]
    graph = helper.make_graph(
        nodes,
        "topk",
        [
            info("rows", TensorProto.FLOAT, ["n", rows.shape[1]]),
            info("queries", TensorProto.FLOAT, ["q", rows.shape[1]]),
        ],
        [info("ids", TensorProto.INT64, [k, "q"])],
        [helper.make_tensor("k", TensorProto.INT64, [1], [k])],
    )
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return lambda queries: session.run(["ids"], {"rows": rows, "queries": queries})[0].T


def numpy_search(rows, k, threads):
    from threadpoolctl import ThreadpoolController

    pools = ThreadpoolController()

    def search(queries):
        with pools.limit(limits=threads):
            return best(queries @ rows.T, k)

    return search


MAKERS = {
    "int8": [
        ("FAISS SQ8 direct", faiss_int8),
        ("FAISS SQ8", faiss_sq("QT_8bit")),
        ("ScaNN int8", scann_brute_force(True)),
        ("NumKong i8", numkong_dots(one_scale_int8)),
        ("USearch i8", usearch_exact(one_scale_int8)),
    ],
    "16 bit": [
        ("FAISS fp16", faiss_sq("QT_fp16")),
        ("FAISS bf16", faiss_sq("QT_bf16")),
        ("NumKong f16", numkong_dots(lambda x: x.astype(np.float16))),
        ("torch bf16", torch_topk(True)),
    ],
    "float32": [
        ("FAISS flat", faiss_flat),
        ("ScaNN", scann_brute_force(False)),
        ("torch", torch_topk(False)),
        ("ONNX Runtime", onnx_runtime),
        ("USearch f32", usearch_exact(np.asarray)),
        ("NumPy", numpy_search),
    ],
}
