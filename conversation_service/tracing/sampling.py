"""Which traces are recorded."""

from collections.abc import Set as AbstractSet
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import SpanKind


class _Beginnings(Sampler):
    """Of the traces that begin here, a part; none of those in which nobody asked for anything."""

    def __init__(self, *, ratio: float, quiet: AbstractSet[str]) -> None:
        self._part = TraceIdRatioBased(ratio)
        self._quiet = quiet

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> SamplingResult:
        """Decide for the first span of a trace."""
        # A call beneath nothing is a probe's, or a count's for /metrics.
        if kind == SpanKind.CLIENT or name in self._quiet:
            return SamplingResult(Decision.DROP)
        return self._part.should_sample(parent_context, trace_id, name, kind, *args, **kwargs)

    def get_description(self) -> str:
        """Say what it does."""
        return f"Beginnings({self._part.get_description()})"


def sampler(*, ratio: float, quiet: AbstractSet[str]) -> Sampler:
    """Return what records `ratio` of the traces that begin here, and others as their caller does.

    A trace that begins with a span named in `quiet` is not recorded.
    """
    return ParentBased(_Beginnings(ratio=ratio, quiet=quiet))
