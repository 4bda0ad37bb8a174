"""Fit the projection that is shipped behind a packaged network: python fit_projection.py NAME OUT FOLDER...

Principal components without whitening of the network's features of all photos below the folders, centred, as half
floats. Which photos these were is in README.md beside this file.
"""

import sys
from pathlib import Path

import numpy as np

from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.progress import CancelToken, ignore_progress
from imagefinder.embedding.device import choose_device, fastest_precision
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.embedding.fitting import fitted
from imagefinder.embedding.packaged import PACKAGED, PROJECTED
from imagefinder.embedding.projection import fit_pca, projected_sha256
from imagefinder.imaging.reading import read_image
from imagefinder.usecases.evaluation_photos import list_photos
from imagefinder.usecases.reading import read_ahead


def main(name: str, out: Path, folders: list[Path]) -> None:
    from safetensors.numpy import save_file

    packaged = PACKAGED[name]
    spec = packaged.network
    network = fitted(spec, packaged.published())
    device = choose_device()
    embedder = TorchEmbedder(spec, network, device, fastest_precision(network, spec.input, device))
    paths = list_photos(folders, DEFAULT_EXCLUDES, CancelToken(), ignore_progress).paths
    rows, batch = [], []
    for _, outcome in read_ahead(paths, lambda path: read_image(path, spec.input), threads=2, window=128):
        if isinstance(outcome, Exception):
            print(outcome, file=sys.stderr)
            continue
        batch.append(outcome.pixels)
        if len(batch) == 64:
            rows.append(embedder.embed(np.stack(batch)))
            batch.clear()
    if batch:
        rows.append(embedder.embed(np.stack(batch)))
    whole = np.concatenate(rows)
    mean, matrix = (part.astype(np.float16) for part in fit_pca(whole, PROJECTED))
    save_file({"projection.mean": mean, "projection.matrix": matrix}, out)
    digest = projected_sha256(spec.weights_sha256, mean.astype(np.float32), matrix.astype(np.float32))
    print(f"{len(whole):,} photos; the record's weights_sha256 is {digest}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [Path(folder) for folder in sys.argv[3:]])
