"""The embedded default: every process of the service on one machine, started and ended as one.

`python -m devstack run` is `make run`; `python -m devstack exec -- COMMAND` gives a command
throw-away servers. Nothing here is imported by the service or shipped in its images.
"""
