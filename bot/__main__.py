"""``pitcrew``, and ``python -m bot``: the shell, imported without looking for garbage meanwhile."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line."""
    gc.disable()  # what is imported stays: looking through it again and again is an eighth of the start
    from bot.shell import main as run

    gc.enable()
    run()


if __name__ == "__main__":
    main()
