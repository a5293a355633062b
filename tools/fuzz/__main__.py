"""The fuzzer's run: `python -m tools.fuzz [--examples 120000] [--seconds 900] [--only NAME]`, bounded in both."""

from __future__ import annotations

import argparse
import sys
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from tools.fuzz.properties import PROPERTIES


class TimeIsUp(BaseException):
    """The bound on time was reached; nothing failed."""


def run(name: str, examples: int, seconds: float, chance: int) -> tuple[int, str]:
    """Try one property; return how many inputs it saw, and what failed."""
    holds, inputs = PROPERTIES[name]
    ends_at, count = time.monotonic() + seconds, 0

    @seed(chance)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def property_holds(value: object) -> None:
        nonlocal count
        if time.monotonic() > ends_at:
            raise TimeIsUp
        count += 1
        holds(value)

    try:
        property_holds()
    except TimeIsUp:
        return count, ""
    except Exception as failure:  # noqa: BLE001  # whatever it died of is the finding
        notes = " ".join(getattr(failure, "__notes__", ()))
        return count, f"{type(failure).__name__}: {failure} {notes}"
    return count, ""


def main() -> int:
    """Run all, print a table; exit 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=120_000, help="inputs in all")
    parser.add_argument("--seconds", type=float, default=900.0, help="at most so long in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=PROPERTIES, action="append")
    options = parser.parse_args()
    names = options.only or list(PROPERTIES)
    total = broken = 0
    print("| property | inputs | seconds | |\n|---|--:|--:|---|")
    for name in names:
        begun = time.monotonic()
        each, left = -(-options.examples // len(names)), options.seconds / len(names)
        count, fault = run(name, each, left, options.seed)
        total += count
        broken += bool(fault)
        print(
            f"| {name} | {count:,} | {time.monotonic() - begun:.1f} | {fault[:600] or 'holds'} |", flush=True
        )
    print(f"\n{total:,} inputs, {broken} of {len(names)} properties broken")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
