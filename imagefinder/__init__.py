"""imagefinder: a private desktop app for browsing similar images."""

import os

__version__ = "0.3.0"
HOMEPAGE = "https://imagefinder.example"
"""For the records that packages must carry: a reserved name that is nobody's, until the project has an address."""
UPDATES_PAGE = ""
"""Where Help > Check for updates leads. Empty until there is such a page; the menu has no such entry then."""

# torch and Faiss wait for their threads by spinning, which takes the cores away from the decoders and the window:
# with both at work on two cores a network was measured six times slower. It has to be said before either is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
