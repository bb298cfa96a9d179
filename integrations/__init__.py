"""Calls to the services this one depends on: Auth and Characters, over HTTP, each protected."""
