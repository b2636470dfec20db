"""Write the figures of `benchmarks/results/*.json` into the README, between its two marks.

`python scripts/readme_tables.py` writes them; a test fails where the README says something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN = "<!-- benchmarks: written by scripts/readme_tables.py from benchmarks/results/*.json -->"
END = "<!-- /benchmarks -->"


def result(name: str) -> dict[str, Any] | None:
    """What a benchmark wrote, or None where it was not run."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


Rows = list[tuple[str, str, str]]
"""What, the figure, and what stands beside it."""


def startup(found: dict[str, Any]) -> Rows:
    """Seconds from a command to the page."""
    second = found["second_start"]
    rows = [("second start to the page", f"{second['median_s']:.1f} s", f"goal {second['goal_s']:.0f} s")]
    if fresh := found.get("install_to_page"):
        rows.append(("fresh clone to the page: packages, build, database, demo", f"{fresh['seconds']:.0f} s", ""))
    return rows


def feature_page(found: dict[str, Any]) -> Rows:
    """Bytes and milliseconds of a feature's page in Chromium."""
    goals, worst = found["goals"], found["draw_worst_case"]
    return [
        (
            "feature page, transferred",
            f"{found['transferred']['bytes'] / 1000:.0f} kB",
            f"goal {goals['transferred_bytes'] / 1000:.0f} kB",
        ),
        (
            "feature page painted, nothing cached",
            f"{found['cold_ms']['median']:.0f} ms",
            f"goal {goals['cold_ms']} ms",
        ),
        ("feature page painted again", f"{found['reload_ms']['median']:.0f} ms", f"goal {goals['warm_ms']} ms"),
        ("next feature painted", f"{found['next_feature_ms']['median']:.0f} ms", ""),
        (
            f"{worst['tokens']:,} tokens drawn, all firing",
            f"{worst['ms']['median']:.0f} ms",
            f"goal {goals['tokens_ms']} ms",
        ),
    ]


def api_reads(found: dict[str, Any]) -> Rows:
    """Milliseconds of a read where there are a million features."""
    http = found["milliseconds"]["http"]
    return [
        (
            f"`GET /api/feature/…` among {found['features']:,} features",
            f"{http['p50']:.1f} ms p50, {http['p95']:.1f} ms p95",
            "",
        )
    ]


def generator(found: dict[str, Any]) -> Rows:
    """Features a second of whole runs of two generators, and what both have to spend on the model."""
    speed, floor = found["features_per_second"], found["model_pass_floor"]
    return [
        (
            f"dashboards of {found['features']:,} features over {found['tokens']:,} tokens",
            f"{speed['ours']:.0f} features/s ({found['ours']['seconds']:.0f} s)",
            f"{speed['sae_dashboard']:.0f} features/s ({found['sae_dashboard']['seconds']:.0f} s) by sae-dashboard; "
            f"of both {floor['seconds']:.0f} s are the model's matrix products at this machine's peak",
        )
    ]


def storage(found: dict[str, Any]) -> Rows:
    """Bytes on disk an activation, indexes and TOAST counted."""
    sizes = {name: kind["total"] for name, kind in found["bytes_per_activation"].items()}
    beside = f"{sizes['plain arrays']:,.0f} B as plain arrays"
    return [
        ("stored activation, windows shared by a source", f"{sizes['shared sequences']:.0f} B", beside),
        ("stored activation, windows of its own", f"{sizes['shared vocabulary']:.0f} B", beside),
    ]


def imports(found: dict[str, Any]) -> Rows:
    """Rows a second of the larger source of two kinds, and what memory both sizes took."""
    rows = []
    for name in ("64 tokens, shared windows", "128 tokens, shared windows"):
        shape = found["shapes"][name]
        small, large = shape["runs"]
        rows.append(
            (
                f"import of {large['rows']:,} activations ({name}) from gzip files",
                f"{large['rows_per_second']:,} rows/s; {large['peak_mb']:.0f} MB of memory, "
                f"{small['peak_mb']:.0f} MB for a third of the rows",
                f"{shape['raw_copy']['rows_per_second']:,} rows/s by COPY of the same lines as text",
            )
        )
    return rows


def steering(found: dict[str, Any]) -> Rows:
    """Generated tokens a CPU second, which does not depend on what else the machine does."""
    speeds = {name: each["tokens_per_cpu_second"] for name, each in found["speeds"].items()}
    return [
        (
            "steering: unsteered and steered text together",
            f"{speeds['default_and_steered']:.0f} tokens a CPU second",
            f"{speeds['hugging_face_2']:.0f} by plain Hugging Face `generate`, batch of two",
        )
    ]


def scheduling(found: dict[str, Any]) -> Rows:
    """Ratios of ways that took turns on the same machine, by CPU time."""
    ratios = {name: each["cpu"] for name, each in found["ratios"].items()}
    speeds = {name: each["tokens_per_cpu_second"] for name, each in found["speeds"].items()}
    return [
        (
            "eight people's texts at once, steered and not",
            f"{ratios['eight_streams_over_one']:.1f} × the tokens of one",
            f"{speeds['eight_streams']:.0f} tokens a CPU second, {speeds['hf_8']:.0f} by Hugging Face's batch of 8",
        ),
        (
            "unsteered and steered text of one request",
            f"{ratios['pair_over_interp_engine']:.1f} × as fast",
            "`interp-engine` 1.3.3 in eager mode, one after the other as its server does",
        ),
        (
            "one feature's activations on a sentence",
            f"{ratios['activation_test_seconds_over_bare_forward']:.2f} × the time",
            "a bare Hugging Face forward pass to the same layer",
        ),
    ]


def explanation_search(found: dict[str, Any]) -> Rows:
    """Search by meaning among a million explanations, with and without a filter, against comparing all."""
    cases = {"": "no filter", ", within one model": "10 %: a model", ", within one source": "1 %: a source"}
    return [
        (
            f"search by meaning among {found['explanations']:,} explanations{words}",
            f"{case['meaning']['p50_ms']:.0f} ms p50, {case['meaning']['p95_ms']:.0f} ms p95; "
            f"recall@10 {case['recall_at_10']:.3f}",
            f"{case['exact_scan']['p50_ms']:,.0f} ms p50 by comparing all",
        )
        for words, name in cases.items()
        if (case := found["cases"].get(name))
    ]


def maps(found: dict[str, Any]) -> Rows:
    """A map drawn without a graphics card."""
    ours, other = found["ours"], found["plotly_scattergl"]
    return [
        (
            f"map of {found['points']:,} features, panned and zoomed without a graphics card",
            f"{ours['pan']['fps']:.0f} and {ours['zoom']['fps']:.0f} frames/s",
            f"{other['pan']['fps']:.0f} and {other['zoom']['fps']:.0f} by plotly's scattergl",
        )
    ]


def load(found: dict[str, Any]) -> Rows:
    """A crowd, on one machine with what serves it."""
    reads, steered, memory = found["page_reads"], found["steered_texts"], found["memory_mb"]
    faults = sum(found["faults"].values())
    return [
        (
            f"{found['people']} people who read and {found['steering']} who steer, {found['minutes']:g} minutes",
            f"a page in {reads['p50']:.0f} ms p50, {reads['p95']:.0f} ms p95; {reads['count']:,} pages, "
            f"{faults} faults; {steered['tokens_per_second']:.0f} tokens/s",
            f"goal {found['goal_p95_ms']} ms p95; the web process has {memory['second_third']:.0f} MB in the second "
            f"third, {memory['last_third']:.0f} MB in the last",
        )
    ]


TABLES = {
    "startup": startup,
    "feature_page": feature_page,
    "api_reads": api_reads,
    "steering": steering,
    "scheduling": scheduling,
    "generator": generator,
    "storage": storage,
    "imports": imports,
    "explanation_search": explanation_search,
    "map": maps,
    "load": load,
}


def table() -> str:
    """Markdown of all figures that there are."""
    rows = [row for name, build in TABLES.items() if (found := result(name)) for row in build(found)]
    lines = [
        "| what | here | beside it, in the same run |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)


def written(readme: str) -> str:
    """The README with the figures as they are now."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
