"""The table: what was broken how often, how long that was felt, and what came of every storm."""

from __future__ import annotations

from collections.abc import Sequence

from tools.storm.run import Outcome

Row = tuple[str, ...]


def table(outcomes: Sequence[Outcome]) -> str:
    """Return both tables as Markdown, and beneath them what was left out and what was found wrong."""
    lines = [*_rows(COUNTS, [_counts(one) for one in outcomes]), ""]
    lines += _rows(
        TIMES,
        [
            row
            for installation in dict.fromkeys(one.installation for one in outcomes)
            for row in _times(outcomes, installation)
        ],
    )
    for said in dict.fromkeys(
        f"{one.installation}: not injected: {what}" for one in outcomes for what in one.left_out
    ):
        lines += ["", said]
    for one in outcomes:
        lines += [f"\nFOUND on {one.installation}, seed {one.seed}: {line}" for line in one.findings.lines()]
    return "\n".join(lines)


COUNTS = (
    "installation", "seed", "accepted", "tries, refused", "decisions", "callbacks taken (again)", "turned away",
    "lost", "twice", "stuck", "out of order", "settled after", "took",
)  # fmt: skip
TIMES = ("installation", "fault", "times", "next comment accepted", "all verdicts", "all callbacks")


def _counts(one: Outcome) -> Row:
    found = one.findings
    refused = ", ".join(
        f"{n} × {status if status != '0' else 'cut off'}" for status, n in sorted(one.refused.items())
    )
    return (
        one.installation,
        str(one.seed),
        f"{one.accepted:,}",
        f"{one.tries:,}, {refused or 'none'}",
        f"{one.decisions:,}",
        f"{one.taken:,} ({one.repeated:,})",
        f"{one.turned_away:,}",
        *(str(len(kind)) for kind in (found.lost, found.twice, found.stuck, found.disorder)),
        f"{one.settled:.1f} s" if one.settled is not None else "never",
        f"{one.seconds:.0f} s",
    )


def _times(outcomes: Sequence[Outcome], installation: str) -> list[Row]:
    """The worst of all seeds, for each kind of fault."""
    ours = [one.recovered for one in outcomes if one.installation == installation]
    rows = []
    for name in dict.fromkeys(name for told in ours for name in told):
        felt = [told[name] for told in ours if name in told]
        worst = [max(getattr(one, what) for one in felt) for what in ("accepting", "verdicts", "callbacks")]
        rows.append(
            (
                installation,
                name,
                str(sum(one.times for one in felt)),
                *(f"{seconds:.1f} s" for seconds in worst),
            )
        )
    return rows


def _rows(head: Row, rows: Sequence[Row]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (head, tuple("---" for _ in head), *rows)]
