"""Money: an exact amount that never forgets its currency."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from math import log10

from analysis.errors import BadData, CurrencyMismatch

DEFAULT_LOCALE = "en_US"
WHOLE_FROM = Decimal(1000)  # from here on, cents are noise in a sentence


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency (ISO 4217 code, upper case)."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: str | int | float | Decimal, currency: str) -> Money:
        """Make money of a number; a float is taken at its shortest decimal form.

        Raises:
            BadData: the amount is NaN or infinite.
        """
        exact = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        if not exact.is_finite():
            raise BadData(f"{amount} {currency} is not an amount of money")
        return cls(exact, currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in ``currency``."""
        return cls(Decimal(0), currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str) -> Money:
        """Add up; an empty sum is zero ``currency``.

        Raises:
            CurrencyMismatch: one of them is in another currency.
        """
        return sum(amounts, start=cls.zero(currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int | float) -> Money:
        return Money(self.amount * Decimal(str(factor)), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __float__(self) -> float:
        return float(self.amount)

    def __str__(self) -> str:
        return self.said()

    def share_of(self, whole: Money) -> Decimal:
        """This as a fraction of ``whole``; of nothing, nothing."""
        return self.amount / whole.amount if self._same(whole) else Decimal(0)

    def cents(self) -> Money:
        """Rounded half up to hundredths, as an invoice is."""
        return Money(self.amount.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP"), self.currency)

    def said(self, locale: str = DEFAULT_LOCALE) -> str:
        """As a person of ``locale`` writes it: cents below a thousand, none above."""
        from babel.numbers import format_currency, get_currency_precision

        if abs(self.amount) >= WHOLE_FROM:
            return format_currency(
                self.amount.quantize(Decimal(1), rounding="ROUND_HALF_UP"),
                self.currency,
                locale=locale,
                currency_digits=False,
                format=_whole_pattern(locale),
            )
        digits = Decimal(1).scaleb(-get_currency_precision(self.currency))
        return format_currency(self.amount.quantize(digits, rounding="ROUND_HALF_UP"), self.currency, locale=locale)

    def signed(self, locale: str = DEFAULT_LOCALE) -> str:
        """As a change: with a plus, or a minus that is as wide; nothing is 0."""
        if not self.amount:
            return "0"
        return f"+{self.said(locale)}" if self.amount > 0 else f"−{(-self).said(locale)}"

    def brief(self, locale: str = DEFAULT_LOCALE) -> str:
        """In few characters, three digits of it: $12.3K; in full where the locale has no short form."""
        from babel.numbers import format_compact_currency

        size = abs(self.amount)
        if size < WHOLE_FROM:
            return self.said(locale)
        digits = 2 - (int(log10(size)) % 3)
        words = format_compact_currency(self.amount, self.currency, locale=locale, fraction_digits=digits)
        if not any(letter.isalpha() for letter in words.replace(self.currency, "")):
            return self.said(locale)
        return re.sub(r"[.,]?0*(?=\D*$)", "", words, count=1) if re.search(r"[.,]\d*0\D*$", words) else words

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount


def _whole_pattern(locale: str) -> str:
    from babel import Locale

    pattern: str = Locale.parse(locale).currency_formats["standard"].pattern
    return pattern.replace(".00", "")
