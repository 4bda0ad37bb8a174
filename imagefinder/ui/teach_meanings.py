"""What each field of Advanced does and when to change it, in a sentence; and what each miner does."""

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def meanings() -> dict[str, str]:
    """By the name of the recipe's field; "base", and "margin" of whichever loss, beside these."""
    return {
        "base": translate("teach", "The model from which it starts: take the one that finds best among your photos."),
        "loss": translate("teach", "How mistakes are counted while it learns: change it only to compare."),
        "margin": translate(
            "teach",
            "How far apart different labels are to be: more where similar labels are mixed up, less if it errs.",
        ),
        "miner": translate(
            "teach", "Which photos of a batch are compared: change it where the mistakes stop getting fewer too early."
        ),
        "dimension": translate(
            "teach", "How many numbers describe a photo: more for many labels, fewer to search faster in less memory."
        ),
        "layers": translate(
            "teach", "From how many of the last blocks it may take details: more for fine differences, 0 for none."
        ),
        "pooling": translate(
            "teach", "How these details become one description: max for small things, average for the whole picture."
        ),
        "dropout": translate(
            "teach", "The share that is hidden at random while it learns: more where few photos are learned by heart."
        ),
        "classes": translate(
            "teach", "How many labels are compared at once: more where many labels are alike, fewer to save memory."
        ),
        "photos": translate(
            "teach", "How many photos of each label are compared at once: fewer where labels have only a few photos."
        ),
        "weight": translate(
            "teach", "1 is all of what was learned, 0 all of the base model: less keeps more of what it found before."
        ),
        "seed": translate(
            "teach",
            "The start of all chance: another number shows how much of the result is luck, the same repeats it.",
        ),
        "head_epochs": translate(
            "teach", "How often the head goes through all photos: more where it still gets better at the end."
        ),
        "epochs": translate(
            "teach", "How often the network goes through all photos: more where it still gets better at the end."
        ),
        "patience": translate(
            "teach", "After so many rounds without getting better it stops: more where the curve goes up and down."
        ),
        "head_rate": translate(
            "teach", "How large the steps of the head are: less where the mistakes jump, more where they hardly fall."
        ),
        "tuned_head_rate": translate(
            "teach", "The same while the network learns, too: less where what the head learned first gets worse again."
        ),
        "network_rate": translate(
            "teach", "How large the steps of the network are: less where it forgets, more where nothing changes."
        ),
        "blocks": translate(
            "teach",
            "How many of the last blocks learn in the thorough way: more where your photos are unusual; slower.",
        ),
        "views": translate(
            "teach", "How many differently cut copies of each photo are learned from: more where there are few photos."
        ),
        "smallest_cut": translate(
            "teach", "How much of a photo such a copy shows at least: more where the thing fills the photo."
        ),
        "jitter": translate(
            "teach", "How much the light and colours of a copy vary: less where the colour tells the labels apart."
        ),
        "flip": translate("teach", "Copies may be mirrored: untick it where left and right matter, as in writing."),
        "memory": translate(
            "teach", "So many earlier photos are compared with, too: more where batches have to be small; 0 is none."
        ),
        "held_out": translate(
            "teach",
            "The share of the photos that is kept for testing: more for surer numbers, less to learn from more.",
        ),
    }


def miner_meanings() -> dict[str, str]:
    """By the miner's name."""
    return {
        "all": translate("teach", "Compares all photos of a batch."),
        "random": translate("teach", "For each pair of one label a photo of another label, drawn by chance."),
        "semi-hard": translate(
            "teach", "Photos of other labels that are nearly as near (FaceNet, Schroff et al. 2015): a calm start."
        ),
        "batch-hard": translate(
            "teach", "For each photo the hardest of its label and of the others (Hermans et al. 2017)."
        ),
        "multi-similarity": translate(
            "teach", "Pairs that are harder than others of the same photo (Wang et al. 2019). The default."
        ),
        "whole-set": translate(
            "teach", "The same, in batches of photos that are mixed up most among all (Radenovic et al. 2018). Slower."
        ),
    }
