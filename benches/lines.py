"""The lines of a table in which each of our figures stands next to a peer's, as benches/src/table.rs prints them."""

import dataclasses
import json
import statistics

SIGNS = {
    "microseconds": " µs", "milliseconds": " ms", "seconds": " s", "kilobytes": " kB", "percent": " %", "instructions": "", "count": "", "per_second": "/s",
}
TITLES = ["what", "ours", "peer", "ratio", "target", "met"]
STATED = "stated"


@dataclasses.dataclass
class Figure:
    """The median of some rounds, with minimum and maximum."""

    median: float
    least: float
    most: float
    unit: str

    @classmethod
    def of(cls, rounds, unit):
        return cls(statistics.median(rounds), min(rounds), max(rounds), unit)

    def __str__(self):
        spread = "" if self.least == self.most else f" ({number(self.least)}–{number(self.most)})"
        return f"{number(self.median)}{SIGNS[self.unit]}{spread}"


@dataclasses.dataclass
class Line:
    """One of our figures, the peer's name and figure if there is one, and what ours should be: {"ratio": N}, {"at_most": N} or "stated"."""

    row: str
    what: str
    ours: Figure
    peer: tuple | None = None
    target: dict | str = STATED

    @classmethod
    def read(cls, line):
        """From an object that benches/run --json or one of these scripts prints."""
        peer = line["peer"] and (line["peer"][0], Figure(**line["peer"][1]))
        return cls(line["row"], line["what"], Figure(**line["ours"]), peer, line["target"])

    def ratio(self):
        return self.ours.median / self.peer[1].median if self.peer and self.peer[1].median > 0 else None

    def met(self):
        """Whether the target is met; None without one, or without a peer to compare with."""
        match self.target:
            case {"ratio": most}:
                return None if self.ratio() is None else self.ratio() <= most
            case {"at_most": most}:
                return self.ours.median <= most
        return None

    def cells(self):
        match self.target:
            case {"ratio": most}:
                target = f"\\<= {most:g}x"
            case {"at_most": most}:
                target = f"\\<= {number(most)}{SIGNS[self.ours.unit]}"
            case _:
                target = STATED
        return [
            self.what,
            str(self.ours),
            f"{self.peer[0]}: {self.peer[1]}" if self.peer else "-",
            "-" if self.ratio() is None else f"{self.ratio():.2f}",
            target,
            {True: "met", False: "MISSED", None: "-"}[self.met()],
        ]


def number(value):
    """With three digits, and without a fraction from 100 on."""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def printed(lines, as_json):
    """The lines as JSON, or as a table in Markdown."""
    if as_json:
        objects = [{**dataclasses.asdict(line), "ratio": line.ratio(), "met": line.met()} for line in lines]
        return json.dumps(objects, indent=2, ensure_ascii=False)
    rows = [TITLES, ["--"] * len(TITLES), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
