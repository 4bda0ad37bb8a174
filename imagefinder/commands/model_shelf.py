"""The model shelf on the command line: what there is, and what comes and goes."""

import argparse
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from imagefinder.commands import Command, Run, interruptible, print_json
from imagefinder.commands.given_paths import given_path
from imagefinder.commands.model_answers import as_json, models_of, record, tell_new, with_library
from imagefinder.commands.model_derive import register_derive, register_reading
from imagefinder.commands.model_seeing import register_seeing, seeing_of
from imagefinder.commands.model_use import Action, register_use
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.progress import CancelToken, Progress, ProgressMeter, ProgressSink
from imagefinder.terminal import ProgressLine, say, tell


def register(command: Command) -> None:
    models = command("models", list_models, "List, add, download, switch and remove models.")
    models.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    # All options of the command hold for its actions, before and behind them.
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False, parents=[models])
    actions = models.add_subparsers(metavar="ACTION")

    def action(name: str, run: Callable[[Run], int], text: str) -> argparse.ArgumentParser:
        added = actions.add_parser(
            name, parents=[shared], add_help=False, allow_abbrev=False, help=text, description=text
        )
        added.set_defaults(run=run)
        return added

    add = action("list", list_models, "List the models that are here and those that could be (without an action, too).")
    add.add_argument("--measure", action="store_true", help="measure the speed of those that are here first")
    add = action("info", info, "Show everything about one model; its speed is measured if that was not done yet.")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--measure", action="store_true", help="measure the speed again")
    _register_additions(action)
    add = action("remove", remove, "Delete a model's file, or what an unfinished download left.")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--even-if-used", action="store_true", help="also where libraries need it to be searched")
    add = action("export", export, "Write a model with its record into one file, for another machine.")
    add.add_argument("name", metavar="NAME")
    add.add_argument("file", metavar="FILE.safetensors", type=given_path)
    add.add_argument("--overwrite", action="store_true", help="also where FILE is there already")
    register_use(action)
    register_derive(action)


def _register_additions(action: Action) -> None:
    add = action(
        "add", add_file, "Add a file of weights, an ONNX file, or a checkpoint of cirtorch. The file stays as it is."
    )
    add.add_argument("file", metavar="FILE", type=given_path)
    add.add_argument(
        "--architecture",
        metavar="NAME",
        help="the network that weights are for: any that `models architectures` lists; timm:X or torchvision:X chooses "
        "where both know it, and open_clip:X has texts (ONNX files and checkpoints of cirtorch say it themselves)",
    )
    add.add_argument("--name", metavar="NAME", help="what to call it (default: as the network)")
    register_reading(add)
    register_seeing(add)
    add.add_argument(
        "--classes",
        metavar="FILE.txt",
        type=given_path,
        help="what its classes are called, one a line (default: FILE.txt, classes.txt or labels.txt beside FILE)",
    )
    add = action("download", download, "Fetch a model. What came is kept when that breaks off; run it again to go on.")
    add.add_argument("preset", metavar="NAME", help="any network that `models architectures` lists")
    add.add_argument("--name", metavar="NAME", help="what to call it (default: as the network)")
    register_reading(add)
    register_seeing(add)
    add.add_argument(
        "--accept-changed", action="store_true", help="also where the file is another one than it was before"
    )
    add = action("architectures", list_architectures, "List the networks that weights can be added for, by name.")
    add.add_argument("pattern", metavar="PATTERN", nargs="?", default="", help="a part of the name, or such as 'vit_*'")
    add = action("import", import_file, "Add a model that was exported, by its own record.")
    add.add_argument("file", metavar="FILE", type=given_path)
    add.add_argument("--name", metavar="NAME", help="what to call it (default: as it was called)")


def list_models(run: Run) -> int:
    """List what is here and what could be."""
    entries = with_library(run, lambda models, library: models.catalogue(library))
    if getattr(run.arguments, "measure", False):
        shelf = models_of(run)
        measured = {entry.name: shelf.measure(entry.name) for entry in entries if entry.state == "ready"}
        entries = [
            replace(entry, photos_per_second=measured.get(entry.name, entry.photos_per_second)) for entry in entries
        ]
    if as_json(run):
        print_json([record(entry) for entry in entries])
        return 0
    width = max(len(entry.name) for entry in entries)
    say(f"{'Model':{width}}  {'State':12}  {'Sees':>6}  {'Numbers':>7}  {'On disk':>9}  {'Photos/s':>8}  Good at")
    for entry in entries:
        here = "in use" if entry.active else "default" if entry.default else entry.state
        size = f"{entry.bytes / 1e6:,.0f} MB" if entry.bytes else ""
        speed = f"{entry.photos_per_second:,.0f}" if entry.photos_per_second else ""
        side = f"{entry.input_size} px" if entry.input_size else ""
        numbers = str(entry.dimension or "")
        row = f"{entry.name:{width}}  {here:12}  {side:>6}  {numbers:>7}  {size:>9}  {speed:>8}  {_in_short(entry)}"
        say(row.rstrip())
    say("More about one: imagefinder models info NAME. Their speed on this machine: imagefinder models list --measure")
    return 0


def _in_short(entry: ModelInfo) -> str:
    if entry.problem:
        return f"{entry.problem} {_remedy(entry)}".rstrip()
    used = f" Used by {', '.join(entry.libraries)}." if entry.libraries else ""
    said = f"{entry.good_at or entry.description or entry.provenance} Licence: {entry.licence_words}.{used}"
    return f"{said} {_remedy(entry)}".rstrip()


def _remedy(entry: ModelInfo) -> str:
    return f"Run: {entry.command}" if entry.command else ""


def info(run: Run) -> int:
    """Show everything about one model."""
    name, again = run.arguments.name, run.arguments.measure
    entry = with_library(run, lambda models, library: models.info(name, library, again=again))
    if as_json(run):
        print_json(record(entry))
        return 0
    rate = entry.photos_per_second
    own = entry.in_library
    about = "" if entry.state in ("ready", "damaged") else "about "
    states = ["in use" if entry.active else entry.state, *(["the default"] if entry.default else [])]
    for what, value in (
        ("Name", f"{entry.name} ({', '.join(states)})"),
        ("Good at", entry.good_at),
        ("Description", entry.description),
        ("Looks at", f"{entry.input_size} x {entry.input_size} pixels" if entry.input_size else ""),
        ("Keeps", f"{entry.dimension:,} numbers for each photo" if entry.dimension else ""),
        ("Made by", entry.representation),
        ("Compared", entry.compared),
        ("On disk", f"{about}{entry.bytes / 1e6:,.1f} MB" if entry.bytes else ""),
        ("Downloaded", f"{entry.downloaded_bytes / 1e6:,.1f} MB so far" if entry.downloaded_bytes else ""),
        ("Speed", f"{rate:,.1f} photos/s on this machine, without reading them" if rate else ""),
        ("Licence", ": ".join(part for part in (entry.licence, entry.licence_words) if part)),
        ("Comes from", entry.provenance),
        (
            "This library",
            f"{own.photos:,} photos seen, {own.pending:,} to see, {own.bytes / 1e6:,.1f} MB" if own else "",
        ),
        ("Used by", ", ".join(entry.libraries)),
        ("Problem", entry.problem),
        ("Run", entry.command),
    ):
        if value:
            say(f"{what:13} {value}")
    return 0


def add_file(run: Run) -> int:
    """Add a file of weights."""
    given = run.arguments
    added = models_of(run).shelf.add(
        given.file,
        given.architecture,
        given.name,
        classes=given.classes,
        say=tell,
        **_reading(run),
    )
    return tell_new(run, added, "Added")


def list_architectures(run: Run) -> int:
    """List the networks that weights can be added for."""
    from imagefinder.usecases.model_choices import list_networks

    found = list_networks(run.arguments.pattern)
    if as_json(run):
        print_json([asdict(each) for each in found])
        return 0
    width = max(len(each.name) for each in found)
    say(f"{'Network':{width}}  {'From':11}  {'Sees':>7}  Licence of its weights")
    for each in found:
        licence = (each.licence or "not known") if each.download else "none published"
        note = "" if each.commercial else " (not for commercial use)"
        say(f"{each.name:{width}}  {each.source:11}  {each.input_size:>4} px  {licence}{note}")
    say(f"{len(found):,} networks. Add a file for one: imagefinder models add FILE --architecture NAME")
    return 0


def _reading(run: Run) -> dict[str, Any]:
    """What was said of how to show pictures to the network and to read it, in the shelf's words."""
    said = {word: getattr(run.arguments, word) for word in ("pooling", "layers", "scales", "output")}
    return {"seeing": seeing_of(run), **{word: value for word, value in said.items() if value is not None}}


def download(run: Run) -> int:
    """Fetch a model's weights."""
    interruptible(run)
    given = run.arguments
    with ProgressLine() as line:
        got = models_of(run).shelf.download(
            given.preset,
            metered(line, run.token),
            run.token,
            own_name=given.name,
            accept_changed=given.accept_changed,
            **_reading(run),
        )
    return tell_new(run, got, "Downloaded")


def metered(sink: ProgressSink, token: CancelToken) -> Callable[[int, int], None]:
    """Bytes as progress, with the time that is left; what an earlier try brought does not count as speed."""
    meter: ProgressMeter | None = None
    first = 0

    def shifted(progress: Progress) -> None:
        sink(replace(progress, done=progress.done + first, total=progress.total and progress.total + first))

    def report(done: int, total: int) -> None:
        nonlocal meter, first
        if meter is None or done < first:  # or the server made it start again
            first = done
            meter = ProgressMeter(shifted, token, "downloading", max(total - first, 0))
        meter.report(done - first)

    return report


def import_file(run: Run) -> int:
    """Add a model that was exported."""
    return tell_new(run, models_of(run).shelf.import_model(run.arguments.file, run.arguments.name), "Imported")


def export(run: Run) -> int:
    """Write a model into one file."""
    given = run.arguments
    spec = models_of(run).shelf.export(given.name, given.file, given.overwrite)
    if as_json(run):
        print_json({"name": spec.name, "file": str(given.file), "bytes": given.file.stat().st_size})
    else:
        say(f"Exported {spec.name} to {given.file}")
    return 0


def remove(run: Run) -> int:
    """Delete a model's file."""
    given = run.arguments
    with_library(
        run,
        lambda models, library: models.remove(given.name, given.even_if_used, library),
        must_read=not given.even_if_used,
    )
    if as_json(run):
        print_json({"removed": given.name})
    else:
        say(f"Removed {given.name}.")
    return 0
