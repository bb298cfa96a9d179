import argparse
import sys

import devstack
from devstack.execute import execute
from devstack.run import run


def main() -> int:
    """Read the command line: `run`, or `exec -- COMMAND`."""
    parser = argparse.ArgumentParser(prog="devstack", description=devstack.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the whole stack in the foreground")
    exec_parser = commands.add_parser("exec", help="run a command with throw-away servers")
    exec_parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    arguments = parser.parse_args()
    if arguments.command == "run":
        return run()
    words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    if not words:
        exec_parser.error("no command")
    return execute(words)


if __name__ == "__main__":
    sys.exit(main())
