"""Cleaning up: what is over is found in small chores, each safe to do twice or at once."""
