"""PyTorch's own files: read as data, never run, and never larger in memory than on the disk."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from core.checkpoints.safetensors_file import TensorEntry
from core.checkpoints.weight_file import open_weights
from core.errors import ModelFileError


class Runs:
    """Asks whoever unpickles it to make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_shapes_come_from_the_header_and_values_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    torch.save({"state_dict": {"w": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(5)}, "epoch": 3}, path)
    file = open_weights(path)
    assert file.entries == {"w": TensorEntry("F32", (2, 3)), "n": TensorEntry("I64", ())}
    assert file.tensors(["w"])["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_plain_state_without_a_trainer_around_it_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    torch.save({"w": torch.ones(2).half()}, path)
    assert open_weights(path).entries == {"w": TensorEntry("F16", (2,))}


def test_the_names_that_trainers_left_in_published_files_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    torch.save({"state_dict": {"w": torch.ones(2)}, "callbacks": {"KEY": 1}}, path)
    named = b"cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n"
    rewrite(path, lambda data: data.replace(b"X\x03\x00\x00\x00KEY", named))
    assert open_weights(path).entries.keys() == {"w"}


def rewrite(path: Path, change: object) -> None:
    """Change the pickle inside a file of PyTorch."""
    with zipfile.ZipFile(path) as archive:
        records = {record.filename: archive.read(record) for record in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in records.items():
            archive.writestr(name, change(data) if name.endswith("data.pkl") else data)  # type: ignore[operator]


def test_code_in_a_file_is_refused_and_never_run(tmp_path: Path) -> None:
    path, folder = tmp_path / "evil.ckpt", tmp_path / "made"
    torch.save({"state_dict": {"w": torch.ones(2)}, "more": Runs(folder)}, path)
    with pytest.raises(ModelFileError, match="holds more than weights") as caught:
        open_weights(path)
    assert not folder.exists()
    assert "mkdir" in caught.value.why


def test_a_plain_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    path, folder = tmp_path / "evil.ckpt", tmp_path / "made"
    path.write_bytes(pickle.dumps(Runs(folder)))
    with pytest.raises(ModelFileError, match="format from before"):
        open_weights(path)
    assert not folder.exists()


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_truncated_file_is_told(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.ckpt"
    torch.save({"w": torch.ones(100)}, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelFileError, match="damaged"):
        open_weights(path)


def test_an_archive_that_would_unfold_into_more_than_it_takes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10_000_000))
    with pytest.raises(ModelFileError, match="damaged") as caught:
        open_weights(path)
    assert "compressed" in caught.value.why


def test_a_tensor_that_repeats_a_few_numbers_is_refused_without_the_memory_for_it(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1).expand(2**20, 2**20)}, tmp_path / "a.ckpt")
    with pytest.raises(ModelFileError, match="repeats its numbers"):
        open_weights(tmp_path / "a.ckpt")


def test_a_tensor_larger_than_its_file_is_refused_without_the_memory_for_it(tmp_path: Path) -> None:
    path = tmp_path / "large.ckpt"
    torch.save({"w": torch.ones(1000)}, path)
    # The stored length 1000, as pickle writes it, becomes 2**30 floats.
    length, claimed = (io.BytesIO(), io.BytesIO())
    pickle.Pickler(length, 2).dump(1000)
    pickle.Pickler(claimed, 2).dump(2**30)
    old, new = length.getvalue()[2:-1], claimed.getvalue()[2:-1]
    rewrite(path, lambda data: data.replace(old, new))
    with pytest.raises(ModelFileError, match="damaged"):
        open_weights(path)


@pytest.mark.parametrize("content", [5, [1, 2], {}, {"state_dict": {"w": "text"}}])
def test_a_file_without_weights_is_told(tmp_path: Path, content: object) -> None:
    path = tmp_path / "a.ckpt"
    torch.save(content, path)
    with pytest.raises(ModelFileError, match="damaged"):
        open_weights(path)


def test_another_kind_of_file_names_the_kinds_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError) as caught:
        open_weights(tmp_path / "a.gguf")
    assert ".safetensors" in caught.value.why


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"none\.ckpt cannot be read"):
        open_weights(tmp_path / "none.ckpt")
