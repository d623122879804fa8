"""Files are read exactly, what is not CT is refused, and hostile files are refused before they take memory."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

import biomatrix as bm
from biomatrix.entities import Kind, Limits
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError, UnsupportedError
from biomatrix_ct import Image, read_image, write_image

SCAN = Image(np.random.default_rng(0).integers(-1024, 1500, (3, 20, 24)), (2.5, 0.7, 0.6), "scan")
SLICE = Image(SCAN.values[1], (0.7, 0.6), "slice")


# PNG


def test_png_there_and_back_is_exact(tmp_path: Path) -> None:
    write_image(SLICE, tmp_path / "slice.png")
    again = read_image(tmp_path / "slice.png")
    np.testing.assert_array_equal(again.values, SLICE.values)
    assert (again.spacing, again.name, again.notes) == (SLICE.spacing, "slice", ())


def test_png_without_a_scale_needs_one(tmp_path: Path) -> None:
    path = tmp_path / "raw.png"
    Picture.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)).save(path)
    with pytest.raises(UnsupportedError, match="no slope and intercept"):
        read_image(path)
    with pytest.raises(ConfigurationError, match="a slope alone"):
        read_image(path, slope=2.0)
    image = read_image(path, intercept=-1000.0, slope=2.0, pixel=0.5)
    assert (image.values.min(), image.values.max(), image.spacing) == (-1000, 198, (0.5, 0.5))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_photographs_are_refused(tmp_path: Path, mode: str) -> None:
    Picture.new(mode, (32, 32)).save(tmp_path / "photo.png")
    with pytest.raises(UnsupportedError, match="not CT"):
        read_image(tmp_path / "photo.png", intercept=-1000.0)


def png(width: int, height: int, body: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + b"\x10\0\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def test_a_png_that_declares_too_much_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(png(2**31 - 1, 2**31 - 1, b"\0" * 9))
    with pytest.raises(LimitError, match="size of the image"):
        read_image(tmp_path / "huge.png", intercept=0.0)
    (tmp_path / "cut.png").write_bytes(png(64, 64, b"\0" * 129)[:-30])
    with pytest.raises(ParseError, match=r"cut\.png"):
        read_image(tmp_path / "cut.png", intercept=0.0)


def test_what_a_png_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="one slice"):
        write_image(SCAN, tmp_path / "scan.png")
    with pytest.raises(UnsupportedError, match="too wide a range"):
        write_image(Image([[-1024, 9000]], (1, 1)), tmp_path / "wide.png")
    with pytest.raises(UnsupportedError, match="not written as DICOM"):
        write_image(SLICE, tmp_path / "slice.dcm")
    with pytest.raises(UnsupportedError, match=r"written as \.nii, \.nii\.gz or \.png"):
        write_image(SLICE, tmp_path / "slice.jpg")
    assert not list(tmp_path.iterdir())


# NIfTI


@pytest.mark.parametrize("image", [SCAN, SLICE], ids=["scan", "slice"])
@pytest.mark.parametrize("name", ["one.nii", "one.nii.gz"])
def test_nifti_there_and_back_is_exact(tmp_path: Path, image: Image, name: str) -> None:
    pytest.importorskip("nibabel", reason="nibabel is not installed")
    exact = image.with_values(image.values + np.float32(0.3))
    write_image(exact, tmp_path / name)
    again = read_image(tmp_path / name)
    np.testing.assert_array_equal(again.values, exact.values)
    assert again.spacing == pytest.approx(image.spacing, rel=1e-6)


def test_nifti_keeps_where_the_scan_lies(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    place = np.array([[-0.6, 0, 0, 90], [0, 0.69, 0.4, -80], [0, -0.12, 2.4, 30], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(SCAN.values.T, place), tmp_path / "one.nii")
    image = read_image(tmp_path / "one.nii")
    write_image(image.with_values(image.values), tmp_path / "again.nii.gz")
    again = nibabel.load(tmp_path / "again.nii.gz")
    np.testing.assert_allclose(again.affine, place, rtol=1e-6)
    assert again.header["sform_code"] == 1
    write_image(SCAN, tmp_path / "nowhere.nii")
    assert (read_image(tmp_path / "nowhere.nii").affine, read_image(tmp_path / "one.nii", pixel=0.5).affine) == (
        None,
        None,
    )
    microns = nibabel.Nifti1Image(SCAN.values.T, np.diag([600.0, 700.0, 2500.0, 1.0]))
    microns.header.set_xyzt_units("micron")
    nibabel.save(microns, tmp_path / "microns.nii")
    np.testing.assert_allclose(read_image(tmp_path / "microns.nii").affine, np.diag([0.6, 0.7, 2.5, 1.0]), rtol=1e-6)


def test_nifti_with_a_scale_and_without_air(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    scaled = nibabel.Nifti1Image(stored, np.eye(4))
    scaled.header.set_slope_inter(2.0, -1024.0)
    (tmp_path / "scaled.nii").write_bytes(scaled.to_bytes())
    content = bytearray((tmp_path / "scaled.nii").read_bytes())
    content[352:] = stored.tobytes(order="F")
    (tmp_path / "scaled.nii").write_bytes(bytes(content))
    np.testing.assert_array_equal(read_image(tmp_path / "scaled.nii").values, stored.T * 2.0 - 1024)
    nibabel.save(nibabel.Nifti1Image(stored, np.eye(4)), tmp_path / "brain.nii.gz")
    with pytest.raises(UnsupportedError, match="no air"):
        read_image(tmp_path / "brain.nii.gz")
    assert read_image(tmp_path / "brain.nii.gz", intercept=0.0).values.max() == 23


def test_hostile_nifti_is_refused_unread(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    content = bytearray(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)).to_bytes())
    huge = bytes(content[:42]) + (30000).to_bytes(2, "little") * 3 + bytes(content[48:])
    far = bytes(content[:108]) + np.float32(1e30).tobytes() + bytes(content[112:])
    for name, bad in {"huge": huge, "far": far, "cut": bytes(content[:400]), "head": bytes(content[:200])}.items():
        (tmp_path / f"{name}.nii").write_bytes(bad)
        with pytest.raises(BioMatrixError, match=name):
            read_image(tmp_path / f"{name}.nii", intercept=0.0)
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(bytes(content) + b"\0" * 300_000_000, 9))
    with pytest.raises(LimitError):
        read_image(tmp_path / "bomb.nii.gz")


# DICOM


@pytest.fixture
def sample() -> Path:
    """The CT slice that comes with pydicom: 128 x 128, slope 1, intercept -1024."""
    data = pytest.importorskip("pydicom.data", reason="pydicom is not installed")
    return Path(data.get_testdata_file("CT_small.dcm", download=False))


def other_sample(name: str) -> Path:
    data = pytest.importorskip("pydicom.data", reason="pydicom is not installed")
    return Path(data.get_testdata_file(name, download=False))


def test_dicom_is_read_exactly(sample: Path) -> None:
    from pydicom import dcmread

    image = read_image(sample)
    np.testing.assert_array_equal(image.values, dcmread(sample).pixel_array.astype(np.float64) - 1024)
    assert image.spacing == pytest.approx((0.661468, 0.661468))
    with pytest.raises(ConfigurationError, match="states its scale itself"):
        read_image(sample, intercept=0.0)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_small.dcm", "modality is MR"),
        ("SC_rgb_rle.dcm", "not CT"),
        ("rtdose.dcm", "not CT"),
        ("test-SR.dcm", "not CT"),
    ],
)
def test_other_dicom_is_refused(name: str, reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        read_image(other_sample(name))


@pytest.mark.parametrize(
    ("key", "value", "error", "reason"),
    [
        ("RescaleSlope", None, UnsupportedError, "no RescaleSlope"),
        ("RescaleIntercept", None, UnsupportedError, "no RescaleSlope and RescaleIntercept"),
        ("RescaleSlope", "0", ParseError, "give no Hounsfield units"),
        ("RescaleType", "OD", UnsupportedError, "not in Hounsfield units"),
        ("PixelSpacing", None, UnsupportedError, "PixelSpacing"),
        ("Rows", 65535, BioMatrixError, "unpacked"),
        ("NumberOfFrames", "2000000", LimitError, "size of the image"),
        ("NumberOfFrames", "-1", ParseError, "NumberOfFrames"),
        ("PhotometricInterpretation", "RGB", UnsupportedError, "a picture"),
    ],
)
def test_dicom_that_says_something_else_is_refused(
    sample: Path, tmp_path: Path, key: str, value: object, error: type[BioMatrixError], reason: str
) -> None:
    from pydicom import dcmread

    data = dcmread(sample)
    if value is None:
        delattr(data, key)
    else:
        setattr(data, key, value)
    data.save_as(tmp_path / "changed.dcm")
    with pytest.raises(error, match=reason):
        read_image(tmp_path / "changed.dcm")


def test_a_folder_is_one_scan_in_the_order_of_the_body(sample: Path, tmp_path: Path) -> None:
    from pydicom import dcmread

    def save(number: int, place: float) -> None:
        data = dcmread(sample)
        data.ImagePositionPatient = [0, 0, place]
        data.RescaleIntercept = str(-1024 + number)
        data.save_as(tmp_path / f"{'cab'[number]}.dcm")

    for number, place in enumerate((0.0, 5.0, 10.0)):
        save(number, place)
    image = read_image(tmp_path)
    assert image.spacing == pytest.approx((5.0, 0.661468, 0.661468))
    np.testing.assert_array_equal(image.values[2] - image.values[0], 2)
    assert image.affine is not None
    axes = np.array(dcmread(sample).ImageOrientationPatient, dtype=float).reshape(2, 3)
    for column, row, number in ((0, 0, 0), (7, 0, 0), (0, 9, 0), (3, 4, 2)):  # the formula of DICOM, C.7.6.2.1.1
        left, back, up = [0, 0, 5.0 * number] + 0.661468 * (column * axes[0] + row * axes[1])
        np.testing.assert_allclose(image.affine @ [column, row, number, 1], [-left, -back, up, 1], atol=1e-6)
    save(2, 12.0)
    with pytest.raises(ParseError, match="missing or there twice"):
        read_image(tmp_path)
    data = dcmread(sample)
    data.SeriesInstanceUID = "1.2.3"
    data.save_as(tmp_path / "d.dcm")
    with pytest.raises(ParseError, match="several series"):
        read_image(tmp_path)


# All


@pytest.mark.parametrize(("library", "name", "extra"), [("pydicom", "x.dcm", "dicom"), ("nibabel", "x.nii", "nifti")])
def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str, name: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / name).write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 212 + b"n+1\0" + b"\0" * 100)
    with pytest.raises(ConfigurationError, match=rf"biomatrix-ct\[{extra}\]"):
        read_image(tmp_path / name)


def test_sizes_are_held_against_the_limits_of_the_caller(tmp_path: Path) -> None:
    write_image(SLICE, tmp_path / "slice.png")
    with pytest.raises(LimitError):
        read_image(tmp_path / "slice.png", limits=Limits(structure_bytes=1500))


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_never_raise_anything_else(sample: Path, tmp_path: Path, seed: int) -> None:
    pytest.importorskip("nibabel", reason="nibabel is not installed")
    write_image(SLICE, tmp_path / "a.png")
    write_image(SCAN, tmp_path / "a.nii")
    (tmp_path / "a.dcm").write_bytes(sample.read_bytes())
    rng = np.random.default_rng(seed)
    for name in ("a.png", "a.nii", "a.dcm"):
        whole = (tmp_path / name).read_bytes()
        for _ in range(40):
            content = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.3 else whole)
            for _ in range(int(rng.integers(1, 12))):
                content[rng.integers(min(len(content), 1500))] = rng.integers(256)
            (tmp_path / f"bad{name}").write_bytes(bytes(content))
            with suppress(BioMatrixError):  # anything else fails the test
                read_image(tmp_path / f"bad{name}")


def test_the_package_reads_and_writes_them_when_the_kind_is_registered(ct: Kind, tmp_path: Path, sample: Path) -> None:
    pytest.importorskip("nibabel", reason="nibabel is not installed")
    (image,) = bm.read(sample)
    assert isinstance(image, Image)
    image.to_file(tmp_path / "out.nii.gz")
    (again,) = bm.read(tmp_path / "out.nii.gz")
    assert ct.compare(image, again)[1].value == 0
    Picture.new("RGB", (32, 32)).save(tmp_path / "photo.png")
    with pytest.raises(UnsupportedError, match="photograph"):
        bm.read(tmp_path / "photo.png")
    Picture.fromarray(np.zeros((20, 30), np.uint16)).save(tmp_path / "raw.png")
    assert bm.read(tmp_path / "raw.png", intercept=-1000.0)[0].name == "raw"
