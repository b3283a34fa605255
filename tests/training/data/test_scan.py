"""The integrity scan: every fault is listed by name, and the rest is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.cancellation import CancelToken
from core.conditioning.layout import Box
from core.errors import Cancelled, InputError
from training.data import scan as scanning
from training.data.metadata import read_metadata
from training.data.reading import Decoded, read_picture
from training.data.scan import Scan, scan_folder
from training.data.watch import Watch

Save = Callable[..., Path]


def scanned(folder: Path, *, smallest: int = 1, watch: Watch | None = None) -> Scan:
    return scan_folder(folder, read_metadata(folder), folder.parent / "cache", watch or Watch(), smallest=smallest)


def faults(scan: Scan) -> dict[str, str]:
    return {bad.name: bad.reason for bad in scan.bad}


def write_metadata(folder: Path, *lines: dict[str, object] | str | bytes) -> None:
    texts = [line if isinstance(line, str | bytes) else json.dumps(line) for line in lines]
    (folder / "metadata.jsonl").write_bytes(b"\n".join(t if isinstance(t, bytes) else t.encode() for t in texts))


def note_reads(monkeypatch: pytest.MonkeyPatch, read: list[str]) -> None:
    """Let `read` grow by the name of each picture that is decoded."""
    real = read_picture

    def noted(path: Path) -> Decoded:
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(scanning, "read_picture", noted)


def test_pictures_come_in_the_order_of_their_names_without_hidden_ones(save: Save, folder: Path) -> None:
    for name in ("b.png", "a/z.PNG", "a.jpg", ".cache/x.png", ".y.png"):
        save(name)
    (folder / "notes.md").write_text("no picture")
    scan = scanned(folder)
    assert [record.name for record in scan.records] == ["a.jpg", "a/z.PNG", "b.png"]
    assert (scan.bad, scan.ignored) == ((), 1)


def test_every_bad_file_is_named_and_the_others_are_used(save: Save, folder: Path) -> None:
    save("good.png", (40, 30), "a fox")
    save("tiny.png", (40, 7))
    cut = save("cut.png")
    cut.write_bytes(cut.read_bytes()[:900])
    (folder / "words.jpg").write_text("not a picture")
    (folder / "empty.webp").touch()
    save("strange.png").with_suffix(".txt").write_bytes("Füchse".encode("latin-1"))
    scan = scanned(folder, smallest=8)
    assert [(record.name, record.caption) for record in scan.records] == [("good.png", "a fox"), ("strange.png", "")]
    found = faults(scan)
    assert found.keys() == {"tiny.png", "cut.png", "words.jpg", "empty.webp", "strange.txt"}
    assert found["tiny.png"].startswith("too small: 40 × 7")
    assert "truncated" in found["cut.png"]
    assert found["words.jpg"] == "not an image"
    assert "not UTF-8 at byte 1" in found["strange.txt"]


def test_the_text_beside_goes_before_the_metadata_and_folders_are_classes(save: Save, folder: Path) -> None:
    save("one.png", caption="  a fox\nin the snow \n")
    save("frog/two.png")
    save("frog/three.png")
    write_metadata(
        folder,
        {"file_name": "one.png", "caption": "not this", "class": "fox"},
        "",
        {"file_name": "frog/two.png", "caption": "zwei Füchse"},
    )
    found = {r.name: (r.caption, r.class_name) for r in scanned(folder).records}
    assert found == {
        "one.png": ("a fox in the snow", "fox"),
        "frog/two.png": ("zwei Füchse", "frog"),
        "frog/three.png": ("", "frog"),
    }


def test_boxes_are_read_in_pixels_and_in_fractions_and_strange_ones_are_listed(save: Save, folder: Path) -> None:
    save("a.png", (40, 20))
    save("b.png", (40, 20))
    boxes = [{"class": "fox", "box": [10, 5, 30, 20]}, {"class": "far", "box": [50, 5, 60, 20]}]
    write_metadata(
        folder,
        {"file_name": "a.png", "boxes": boxes},
        {"file_name": "b.png", "boxes": [{"class": "fox", "box": [0.25, 0.25, 0.75, 1]}]},
    )
    scan = scanned(folder)
    assert [record.boxes for record in scan.records] == [
        (Box(label="fox", x=0.25, y=0.25, width=0.5, height=0.75),)
    ] * 2
    assert "'far' lies outside" in faults(scan)["a.png"]


def test_masks_and_maps_are_checked_and_faulty_ones_left_out(save: Save, folder: Path) -> None:
    for name in ("a.png", "b.png", "c.png", "d.png"):
        save(name, (40, 20))
    (folder / ".maps").mkdir()
    Image.new("L", (40, 20)).save(folder / ".maps/good.png")
    Image.new("L", (20, 20)).save(folder / ".maps/small.png")
    (folder.parent / "secret.png").touch()
    write_metadata(
        folder,
        {"file_name": "a.png", "mask": ".maps/good.png", "semantic": ".maps/small.png"},
        {"file_name": "b.png", "mask": "none.png"},
        {"file_name": "c.png", "mask": "../secret.png"},
    )
    scan = scanned(folder)
    assert [(record.mask, record.semantic) for record in scan.records] == [(".maps/good.png", "")] + [("", "")] * 3
    found = faults(scan)
    assert "another size: 20 × 20" in found["a.png"]
    assert "is not there" in found["b.png"]
    assert "outside of the folder" in found["c.png"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "Expecting property name"),
        ("[1, 2]", "no object"),
        ('{"caption": "x"}', "file_name is missing"),
        ('{"file_name": "a.png", "caption": 3}', "caption is 3"),
        ('{"file_name": "a.png", "boxes": [{"class": "fox", "box": [3, 2]}]}', "four edges"),
        ('{"file_name": "a.png", "boxes": [{"class": "fox", "box": [3, 2, 1, 4]}]}', "x0 < x1"),
        (b'{"file_name": "a.png", "caption": "F\xfcchse"}', "not UTF-8 at byte 36"),
    ],
)
def test_a_broken_line_of_metadata_is_named_and_the_others_count(
    save: Save, folder: Path, line: str | bytes, reason: str
) -> None:
    save("a.png")
    write_metadata(folder, line, {"file_name": "a.png", "caption": "a fox"}, {"file_name": "gone.png"})
    scan = scanned(folder)
    assert scan.records[0].caption == "a fox"
    assert reason in faults(scan)["metadata.jsonl, line 1"]
    assert "no such picture" in faults(scan)["gone.png"]


def test_a_second_scan_reads_only_what_is_new_or_changed(
    save: Save, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "b.png", "c.png"):
        save(name)
    before, read = scanned(folder), list[str]()
    note_reads(monkeypatch, read)
    assert scanned(folder) == before
    assert read == []
    save("b.png", (50, 50))
    save("d.png")
    (folder / "c.png").unlink()
    assert [record.width for record in scanned(folder).records] == [40, 50, 40]
    assert sorted(read) == ["b.png", "d.png"]  # in threads, in any order


def test_a_stopped_scan_goes_on_where_it_was(save: Save, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        save(f"{name}.png")
    cancel, read = CancelToken(), list[str]()

    def tell(what: str, done: int, total: int) -> None:
        assert total == 4
        if done == 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        scanned(folder, watch=Watch(cancel, tell))
    (findings,) = (folder.parent / "cache").glob("*.jsonl")
    findings.write_bytes(findings.read_bytes() + b'{"name": "d.p')  # as a crash leaves it
    note_reads(monkeypatch, read)
    assert len(scanned(folder).records) == 4
    assert read == ["d.png"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        scanned(tmp_path / "none")
