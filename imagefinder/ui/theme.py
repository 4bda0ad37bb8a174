"""Colours, spacing and type, all derived from the palette in use, so that light, dark and high contrast just follow.

There is no style sheet: native controls stay native, and the few surfaces of our own (see ``card``) paint themselves.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyle

GRID = 4
GAP = 8
MARGIN = 12
RADIUS = 4
READABLE = 4.5
"""The contrast that WCAG 2 asks of text (level AA)."""
VISIBLE = 3.0
"""The contrast to its surroundings that WCAG 2.1 (1.4.11) asks of what shows that there is a control."""

FRAMED = (
    "QLineEdit", "QAbstractSpinBox", "QComboBox", "QPlainTextEdit", "QTextEdit", "QRadioButton", "QCheckBox", "QSlider"
)  # fmt: skip
"""The classes of Qt that are known by their frame."""
_VISIBLE_DISABLED = 1.8
_DARKER = 140
"""Per cent, of Fusion."""

_Role = QPalette.ColorRole
_LIGHT = {
    _Role.Window: "#f5f5f5",
    _Role.WindowText: "#1b1b1b",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#f7f7f7",
    _Role.Text: "#1b1b1b",
    _Role.Button: "#f5f5f5",
    _Role.ButtonText: "#1b1b1b",
    _Role.Highlight: "#2a6fc9",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#2a6fc9",
    _Role.Link: "#1f5fb4",
    _Role.LinkVisited: "#1f5fb4",
    _Role.ToolTipBase: "#ffffff",
    _Role.ToolTipText: "#1b1b1b",
    _Role.PlaceholderText: "#6b6b6b",
}
_DARK = {
    _Role.Window: "#262626",
    _Role.WindowText: "#ececec",
    _Role.Base: "#1d1d1d",
    _Role.AlternateBase: "#232323",
    _Role.Text: "#ececec",
    _Role.Button: "#454545",
    _Role.ButtonText: "#ececec",
    _Role.Highlight: "#2f74cf",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#2f74cf",
    _Role.Link: "#7fb2f5",
    _Role.LinkVisited: "#7fb2f5",
    _Role.ToolTipBase: "#303030",
    _Role.ToolTipText: "#ececec",
    _Role.PlaceholderText: "#9b9b9b",
}


def follow_system(app: QApplication) -> None:
    """Light or dark as the system says. Where it says nothing (a bare X server, no screen) it is light."""
    if app.styleHints().colorScheme() is Qt.ColorScheme.Unknown:
        set_scheme(app, Qt.ColorScheme.Light)


def set_scheme(app: QApplication, scheme: Qt.ColorScheme) -> None:
    """Make the whole app light or dark, also on platforms where Qt cannot; Unknown goes back to the system's choice."""
    app.styleHints().setColorScheme(scheme)
    if app.styleHints().colorScheme() is scheme:
        app.setPalette(QPalette())
    else:
        palette = _palette(_DARK if scheme is Qt.ColorScheme.Dark else _LIGHT)
        app.setPalette(palette)  # also takes back what was set for single classes
        _frame(app, palette)


def is_dark(palette: QPalette) -> bool:
    return palette.color(_Role.Window).lightness() < palette.color(_Role.WindowText).lightness()


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """``share`` (0..1) of the first colour, the rest of the second."""
    parts = zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)  # type: ignore[index]  # its stub says object
    return QColor(*(round(a * share + b * (1 - share)) for a, b in parts))


def contrast(first: QColor, second: QColor) -> float:
    """The WCAG 2 contrast ratio of two opaque colours, 1..21."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(tone: QColor, text: QColor, background: QColor, enough: float = READABLE) -> QColor:
    """``tone``, moved towards the text's colour only as far as it takes to read it on ``background``."""
    for step in range(20):
        colour = mix(text, tone, step / 20)
        if contrast(colour, background) >= enough:
            return colour
    return text


def subdued(palette: QPalette) -> QColor:
    """For text that stands back, on any of our surfaces."""
    text = palette.color(_Role.WindowText)
    return readable(mix(text, palette.color(_Role.Window), 0.55), text, raised(palette, 0.12))


def raised(palette: QPalette, by: float = 0.05) -> QColor:
    """The fill of a surface that lies on the window."""
    return mix(palette.color(_Role.WindowText), palette.color(_Role.Window), by)


def line(palette: QPalette) -> QColor:
    """For borders and separators."""
    return mix(palette.color(_Role.WindowText), palette.color(_Role.Window), 0.18)


def frame(palette: QPalette, group: QPalette.ColorGroup = QPalette.ColorGroup.Active) -> QColor:
    """What Qt's own style, Fusion, draws around a control with this palette."""
    return palette.color(group, _Role.Window).darker(_DARKER)


def heading_font(font: QFont, scale: float = 1.0) -> QFont:
    """The same font, a little heavier, and larger by ``scale``."""
    heading = QFont(font)
    heading.setWeight(QFont.Weight.DemiBold)
    heading.setPointSizeF(font.pointSizeF() * scale)
    return heading


def animated() -> bool:
    """Whether this person's system wants movement at all."""
    style = QApplication.style()
    return bool(style.styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration))


def application_palette() -> QPalette:
    return QGuiApplication.palette()


def _luminance(colour: QColor) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def _frame(app: QApplication, palette: QPalette) -> None:
    """Frames that can be seen, also on a card.

    The style makes them of the window's colour, and darker even in the dark. No role says how dark, but these classes
    fill themselves with other roles: a lighter window, for them alone, changes the frame and nothing else.
    """
    lighter = QPalette()
    for group, enough in (
        (QPalette.ColorGroup.Active, VISIBLE),
        (QPalette.ColorGroup.Inactive, VISIBLE),
        (QPalette.ColorGroup.Disabled, _VISIBLE_DISABLED),
    ):
        line = readable(palette.color(_Role.Window), palette.color(_Role.WindowText), raised(palette), enough)
        lighter.setColor(group, _Role.Window, line.lighter(_DARKER))
    for name in FRAMED:
        app.setPalette(lighter, name)  # type: ignore[arg-type]  # its stub says bytes, which it refuses


def _palette(colours: dict[QPalette.ColorRole, str]) -> QPalette:
    """All roles from a button and a window colour, as Qt shades them, then the given ones."""
    palette = QPalette(QColor(colours[_Role.Button]), QColor(colours[_Role.Window]))
    for role, colour in colours.items():
        palette.setColor(role, QColor(colour))
    faint = mix(QColor(colours[_Role.WindowText]), QColor(colours[_Role.Window]), 0.4)
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText, _Role.PlaceholderText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return palette
