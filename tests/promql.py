"""Which metrics an expression of Prometheus' language names."""

import re

# Label matchers, ranges, strings, lists of labels: what is left are metrics, functions, operators.
_ASIDE = re.compile(
    r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\""
    r"|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"
)
_NAME = re.compile(r"[A-Za-z_:][\w:]*(?!\w*\s*\()")
_OPERATORS = {"and", "or", "unless", "bool", "offset"}


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics that an expression reads."""
    return set(_NAME.findall(_ASIDE.sub(" ", expression))) - _OPERATORS
