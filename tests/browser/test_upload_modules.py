"""What the page of an upload makes of files before it sends them, in the browser itself."""

import base64
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from segmentation.imaging.content import Content, marks, recognise
from segmentation.imaging.tar_files import tar_files

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = (1, 511, 512, 513, 1024, 70_000, 0)

MAKE_TAR = """async ({ contents, modules }) => {
  const { tarOf } = await import(`${modules}/tar.js`);
  const files = contents.map((text, at) => new File(
    [Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], `DOE_JANE_${at}.dcm`,
  ));
  const content = new Uint8Array(await tarOf(files).arrayBuffer());
  let text = "";
  for (const byte of content) text += String.fromCharCode(byte);
  return btoa(text);
}"""

RECOGNISE = """async ({ heads, marks, modules }) => {
  const { recognise } = await import(`${modules}/content.js`);
  return heads.map((head) => recognise(Uint8Array.from(head), marks));
}"""

SORT = """async ({ files, facts, modules, folder }) => {
  const { itemsOf } = await import(`${modules}/sorting.js`);
  const group = { folder, files: files.map(({ path, content }) => ({
    path, file: new File([Uint8Array.from(content)], path.split("/").at(-1)),
  })) };
  const items = await itemsOf(group, facts);
  return items.map(({ form, title, files, problem, leftOut }) => (
    { form, title, names: files.map((file) => file.name), problem, leftOut }
  ));
}"""

WORDS = """async ({ modules }) => {
  const { bytes, duration, count, percent } = await import(`${modules}/words.js`);
  return [bytes(0), bytes(1023), bytes(1024), bytes(8 * 1024 ** 2), bytes(2 * 1024 ** 3),
    duration(3), duration(41), duration(61), duration(600), duration(4 * 3600),
    count(1, "file"), count(1200, "file"), percent(999, 1000), percent(1000, 1000)];
}"""


@pytest.fixture
def modules(page: Page, live_server: Any) -> str:
    """Open a page of the site, so that its policy holds, and return where the scripts are."""
    page.goto("/sign-in/")
    return f"{live_server.url}/static/js/upload"


def facts(**changes: Any) -> dict[str, Any]:
    given = {
        "maxBytes": 10_000,
        "maxFiles": 3,
        "kinds": {kind.name: kind.value for kind in Content},
        "marks": [
            {"offset": offset, "magic": list(magic), "kind": kind.name}
            for offset, magic, kind in marks()
        ],
    }
    return given | changes


def test_the_archive_of_a_folder_is_a_tar_with_numbers_for_names(
    page: Page, modules: str, tmp_path: Path
):
    contents = [bytes([index + 1]) * size for index, size in enumerate(SIZES)]
    encoded = [base64.b64encode(content).decode() for content in contents]
    made = base64.b64decode(page.evaluate(MAKE_TAR, {"contents": encoded, "modules": modules}))

    with tarfile.open(fileobj=io.BytesIO(made), mode="r:") as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == [f"{n:06d}" for n in range(1, 8)]
        assert {(member.mtime, member.uid, member.uname) for member in members} == {(0, 0, "")}
        assert [archive.extractfile(member).read() for member in members] == contents  # type: ignore[union-attr]
    assert b"DOE" not in made
    # And as intake reads it, which refuses an archive without its end.
    (tmp_path / "made").write_bytes(made)
    assert [b"".join(chunks) for _, chunks in tar_files(tmp_path / "made")] == contents


def test_the_same_folder_gives_the_same_bytes(page: Page, modules: str):
    given = {"contents": [base64.b64encode(b"an image" * 100).decode()] * 3, "modules": modules}
    assert page.evaluate(MAKE_TAR, given) == page.evaluate(MAKE_TAR, given)


def test_the_page_and_the_server_take_the_same_bytes_for_the_same_thing(page: Page, modules: str):
    heads = [b"\0" * offset + magic + b"\0" * 600 for offset, magic, _ in marks()]
    heads += [b"", b"x", b"plain text" * 100, b"\x1f", b"\0" * 1024]
    given = {"heads": [list(head) for head in heads], "modules": modules, "marks": facts()["marks"]}
    assert page.evaluate(RECOGNISE, given) == [recognise(head).name for head in heads]


DICOM = b"\0" * 128 + b"DICM" + b"\0" * 40
BARE_DICOM = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100" + b"\0" * 150
NIFTI = b"\x5c\x01\0\0" + b"\0" * 340 + b"n+1\0" + b"\0" * 4
DICOMDIR = b"\0" * 128 + b"DICM\x02\x00\x02\x00UI\x14\x001.2.840.10008.1.3.10" + b"\0" * 40


def sort(page: Page, modules: str, folder: str, files: dict[str, bytes], **limits: Any) -> Any:
    given = {
        "folder": folder,
        "files": [{"path": path, "content": list(content)} for path, content in files.items()],
        "facts": facts(**limits),
        "modules": modules,
    }
    return page.evaluate(SORT, given)


def test_a_folder_becomes_one_upload_of_its_images_in_order_of_path(page: Page, modules: str):
    found = sort(page, modules, "scan", {
        "scan/b/2": DICOM, "scan/a/10": BARE_DICOM, "scan/a/1": DICOM,
        "scan/DICOMDIR": DICOMDIR, "scan/report.pdf": b"%PDF-1.7", "scan/notes": b"notes",
    })  # fmt: skip
    assert found == [
        {"form": "dicom", "title": "scan", "names": ["1", "10", "2"], "problem": "", "leftOut": 3}
    ]


def test_nifti_images_and_archives_go_one_by_one(page: Page, modules: str):
    found = sort(page, modules, "", {"t1.nii": NIFTI, "a.zip": b"PK\3\4" + b"\0" * 40})
    assert [(item["form"], item["title"]) for item in found] == [
        ("archive", "a.zip"), ("nifti", "t1.nii"),
    ]  # fmt: skip


def test_a_wrong_file_is_refused_by_itself_and_the_others_stay(page: Page, modules: str):
    found = sort(page, modules, "", {"photo.jpg": b"\xff\xd8\xff\xe0", "1": DICOM})
    assert found[0]["problem"] == ""
    assert "This file is a JPEG picture" in found[1]["problem"]


def test_limits_are_named(page: Page, modules: str):
    many = {f"scan/{index}": DICOM for index in range(4)}
    (item,) = sort(page, modules, "scan", many)
    assert "4 files; at most 3 files" in item["problem"]
    (item,) = sort(page, modules, "", {"t1.nii": NIFTI + b"\0" * 10_000})
    assert "10 KB; at most 9.8 KB" in item["problem"]
    (item,) = sort(page, modules, "scan", {"scan/notes": b"notes"})
    assert "holds 1 file, none of them an image" in item["problem"]
    (item,) = sort(page, modules, "scan", {})
    assert "The folder is empty" in item["problem"]


def test_numbers_are_said_in_words(page: Page, modules: str):
    said = page.evaluate(WORDS, {"modules": modules})
    assert said == [
        "0 bytes", "1023 bytes", "1.0 KB", "8.0 MB", "2.0 GB",
        "a few seconds", "50 seconds", "a minute", "10 minutes", "4 hours",
        "1 file", "1,200 files", 99, 100,
    ], json.dumps(said)  # fmt: skip


MARKS = """async ({ modules }) => {
  const { markOf } = await import(`${modules}/fingerprint.js`);
  const one = new Uint8Array(20000), other = new Uint8Array(20000);
  other[10000] = 1;
  return Promise.all([one, other, one].map((content) => markOf([new File([content], "a.nii")])));
}"""


def test_files_that_differ_only_in_the_middle_are_not_taken_for_the_same(page: Page, modules: str):
    one, other, again = page.evaluate(MARKS, {"modules": modules})
    assert one == again
    assert one != other


IMAGES = """async ({ archives, marks, modules, wanted }) => {
  const { imagesOf } = await import(`${modules}/preview/images.js`);
  const { headOf } = await import(`${modules}/content.js`);
  const look = async (text) => {
    const archive = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]);
    const found = [];
    try {
      for await (const image of imagesOf({ form: "archive", files: [archive] }, marks)) {
        const head = await headOf(image, wanted);
        found.push({ size: image.size, length: head.length, sum: head.reduce((a, b) => a + b, 0) });
      }
    } catch (error) {
      return `refused: ${error.message}`;
    }
    return found;
  };
  return Promise.all(archives.map(look));
}"""
LARGE = DICOM + bytes(index % 251 for index in range(200_000))
IN_ARCHIVE = {
    "scan/": b"",
    "scan/1": LARGE,
    "scan/" + "a name of more than a hundred characters/" * 3: b"",
    "scan/" + "a name of more than a hundred characters/" * 3 + "2": BARE_DICOM + b"end",
    "scan/report.pdf": b"%PDF-1.7",
    "scan/DICOMDIR": DICOMDIR,
    "scan/nothing": b"",
    "__MACOSX/scan/._1": b"\0\5\x16\7" + b"\0" * 4000,
    "scan/2": DICOM,
}


def zip_of(files: dict[str, bytes], **options: Any) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", **options) as packed:
        packed.comment = b"made by a hospital, PK\5\6 and all"
        for name, content in files.items():
            packed.writestr(name, content)
    return archive.getvalue()


class _Pipe(io.RawIOBase):
    """A target that cannot go back, so that sizes are written behind each file."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.content += bytes(content)
        return len(content)


def zip_of_a_pipe(files: dict[str, bytes]) -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packed:  # type: ignore[arg-type]
        for name, content in files.items():
            packed.writestr(name, content)
    return pipe.content


def tar_of(files: dict[str, bytes], mode: str, kind: int) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode=mode, format=kind) as packed:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return archive.getvalue()


MAKERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "a zip as it is": lambda files: zip_of(files, compression=zipfile.ZIP_STORED),
    "a zip that is packed": lambda files: zip_of(files, compression=zipfile.ZIP_DEFLATED),
    "a zip out of a pipe": zip_of_a_pipe,
    "a tar": lambda files: tar_of(files, "w", tarfile.USTAR_FORMAT),
    "a tar of GNU": lambda files: tar_of(files, "w", tarfile.GNU_FORMAT),
    "a tar of pax": lambda files: tar_of(files, "w", tarfile.PAX_FORMAT),
    "a tar that is packed": lambda files: tar_of(files, "w:gz", tarfile.PAX_FORMAT),
}


def images_in(page: Page, modules: str, archives: list[bytes], wanted: int) -> Any:
    encoded = [base64.b64encode(archive).decode() for archive in archives]
    given = {"archives": encoded, "marks": facts()["marks"], "modules": modules, "wanted": wanted}
    return page.evaluate(IMAGES, given)


@pytest.mark.parametrize("wanted", [1024, 10**6], ids=["head", "all"])
def test_the_images_of_an_archive_are_found_and_read_as_far_as_asked(
    page: Page, modules: str, wanted: int
):
    images = [content for content in IN_ARCHIVE.values() if content[:2] == b"\x08\0" or
              (content[128:132] == b"DICM" and content != DICOMDIR)]  # fmt: skip
    expected = [
        {"size": len(image), "length": min(wanted, len(image)), "sum": sum(image[:wanted])}
        for image in images
    ]
    found = images_in(page, modules, [make(IN_ARCHIVE) for make in MAKERS.values()], wanted)
    assert dict(zip(MAKERS, found, strict=True)) == dict.fromkeys(MAKERS, expected)


def test_an_archive_that_is_damaged_is_not_shown(page: Page, modules: str):
    whole = [make(IN_ARCHIVE) for make in MAKERS.values()]
    broken = [archive[: len(archive) // 2] for archive in whole]
    broken.append(b"PK\3\4" + b"\0" * 100)
    broken.append(whole[0].replace(b"PK\1\2", b"PK\7\7"))
    found = images_in(page, modules, broken, 10**6)
    assert all(str(said).startswith("refused") for said in found), found


READ = """async ({ modules, marks, parts, entries }) => {
  const { imagesOf } = await import(`${modules}/preview/images.js`);
  const { headerOf } = await import(`${modules}/preview/header.js`);
  const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const [before, after] = parts.map(bytesOf);
  const filling = new Blob(Array(entries).fill(new Uint8Array(1024 ** 2)));
  const archive = new Blob([before, filling, after]);
  let read = 0;
  const { arrayBuffer } = Blob.prototype;
  Blob.prototype.arrayBuffer = function counted() {
    read += this.size;
    return arrayBuffer.call(this);
  };
  let found = 0;
  for await (const image of imagesOf({ form: "archive", files: [archive] }, marks)) {
    await headerOf(image);
    found += 1;
  }
  Blob.prototype.arrayBuffer = arrayBuffer;
  return { read, size: archive.size, found };
}"""


def test_of_a_large_archive_only_the_heads_are_read(page: Page, modules: str):
    size_mib = 300
    content = tar_of({"1": DICOM}, "w", tarfile.USTAR_FORMAT)
    header = bytearray(content[:512])
    header[124:136] = f"{512 + size_mib * 2**20:011o}\0".encode()
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    before = bytes(header) + DICOM.ljust(512, b"\0")
    encoded = [base64.b64encode(part).decode() for part in (before, bytes(1024))]
    page.add_script_tag(url="/static/vendor/dicom_parser.min.js")
    told = page.evaluate(
        READ,
        {"modules": modules, "marks": facts()["marks"], "parts": encoded, "entries": size_mib},
    )
    assert (told["found"], told["size"] > size_mib * 2**20) == (1, True)
    assert told["read"] < 20 * 2**20
