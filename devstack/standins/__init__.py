"""The Auth and Characters Services as this service sees them: real HTTP, demo answers."""
