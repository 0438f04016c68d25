"""The command line `centralita`."""


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    from switch.cli.app import app

    app()
