# SPDX-License-Identifier: Apache-2.0
"""Rows of results as a table, a CSV file and a picture."""
import csv
import math
import subprocess

COLUMNS = (
    "row", "solver", "version", "batch", "threads", "clock", "calls", "forward_us", "backward_us", "forward_median_us",
    "backward_median_us", "ratio_forward", "ratio_both", "distance", "gradient_difference",
)


def number(value):
    """Three digits, as people write microseconds; a dash for NaN."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def power(value):
    return "-" if value is None or math.isnan(value) else f"{value:.0e}"


def add_ratios(results):
    """How many times the time of optnet each solver takes, forward and both passes. The layer counts where the row has one;
    beside solvers without gradients the forward pass counts that keeps nothing for a gradient."""
    by_name = {r["file"]: r for r in results}
    ours = by_name.get("optnet_layer") or by_name.get("optnet_operator")
    bare = by_name.get("optnet_forward") or ours
    for r in results:
        r["ratio_forward"] = r["ratio_both"] = math.nan
        if ours is None:
            continue
        has_gradient = not math.isnan(r["backward_us"])
        r["ratio_forward"] = r["forward_us"] / (ours if has_gradient else bare)["forward_us"]
        if has_gradient:
            r["ratio_both"] = (r["forward_us"] + r["backward_us"]) / (ours["forward_us"] + ours["backward_us"])


def print_row(name, problem, results):
    print(f"\n{name}: batch {problem.batch}, n = {problem.n}, {problem.p} equalities, {problem.m} inequalities")
    print(f"  {'':20} {'forward':>9} {'backward':>9} {'x forward':>10} {'x both':>8} {'distance':>9} {'gradient':>9}")
    for r in results:
        print(f"  {r['solver']:20} {number(r['forward_us']):>9} {number(r['backward_us']):>9} {number(r['ratio_forward']):>10} "
              f"{number(r['ratio_both']):>8} {power(r['distance']):>9} {power(r['gradient_difference']):>9}", flush=True)


def print_matrix(results):
    """Ratios of all rows and solvers, as a table in Markdown: forward / both passes."""
    rows, solvers = list(dict.fromkeys(r["row"] for r in results)), list(dict.fromkeys(r["solver"] for r in results))
    peers = [s for s in solvers if not s.startswith("optnet")]
    cells = {(r["row"], r["solver"]): r for r in results}

    def ours(row):
        chosen = next((cells[row, s] for s in ("optnet layer", "optnet") if (row, s) in cells), None)
        return "-" if chosen is None else f"{number(chosen['forward_us'])} / {number(chosen['backward_us'])}"

    def ratio(row, solver):
        r = cells.get((row, solver))
        if r is None:
            return "-"
        return number(r["ratio_forward"]) + ("" if math.isnan(r["ratio_both"]) else f" / {number(r['ratio_both'])}")

    print("\n| row | optnet, us | " + " | ".join(peers) + " |")
    print("|---" * (len(peers) + 2) + "|")
    for row in rows:
        print(f"| {row} | {ours(row)} | " + " | ".join(ratio(row, s) for s in peers) + " |")


def write_csv(path, results):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        for r in results:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in r.items() if k in COLUMNS})


MARKS = {  # gnuplot's point type and colour; optnet filled
    "optnet": (5, "#1f6fb4"), "optnet layer": (9, "#d1495b"), "optnet, no gradient": (7, "#2a9d8f"), "qpth": (1, "#333333"),
    "QPLayer": (2, "#8d6a9f"), "Moreau": (4, "#e09f3e"), "cvxpylayers": (8, "#6b705c"), "ProxQP": (3, "#8d6a9f"),
    "PIQP": (12, "#000000"), "OSQP": (10, "#999999"), "Clarabel": (6, "#a3b18a"), "DAQP": (14, "#bc4749"),
}


def _panel(results, rows, title, value):
    """Points of value(result) over the rows, a series per solver; NaN are left out."""
    blocks, series = [], []
    for solver in dict.fromkeys(r["solver"] for r in results):
        points = [(rows.index(r["row"]), value(r)) for r in results if r["solver"] == solver]
        points = [f"{x} {y}" for x, y in points if not math.isnan(y)]
        if points:
            kind, colour = MARKS.get(solver, (13, "#555555"))
            block = f"$points{len(series)}"
            blocks.append(f"{block} << EOD\n" + "\n".join(points) + "\nEOD\n")
            series.append(f"{block} using 1:2 with points pt {kind} ps 1.2 lw 1.5 lc rgb '{colour}' title '{solver}'")
    return "".join(blocks) + f"set title '{title}'\nplot {', '.join(series)}\n" if series else ""


def plot(folder, results):
    """Times by row as folder/peers.png and .svg: the forward pass, and both passes of those that have gradients. Without
    gnuplot says so and is done."""
    rows = list(dict.fromkeys(r["row"] for r in results))
    ticks = ", ".join(f"'{row}' {i}" for i, row in enumerate(rows))
    commands = (
        "set logscale y\nset grid\nset format y '10^{%L}'\nset key outside right\nset lmargin 12\nset rmargin 26\n"
        f"set xrange [-0.5:{len(rows) - 0.5}]\nset xtics rotate by 30 right ({ticks})\n"
        "set ylabel 'microseconds per problem'\nset multiplot layout 2,1\n"
        + _panel(results, rows, "forward", lambda r: r["forward_us"])
        + _panel(results, rows, "forward and backward", lambda r: r["forward_us"] + r["backward_us"])
        + "unset multiplot\n"
    )
    for kind in ("png", "svg"):
        terminal = f"set terminal {'pngcairo' if kind == 'png' else 'svg'} size 1200,1000 background 'white'\n"
        try:
            script = f"{terminal}set output '{folder / ('peers.' + kind)}'\n{commands}"
            subprocess.run(["gnuplot"], input=script, text=True, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"no picture: gnuplot did not run ({error}); the numbers are in the CSV file")
            return
    print(f"picture: {folder / 'peers.png'}")
