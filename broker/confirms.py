"""
Which publish a confirm speaks of: sequence numbers of one channel in, tokens out.

RabbitMQ guide "Consumer Acknowledgements and Publisher Confirms": numbers begin at 1 with
``confirm.select``; confirms come in any order, and ``multiple`` means "this and all before it".
"""

from __future__ import annotations

__all__ = ["Confirms"]


class Confirms:
    """The unconfirmed publishes of one channel."""

    def __init__(self) -> None:
        self._tokens: dict[int, int] = {}
        self._lowest = 1
        self.next = 1
        """The number that the next publish will have."""

    def __len__(self) -> int:
        return len(self._tokens)

    def sent(self, token: int) -> None:
        """Remember that the publish numbered :attr:`next` was ``token``."""
        self._tokens[self.next] = token
        self.next += 1

    def confirmed(self, number: int, *, multiple: bool) -> list[tuple[int, int]]:
        """Forget the confirmed publishes and return their (number, token), in order of sending."""
        if not multiple:
            token = self._tokens.pop(number, None)
            return [] if token is None else [(number, token)]
        found = [
            (one, self._tokens.pop(one)) for one in range(self._lowest, number + 1) if one in self._tokens
        ]
        self._lowest = max(self._lowest, number + 1)
        return found

    def lost(self) -> list[int]:
        """Forget everything; returns the tokens of unknown fate, in order of sending."""
        tokens = list(self._tokens.values())
        self._tokens.clear()
        return tokens
