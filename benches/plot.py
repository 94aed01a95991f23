"""Draws curves, one panel per figure, from JSON on standard input: benches/table calls it with the Python that has Matplotlib."""

import json
import sys

import matplotlib

matplotlib.use("svg")
# The same file for the same curves.
matplotlib.rcParams["svg.hashsalt"] = "switchboard"
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

given = json.load(sys.stdin)
figure, axes = plt.subplots(1, len(given["panels"]), figsize=(9, 3.6), layout="constrained")
for axis, (panel, (title, _)) in zip(axes, given["panels"].items()):
    for name, points in given["curves"][panel].items():
        boards = sorted(map(int, points))
        axis.plot(boards, [points[str(count)] for count in boards], marker="o", markersize=4, label=name)
    axis.set(xscale="log", yscale="log", xlabel="idle boards", title=title)
    for scale in (axis.xaxis, axis.yaxis):
        scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.grid(alpha=0.3)
axes[0].legend(fontsize="small")
figure.savefig(given["file"], metadata={"Date": None})
