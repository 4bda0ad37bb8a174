"""Whose work this app stands on: the notice that Help > Licences shows and that the packages carry."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

LINE = "=" * 78


@dataclass(frozen=True, slots=True)
class Component:
    """A package with its licence in short, and the texts that it asks to be passed on: (file name, text)."""

    name: str
    version: str
    licence: str
    texts: tuple[tuple[str, str], ...]


def notice() -> str:
    """The notice that was bundled with an installed program, else one made from what is installed beside the app."""
    bundled = resources.files("imagefinder").joinpath("licences", "THIRD-PARTY.txt")
    if bundled.is_file():
        return bundled.read_text(encoding="utf-8")
    return render([*components("imagefinder"), lucide()])


def components(*roots: str) -> list[Component]:
    """The distributions that ``roots`` need here, directly or through others, without the roots; by name."""
    found: dict[str, Component] = {}
    waiting = [need for root in roots for need in _needs(root)]
    while waiting:
        name = waiting.pop()
        key = _normal(name)
        if key in found:
            continue
        try:
            found[key] = component(name)
        except metadata.PackageNotFoundError:
            continue  # for another system or another Python
        waiting += _needs(name)
    return [found[key] for key in sorted(found)]


def component(name: str) -> Component:
    """What a distribution says about itself. Raises PackageNotFoundError."""
    distribution = metadata.distribution(name)
    record = distribution.metadata
    texts = []
    for file in distribution.files or ():
        parts = [part.lower() for part in file.parts]
        named = re.match(r"(un)?licen[cs]e|copying|notice|authors|thirdparty", parts[-1])
        place = Path(file.locate())
        if parts[0].endswith(".dist-info") and (named or "licenses" in parts) and place.is_file():
            texts.append(("/".join(file.parts[1:]), place.read_text(encoding="utf-8", errors="replace")))
    return Component(record["Name"], distribution.version, _licence(record), tuple(texts))


def lucide() -> Component:
    """The icons of the window."""
    text = resources.files("imagefinder.ui").joinpath("icons", "LICENSE").read_text(encoding="utf-8")
    return Component("Lucide icons", "", "ISC", (("LICENSE", text),))


def render(all_components: Sequence[Component]) -> str:
    """A table of names, versions and licences, and then every text."""
    width = max(len(f"{each.name} {each.version}") for each in all_components)
    lines = [
        "imagefinder is free software under the GNU General Public License, version 3 or later.",
        "It contains or uses the work of others, under their own licences:",
        "",
        *(f"  {f'{each.name} {each.version}':{width}}  {each.licence}" for each in all_components),
    ]
    return "\n".join([*lines, *_texts(all_components), ""])


def _texts(all_components: Sequence[Component]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for each in all_components:
        for name, text in each.texts:
            title = f"{each.name}: {name}"
            yield from ("", LINE, title, LINE, "")
            yield f"The same as {seen[text]}." if text in seen else text.strip()
            seen.setdefault(text, title)


def _needs(name: str) -> list[str]:
    """The names that a distribution requires, without those of its extras."""
    try:
        required = metadata.distribution(name).requires or []
    except metadata.PackageNotFoundError:
        return []
    names = []
    for requirement in required:
        match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
        if match and "extra ==" not in requirement:
            names.append(match[0])
    return names


def _licence(record: "metadata.PackageMetadata") -> str:
    """In short: an SPDX expression where there is one, else the classifiers, else the first line of the old field."""
    keys = record.json
    expression = keys.get("license_expression")
    if isinstance(expression, str):
        return expression
    classifiers = keys.get("classifier") or []
    named = [text.rpartition(" :: ")[2] for text in classifiers if text.startswith("License :: ")]
    stated = str(keys.get("license") or "").strip().splitlines()
    short = stated[0] if stated and len(stated[0]) <= 60 else ""
    return short or ", ".join(named) or "see its text"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
