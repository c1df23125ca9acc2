"""What models cost: dated price data and exact integer money. No I/O and no clock: text and dates are passed in.

Money is counted in nano-dollars, 10**-9 dollars. A price of a token is kept in pico-dollars, 10**-12 dollars, since
the prices of one cached token or of a batch have no whole number of nano-dollars: $0.025 per 1,000,000 tokens, halved,
is 12.5 nano-dollars a token. The cost of a request is summed exactly and rounded up once, to a whole nano-dollar.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from svit.errors import SvitError
from svit.yaml_files import checked, read_yaml

Tier = Literal["standard", "batch", "flex", "priority"]

NANO = 10**9
"""Nano-dollars in a dollar."""
_PICO_PER_TOKEN = 10**6
"""Pico-dollars a token, for each dollar per 1,000,000 tokens."""
_SNAPSHOT = re.compile(r"(?P<model>.+)-\d{4}-\d{2}-\d{2}")


class TokenUsage(Protocol):
    """The tokens that a request is billed for. Reasoning tokens are part of `completion_tokens`."""

    @property
    def prompt_tokens(self) -> int:
        """All tokens of the prompt, those read from and written to a cache included."""

    @property
    def completion_tokens(self) -> int:
        """All tokens of the answer, those of reasoning included."""

    @property
    def cached_tokens(self) -> int:
        """Those of the prompt that were read from a cache."""

    @property
    def cache_write_tokens(self) -> int:
        """Those of the prompt that were written to a cache."""


@dataclass(frozen=True)
class Price:
    """What one model costs: pico-dollars a token, and the percentage of it that is paid under each tier."""

    input: int
    cached: int
    cache_write: int
    output: int
    percent: Mapping[Tier, int]
    shutdown: date | None = None

    def cost(self, usage: TokenUsage, tier: Tier = "standard") -> int:
        """Return what the request cost, in nano-dollars, rounded up. Counts that can't be are read as the dearer one.

        Every token of a prompt is billed once: as read from a cache, as written to one, or as plain input.
        """
        prompt = max(usage.prompt_tokens, 0)
        written = min(max(usage.cache_write_tokens, 0), prompt)
        cached = min(max(usage.cached_tokens, 0), prompt - written)
        return self._nano(
            (prompt - written - cached) * self.input
            + cached * self.cached
            + written * self.cache_write
            + max(usage.completion_tokens, 0) * self.output,
            tier,
        )

    def worst_case(self, prompt_tokens: int, max_tokens: int, tier: Tier = "standard") -> int:
        """Return the most that a request of this size can cost, in nano-dollars, whatever is cached and answered."""
        dearest = max(self.input, self.cached, self.cache_write)
        return self._nano(prompt_tokens * dearest + max_tokens * self.output, tier)

    def is_gone(self, today: date) -> bool:
        """Whether the model has been shut down."""
        return self.shutdown is not None and today >= self.shutdown

    def _nano(self, pico: int, tier: Tier) -> int:
        return -(-pico * self.percent[tier] // (100 * 1000))


@dataclass(frozen=True)
class PriceTable:
    """The prices of all models that have one. `own_as_of` is the date of the user's own file, when it gives one."""

    as_of: date
    prices: Mapping[str, Price]
    own_as_of: date | None = None

    @classmethod
    def read(
        cls, text: str, own_text: str | None = None, *, name: str = "data/prices.yaml", own_name: str = "prices"
    ) -> Self:
        """Return the table in this YAML, the user's own entries before it. SvitError names the file and the key."""
        shipped = _file(text, name)
        if shipped.as_of is None:
            raise SvitError(f"{name}: 'as_of' is missing: prices without a date can't be checked.")
        own = _file(own_text, own_name) if own_text is not None else _PriceFile()
        entries = {**shipped.models, **own.models}
        return cls(shipped.as_of, {model: entry.price() for model, entry in entries.items()}, own.as_of)

    def price(self, model: str) -> Price | None:
        """Return the model's price, a dated snapshot's by its own name or else the undated one; None when unknown."""
        known = self.prices.get(model)
        if known is None and (snapshot := _SNAPSHOT.fullmatch(model)):
            return self.prices.get(snapshot["model"])
        return known

    def required(self, model: str) -> Price:
        """Return the model's price, or raise SvitError: without one, no ceiling on money can be kept."""
        price = self.price(model)
        if price is None:
            raise SvitError(
                f"There is no price for the model '{model}', so no limit on its cost can be kept. Add it to a prices "
                f"file of your own, with 'free: true' when it costs nothing, or leave out the limit."
            )
        return price


def dollars(nano: int) -> str:
    """Return an amount of nano-dollars for people: cents from a dollar on, else two digits or more, never $0 for some.

    $1,234.50, $0.0123, $0.000046.
    """
    size, sign = abs(nano), "-" if nano < 0 else ""
    if size == 0:
        return "$0.00"
    decimals = 2 if size >= 999_950_000 else min(9, max(4, 11 - len(str(size))))
    unit = 10 ** (9 - decimals)
    whole, part = divmod((size + unit // 2) // unit, 10**decimals)
    return f"{sign}${whole:,}.{part:0{decimals}d}"


def nano_dollars(amount: str | int | Decimal) -> int:
    """Return an amount that a person wrote in dollars, exactly, in nano-dollars. Raises SvitError when it is none."""
    try:
        nano = Decimal(amount) * NANO
        if nano >= 0 and nano == int(nano):
            return int(nano)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise SvitError(f"'{amount}' is not an amount of dollars. Write it like 300 or 0.25.")


_Amount = Annotated[Decimal, Field(gt=0, lt=10**6, decimal_places=6)]
_Share = Annotated[Decimal, Field(gt=0, le=1, decimal_places=2)]
_Surcharge = Annotated[Decimal, Field(ge=1, le=100, decimal_places=2)]


class _Entry(BaseModel):
    """A model in a prices file. Six decimals of a dollar per 1,000,000 tokens are a whole number of pico-dollars."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    input: _Amount | None = None
    cached: _Amount | None = None
    cache_write: _Amount | None = None
    output: _Amount | None = None
    batch: _Share = Decimal(1)
    flex: _Share = Decimal(1)
    priority: _Surcharge = Decimal("2.5")
    shutdown: date | None = None
    free: bool = False

    @model_validator(mode="after")
    def _is_a_price(self) -> Self:
        amounts = (self.input, self.cached, self.cache_write, self.output)
        if self.free and any(amount is not None for amount in amounts):
            raise ValueError("is free and has a price: leave out one of them")
        if not self.free and (self.input is None or self.output is None):
            raise ValueError("needs 'input' and 'output', or 'free: true'")
        return self

    def price(self) -> Price:
        plain = _pico(self.input)
        return Price(
            input=plain,
            cached=plain if self.cached is None else _pico(self.cached),
            cache_write=plain if self.cache_write is None else _pico(self.cache_write),
            output=_pico(self.output),
            percent={
                "standard": 100,
                "batch": int(self.batch * 100),
                "flex": int(self.flex * 100),
                "priority": int(self.priority * 100),
            },
            shutdown=self.shutdown,
        )


class _PriceFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    as_of: date | None = None
    models: Mapping[str, _Entry] = {}


def _pico(amount: Decimal | None) -> int:
    return int((amount or Decimal(0)) * _PICO_PER_TOKEN)


def _file(text: str, name: str) -> _PriceFile:
    return checked(_PriceFile, read_yaml(text, name=name, plain=True), name=name)
