"""One program per row of the table in README.md; run them as ``python -m benchmarks.<name>`` from the root.

As scripts (``python benchmarks/x.py``) they would not start: this folder would come first on ``sys.path``, and its
``struct`` would hide the standard library's.
"""
