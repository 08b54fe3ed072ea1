"""HAM10000's layout: all photos of a lesion are in one split, and a folder that is not whole is refused in a sentence."""

import numpy as np
import pytest
from PIL import Image

from utils.data import MELANOMA, load_ham10000
from utils.data.ham10000 import CLASSES, CODES, TABLE, split_lesions

HEAD = "lesion_id,image_id,dx,dx_type,age,sex,localization"


def folder(tmp_path, lesions=14, head=HEAD, photos=True, change=lambda rows: rows):
    """Two photos of each lesion, in two folders; half of the lesions are melanomas."""
    rows = [
        f"HAM_{lesion:07d},ISIC_{2 * lesion + photo:07d},{'mel' if lesion % 2 else 'nv'},histo,50,female,back"
        for lesion in range(lesions)
        for photo in range(2)
    ]
    rows = change(rows)
    (tmp_path / TABLE).write_text("\n".join([head, *rows]) + "\n")
    for at, part in enumerate(("HAM10000_images_part_1", "HAM10000_images_part_2")):
        (tmp_path / part).mkdir()
        for row in rows[at::2] if photos else ():
            image = row.split(",")[1]
            color = (10 * int(row.split(",")[0][-2:]) % 256, 128, 30) if row[0] == "H" else (0, 0, 0)
            Image.new("RGB", (60, 45), color).save(tmp_path / part / f"{image}.jpg")
    return tmp_path


def test_photos_are_read_from_both_parts_and_resized(tmp_path):
    found = load_ham10000(folder(tmp_path), size=24)
    assert list(found) == ["train", "validation", "test"]
    assert sum(map(len, found.values())) == 28 and found["train"].inputs.shape[1:] == (3, 24, 24)
    assert found["train"].classes == CLASSES and len(CLASSES) == len(CODES)
    assert found["test"].one_against_rest(MELANOMA).classes == ("not melanoma", "melanoma")


def test_no_lesion_is_in_two_splits(tmp_path):
    """The color of a photo tells its lesion."""
    found = load_ham10000(folder(tmp_path))
    colors = {split: {round(one, 1) for one in exams.inputs[:, 0].mean((1, 2)).tolist()} for split, exams in found.items()}
    assert not colors["train"] & colors["validation"] and not colors["train"] & colors["test"]
    assert not colors["validation"] & colors["test"]


@pytest.mark.parametrize("seed", range(3))
def test_lesions_with_many_photos_stay_together_in_every_split(seed):
    rng = np.random.default_rng(seed)
    lesions = [f"lesion {one}" for one in rng.integers(0, 200, 600)]
    labels = [int(lesion.split()[1]) % 7 for lesion in lesions]
    places = split_lesions(lesions, labels, seed)
    assert sorted(np.concatenate(list(places.values()))) == list(range(600))
    sides = {split: {lesions[at] for at in where} for split, where in places.items()}
    assert not sides["train"] & sides["test"] and not sides["train"] & sides["validation"] and not sides["validation"] & sides["test"]
    assert {labels[at] for at in places["test"]} == set(range(7)) and 0.1 < len(places["test"]) / 600 < 0.2
    again = split_lesions(lesions, labels, seed)
    assert all((places[split] == again[split]).all() for split in places)


def edited(old, new):
    return lambda rows: [row.replace(old, new) for row in rows]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"head": HEAD.replace("dx,", "diagnosis,")}, "has no column dx: use the table"),
        ({"head": HEAD.replace("lesion_id", "id")}, "has no column lesion_id"),
        ({"head": "", "change": lambda rows: []}, "has no column lesion_id"),
        ({"change": lambda rows: []}, "has no photo"),
        ({"change": edited(",mel,", ",,")}, "line 4: dx must be one of akiec, .*got ''"),
        ({"change": edited(",mel,", ",cancer,")}, "line 4: dx must be one of akiec, .*got 'cancer'"),
        ({"change": edited(",mel,", ",nv,")}, "all 28 photos have one diagnosis: with one class only"),
        ({"change": edited("HAM_0000003", "")}, "line 8: lesion_id '' or image_id"),
        ({"change": edited("ISIC_0000004", ""), "photos": False}, "image_id '' is missing or odd"),
        ({"change": edited("ISIC_0000004", "../../etc/x"), "photos": False}, "is missing or odd"),
        ({"change": edited("ISIC_0000004", "ISIC_0000005")}, "has the photo ISIC_0000005 twice"),
        ({"lesions": 3}, "lesions are too few, validation has none"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(tmp_path, how, said):
    with pytest.raises(ValueError, match=said):
        load_ham10000(folder(tmp_path, **how))


def test_missing_photos_a_missing_table_and_a_missing_folder_are_named(tmp_path):
    place = folder(tmp_path)
    (place / "HAM10000_images_part_1" / "ISIC_0000002.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 28 photos are not in .*, the first is ISIC_0000002\.jpg: unpack all parts"):
        load_ham10000(place)
    (place / TABLE).unlink()
    for given in (place, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match=r"HAM10000_metadata\.csv is missing: give the folder"):
            load_ham10000(given)


def test_a_photo_that_is_none_is_named(tmp_path):
    place = folder(tmp_path)
    file = place / "HAM10000_images_part_1" / "ISIC_0000002.jpg"
    for content in (b"", b"text", file.read_bytes()[:200]):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"ISIC_0000002\.jpg can't be read as a photo"):
            load_ham10000(place)


def test_a_photo_that_declares_too_many_pixels_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.data.ham10000.MAX_PIXELS", 1000)
    with pytest.raises(ValueError, match="declares 60 x 45 pixels"):
        load_ham10000(folder(tmp_path))
    monkeypatch.setattr("utils.data.ham10000.MAX_PIXELS", 10**9)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)  # Pillow's own limit: a warning above it, an error above twice as many
    with pytest.raises(ValueError, match="can't be read as a photo"):
        load_ham10000(tmp_path)


def test_a_table_in_another_coding_is_refused(tmp_path):
    place = folder(tmp_path)
    (place / TABLE).write_bytes(b"lesion_id,image_id,dx\n\xff\xfe,\x81,mel\n")
    with pytest.raises(ValueError, match="is not a table of text"):
        load_ham10000(place)


@pytest.mark.parametrize("size", [0, 7, 10_000, 32.0, "32", True])
def test_an_impossible_size_is_refused(tmp_path, size):
    with pytest.raises(ValueError, match=r"size must be an integer in 8\.\.600"):
        load_ham10000(tmp_path, size=size)
