"""`go: echo`: the caller hears himself."""

from switch.calls.flow import Call


async def echo(call: Call) -> None:
    """Answer and send back what comes."""
    await call.answer()
    await call.echo()
