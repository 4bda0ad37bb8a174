"""The texts that packages carry, made from what the project says elsewhere: command line, changelog, licences."""

import argparse
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

import imagefinder
from identity import IDENTIFIER
from imagefinder import integrate
from imagefinder.cli import parser

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclass(frozen=True, slots=True)
class Release:
    """One heading of CHANGELOG.md; ``date`` as YYYY-MM-DD."""

    version: str
    date: str
    changes: tuple[str, ...]


def releases() -> list[Release]:
    """What CHANGELOG.md says, newest first. Raises ValueError where it does not begin with this version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        match = re.fullmatch(r"(\S+) \((\d{4}-\d\d-\d\d)\)", heading.strip())
        if match is None:
            raise ValueError(f"CHANGELOG.md: {heading!r} is not VERSION (YYYY-MM-DD)")
        items = re.findall(r"^- (.*(?:\n  .*)*)", body, flags=re.MULTILINE)
        found.append(Release(match[1], match[2], tuple(" ".join(item.split()) for item in items)))
    if not found or found[0].version != imagefinder.__version__:
        raise ValueError(f"CHANGELOG.md does not begin with {imagefinder.__version__}")
    return found


def metainfo(desktop_id: str = "imagefinder.desktop", icon: str = "imagefinder") -> str:
    """AppStream's description of the app, for software centres."""
    lines = []
    for release in releases():
        lines.append(f'    <release version="{release.version}" date="{release.date}">')
        lines.append("      <description>\n        <ul>")
        lines += [f"          <li>{escape(change.replace('`', ''))}</li>" for change in release.changes]
        lines.append("        </ul>\n      </description>\n    </release>")
    template = Template((HERE / "linux" / "metainfo.xml.in").read_text(encoding="utf-8"))
    return template.substitute(
        identifier=IDENTIFIER,
        summary=escape(integrate.SUMMARY),
        homepage=imagefinder.HOMEPAGE,
        desktop_id=desktop_id,
        icon=icon,
        releases="\n".join(lines),
    )


def man_page() -> str:
    """imagefinder(1), from the command line's own help."""
    top = parser()
    (commands,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    newest = releases()[0]
    out = [
        f'.TH IMAGEFINDER 1 "{newest.date}" "imagefinder {newest.version}"',
        ".SH NAME",
        f"imagefinder, imagefinder\\-window \\- {_roff(integrate.SUMMARY[0].lower() + integrate.SUMMARY[1:])}",
        ".SH SYNOPSIS",
        ".B imagefinder\n[\\fIPATH\\fR...]\n.br\n.B imagefinder\n\\fICOMMAND\\fR [\\fIOPTION\\fR...]",
        ".SH DESCRIPTION",
        _roff(top.description or ""),
        ".SH COMMANDS",
    ]
    for name, command in commands.choices.items():
        usage = " ".join(command.format_usage().removeprefix("usage: imagefinder ").split())
        shared = {option for action in top._actions for option in action.option_strings}
        for option in shared:
            usage = re.sub(rf"\[{re.escape(option)}\b[^\]]*\] ?", "", usage)
        out += [".TP", f".B {_roff(usage.strip())}", _roff(command.description or name)]
        for action in command._actions:
            if action.help and not shared & set(action.option_strings):
                words = ", ".join(action.option_strings) or str(action.metavar or action.dest)
                out += [".br", f"\\fI{_roff(words)}\\fR: {_roff(action.help)}"]
    out.append(".SH OPTIONS")
    for action in top._actions:
        if action.option_strings and action.help:
            value = f" {action.metavar or '|'.join(map(str, action.choices or ()))}".rstrip()
            out += [".TP", f".B {_roff(', '.join(action.option_strings) + value)}", _roff(action.help)]
    out += [
        ".SH FILES",
        *(
            line
            for place, what in (
                ("~/.local/share/imagefinder", "library and models"),
                ("~/.config/imagefinder", "settings"),
                ("~/.local/state/imagefinder", "log"),
            )
            for line in (".TP", f".I {_roff(place)}", what)
        ),
        ".SH EXIT STATUS",
        "0: done. 1: a problem that is explained. 2: wrong usage. 130: interrupted; what was done is kept.",
    ]
    return "\n".join(out) + "\n"


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("%%", "%")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)


def debian_copyright() -> str:
    """Debian's machine-readable form, for the app itself; the notice beside it holds everybody else's."""
    return textwrap.dedent(
        """\
        Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
        Upstream-Name: imagefinder
        Comment: /opt/imagefinder holds libraries of others, under their own licences. Their names, versions,
         licences and texts are in /usr/share/doc/imagefinder/THIRD-PARTY.txt.gz.

        Files: *
        Copyright: The imagefinder developers
        License: GPL-3.0-or-later
         On Debian systems, the text of the GNU General Public License version 3 is in
         /usr/share/common-licenses/GPL-3.
        """
    )


def debian_changelog(maintainer: str) -> str:
    """CHANGELOG.md in Debian's form."""
    import datetime
    from email.utils import format_datetime

    parts = []
    for release in releases():
        date = datetime.datetime.fromisoformat(release.date).replace(tzinfo=datetime.UTC)
        lines = textwrap.indent("\n".join(textwrap.fill(f"* {text}", 76) for text in release.changes), "  ")
        parts.append(
            f"imagefinder ({release.version}) unstable; urgency=medium\n\n{lines}\n\n"
            f" -- {maintainer}  {format_datetime(date)}\n"
        )
    return "\n".join(parts)
