"""How well an engine locates frames whose position is known. Each metric once, named.

`edgegeo.evaluate` is `edgegeo.evaluation.run.evaluate`.
"""
