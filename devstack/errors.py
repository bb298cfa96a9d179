class StackError(Exception):
    """Why the stack cannot start or go on; the message is one line for the person at the prompt."""


class StepFailed(StackError):
    """A service that was to end well did not."""
