class StackError(Exception):
    """Why the stack cannot start or go on; the message is one line for the person at the prompt."""
