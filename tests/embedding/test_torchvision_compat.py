"""torchvision and timm import here, whatever torch stands beside them."""

import subprocess
import sys
import threading

from imagefinder.embedding.torchvision_compat import _declared, import_timm, import_torchvision


def test_torchvision_gives_networks() -> None:
    torchvision = import_torchvision()
    assert import_torchvision() is torchvision
    assert torchvision.models.get_model("resnet18", weights=None).fc.out_features == 1000


def test_operators_are_declared_only_where_they_were_missing() -> None:
    torchvision = import_torchvision()
    import torch

    assert hasattr(torch.ops.torchvision, "nms")
    complete: bool = torchvision.extension._has_ops()
    assert bool(_declared) is not complete


def test_first_import_from_two_threads_at_once() -> None:
    script = (
        "import threading; from imagefinder.embedding.torchvision_compat import import_timm\n"
        "found = []\n"
        "look = lambda: found.append(import_timm().is_model('resnet18'))\n"
        "threads = [threading.Thread(target=look) for _ in range(2)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "assert found == [True, True], found"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_timm_knows_networks_from_any_thread() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(import_timm().is_model("mobilenetv2_100")))
    thread.start()
    thread.join()
    assert found == [True]


def test_importing_the_package_leaves_torch_out() -> None:
    script = (
        "import sys, imagefinder.embedding.shelf, imagefinder.embedding.embedder\n"
        "print(sorted({'torch', 'timm', 'torchvision', 'safetensors', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
