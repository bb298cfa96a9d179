"""Benchmarks: this service against two peers and a floor, on one database."""
