"""The questions that `bench.probe_server` puts to a MongoDB-compatible server."""

from bench.probes import answers, load, plans, writes
from bench.probes.base import PROBES, Client, seed
from bench.probes.durability import lost_writes

__all__ = ["PROBES", "Client", "answers", "load", "lost_writes", "plans", "seed", "writes"]
