"""A report as one HTML file: no scripts, nothing to fetch, pictures inlined."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import PurePath

from imagefinder.domain.evaluation import EvaluationReport, ModelResult, WorstQuery
from imagefinder.evaluation.report_text import EARLIER, class_metrics, costs, headline, interval, title

COLOURS = ("#2f6fde", "#d9541e", "#1d8a4e", "#8e44c9", "#b8860b", "#c2185b")
PLOT = 360
MARGIN = 44

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .9rem; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
small, figcaption { opacity: .75; }
figure { display: inline-block; margin: .3rem; width: 10rem; vertical-align: top; }
figure img { max-width: 10rem; max-height: 10rem; display: block; }
figcaption { font-size: .8rem; overflow-wrap: anywhere; }
.query { border-bottom: 1px solid #8884; padding: .6rem 0; }
.asked { border-right: 3px solid #8888; padding-right: .6rem; margin-right: .8rem; }
svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
"""


def as_html(report: EvaluationReport, thumbnails: Mapping[str, bytes]) -> str:
    """The whole page. ``thumbnails`` are small JPEGs of the worst queries and wrong answers, by path."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>Evaluation: {_names(report.gallery)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(headline(report))}</h1>",
        f"<p>Gallery: {_names(report.gallery)}.{_queries(report)} {escape(report.protocol)}</p>",
        *(f"<p><strong>{escape(note)}</strong></p>" for note in report.notes),
        "<h2>Overall</h2>",
        _overall(report),
        _small(
            f"In brackets: bootstrap 95 % intervals, {report.options.resamples:,} resamples of the queries, "
            f"seed {report.options.seed}."
        ),
        "" if all(model.measured_now for model in report.models) else _small(EARLIER),
        "<h2>Precision and recall</h2>",
        plot(report.models),
        _small("Interpolated precision, the mean over the queries. A curve ends at the recall that is reached."),
        *(_classes(model) for model in report.models if model.classes),
        *(_worst(model, thumbnails) for model in report.models if model.worst),
        _unreadable(report),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def pictures(report: EvaluationReport) -> list[str]:
    """The paths of all photos that the page shows, each once."""
    shown = (path for model in report.models for query in model.worst for path in _paths(query))
    return list(dict.fromkeys(shown))


def plot(models: Sequence[ModelResult]) -> str:
    """Recall to the right, precision upwards, a line for each model: inline SVG."""
    size = PLOT + 2 * MARGIN
    marks = []
    for tenth in range(0, 11, 2):
        at = MARGIN + PLOT * tenth / 10
        marks += [
            f'<line x1="{MARGIN}" x2="{MARGIN + PLOT}" y1="{at:.0f}" y2="{at:.0f}" stroke="#8884"/>',
            f'<text x="{MARGIN - 6}" y="{at + 4:.0f}" text-anchor="end">{1 - tenth / 10:.1f}</text>',
            f'<text x="{at:.0f}" y="{MARGIN + PLOT + 18}" text-anchor="middle">{tenth / 10:.1f}</text>',
        ]
    for number, model in enumerate(models):
        look = f'fill="none" stroke="{COLOURS[number % len(COLOURS)]}"'
        look += "" if number < len(COLOURS) else ' stroke-dasharray="6 4"'  # a colour's second turn
        points = " ".join(f"{MARGIN + PLOT * x:.1f},{MARGIN + PLOT * (1 - y):.1f}" for x, y in model.curve)
        at = MARGIN + 18 * number
        marks += [
            f'<polyline points="{points}" {look} stroke-width="2"/>',
            f'<line x1="{size}" x2="{size + 20}" y1="{at}" y2="{at}" {look} stroke-width="3"/>',
            f'<text x="{size + 26}" y="{at + 4}">{escape(title(model))}</text>',
        ]
    middle = MARGIN + PLOT / 2
    marks.append(f'<text x="{middle:.0f}" y="{size - 6}" text-anchor="middle">recall</text>')
    marks.append(f'<text x="12" y="{middle:.0f}" transform="rotate(-90 12 {middle:.0f})">precision</text>')
    box = f'viewBox="0 0 {size + 280} {size}" width="{size + 280}" height="{size}"'
    return f'<svg {box} role="img" aria-label="Precision and recall">{"".join(marks)}</svg>'


def _overall(report: EvaluationReport) -> str:
    rows = [(name, *(interval(model.overall[name]) for model in report.models)) for name in report.models[0].overall]
    every = [costs(model) for model in report.models]
    rows += [(name, *(each[name] for each in every)) for name in every[0]]
    return _table(("", *(title(model) for model in report.models)), rows)


def _classes(model: ModelResult) -> str:
    metrics = class_metrics(model)
    rows = [
        (each.label, f"{each.queries:,}", f"{each.gallery:,}", *(interval(each.metrics[name]) for name in metrics))
        for each in model.classes
    ]
    return f"<h2>{escape(title(model))}: by class</h2>" + _table(("class", "queries", "gallery", *metrics), rows)


def _worst(model: ModelResult, thumbnails: Mapping[str, bytes]) -> str:
    parts = [f"<h2>{escape(title(model))}: the worst queries, and the wrong photos nearest to each</h2>"]
    for query in model.worst:
        says = f"average precision {query.average_precision:.3f}"
        parts.append('<div class="query">' + _figure(query.path, query.label, says, thumbnails, "asked"))
        parts += [
            _figure(wrong.path, wrong.label, f"similarity {wrong.similarity:.3f}", thumbnails) for wrong in query.wrong
        ]
        parts.append("</div>")
    return "\n".join(parts)


def _figure(path: str, label: str, says: str, thumbnails: Mapping[str, bytes], kind: str = "answer") -> str:
    data = thumbnails.get(path)
    image = f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">' if data else ""
    name = escape(PurePath(path).name)
    first = f"<strong>{escape(label)}</strong><br>" if label else ""
    return f'<figure class="{kind}">{image}<figcaption>{first}{name}<br>{says}</figcaption></figure>'


def _unreadable(report: EvaluationReport) -> str:
    if not report.counts.unreadable:
        return ""
    rows = [(each.path, each.reason) for each in report.counts.unreadable]
    return "<h2>Photos that could not be read</h2>" + _table(("photo", "reason"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _queries(report: EvaluationReport) -> str:
    return f" Queries: {_names(report.queries)}." if report.queries else ""


def _small(text: str) -> str:
    return f"<p><small>{escape(text)}</small></p>"


def _names(folders: Sequence[str]) -> str:
    return escape(", ".join(folders))


def _paths(query: WorstQuery) -> list[str]:
    return [query.path, *(wrong.path for wrong in query.wrong)]
