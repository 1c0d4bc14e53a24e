"""What the docstrings below a class's members say, for documents that describe the class."""

import ast
import inspect
import re
import textwrap
from functools import cache
from itertools import pairwise

__all__ = ["member_docs", "plain_doc"]

_NONE = re.compile(r"\bNone\b")
"""As JSON has it: null."""


@cache
def member_docs(cls: type) -> dict[str, str]:
    """Member → what is written below it, in one paragraph of Markdown; of its bases too."""
    told: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.partition(".")[0] != "csp_gateway":
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        assert isinstance(tree, ast.ClassDef)
        for member, below in pairwise(tree.body):
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                told |= dict.fromkeys(_names(member), _paragraph(str(below.value.value)))
    return told


def plain_doc(cls: type) -> str:
    """A class's own docstring, in one paragraph of Markdown."""
    return _paragraph(vars(cls).get("__doc__") or "")


def _names(member: ast.stmt) -> list[str]:
    targets = member.targets if isinstance(member, ast.Assign) else [getattr(member, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _paragraph(text: str) -> str:
    return re.sub(r"\s+", " ", _NONE.sub("null", text.replace("``", "`"))).strip()
