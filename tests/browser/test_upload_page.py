"""A coordinator sends scans over a line that breaks: nothing is lost, and no name leaves."""

import io
import re
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from mldtrial.trial.models import Scan
from segmentation.models import Transfer, Upload
from segmentation.services import store
from tests.browser.test_accessibility import faults_of, sign_in
from tests.support.dicom import make_series
from tests.support.images import write_nifti, write_visit
from tests.support.locking import freeze
from tests.support.world import World, build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MIB = 1024**2
PIECE_BYTES = 8 * MIB
TRANSFERS = "**/uploads/transfers/**"
FOLDER, PREFIX = "DOE_JANE_MRN-0012345", "jane_doe_slice"
"""Names as scanners and people give them; none may leave the page."""
DONE_MS = 20_000
SCANNED_MS = 60_000


@pytest.fixture
def world(transactional_db: None) -> World:
    return build_world()


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A page whose scripts stay free of errors; a line that is cut may be told to the console."""
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            faults.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    opened.goto = partial(opened.goto, wait_until="networkidle")  # type: ignore[method-assign]
    yield opened
    context.close()
    assert faults == []


def address(world: World) -> str:
    return f"/studies/{world.study.code}/visits/{world.visit_a.pk}/upload/"


@pytest.fixture
def upload_page(page: Page, world: World, live_server: Any) -> Page:
    """The page of a visit's upload, open for the coordinator of its site."""
    sign_in(page, world, "coordinator", live_server.url)
    page.goto(address(world))
    return page


def write_folder(parent: Path, *, ballast_bytes: int = 0, **header: str) -> Path:
    """Write a series as a scanner exports it: without endings, identity in every name."""
    folder = parent / FOLDER
    (folder / "S0001").mkdir(parents=True)
    for index, image in enumerate(make_series(**header)):
        if ballast_bytes:
            # A scanner's own attributes; intake drops them.
            block = image.private_block(0x0029, "MADE UP FOR A TEST", create=True)
            block.add_new(0x10, "OB", bytes([index]) * ballast_bytes)
        image.save_as(folder / "S0001" / f"{PREFIX}_{index:04d}", enforce_file_format=True)
    (folder / "report.pdf").write_bytes(b"%PDF-1.7 of Jane Doe")
    return folder


def choose_folder(page: Page, folder: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(str(folder))
    expect(card(page, folder.name)).to_be_visible(timeout=DONE_MS)


def choose_files(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([str(file) for file in files])
    for file in files:
        expect(card(page, file.name)).to_be_visible(timeout=DONE_MS)


def card(page: Page, title: str) -> Any:
    return page.get_by_role("listitem", name=title)


def say_sequence(page: Page, title: str, sequence: str) -> None:
    card(page, title).get_by_label("Sequence").select_option(sequence)


def send(page: Page) -> None:
    page.locator("[data-page=send]").click()


class Line:
    """The line between page and server: what goes over it, and where it is cut."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[Any] = []
        self.held: list[Route] = []
        self.hold_from: Callable[[Any], bool] = lambda _: False
        page.on("request", lambda request: self.requests.append(request))
        page.route(TRANSFERS, self._pass_or_hold)

    def _pass_or_hold(self, route: Route) -> None:
        if self.hold_from(route.request):
            self.held.append(route)
        else:
            route.continue_()

    def hold_pieces_from(self, offset_bytes: int) -> None:
        """Let nothing of a file through from this offset on."""
        self.hold_from = lambda request: (
            request.method == "PATCH" and int(request.headers["upload-offset"]) >= offset_bytes
        )

    def free(self) -> None:
        """Let through what comes from now on; what was held is gone."""
        self.hold_from = lambda _: False

    def close(self) -> None:
        """Let go of what is still held."""
        self.page.unroute_all(behavior="ignoreErrors")

    def of(self, method: str) -> list[Any]:
        """Return the requests of transfers with a method."""
        return [r for r in self.requests if "/transfers/" in r.url and r.method == method]

    def wait_until_held(self, count: int = 1) -> None:
        for _ in range(200):
            if len(self.held) >= count:
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"{len(self.held)} pieces were sent as far as the cut, expected {count}.")


@pytest.fixture
def line(upload_page: Page) -> Iterator[Line]:
    """The line of the upload page."""
    opened = Line(upload_page)
    yield opened
    opened.close()


def test_a_folder_that_is_paused_and_reloaded_goes_on_where_it_stopped(
    chain: None, upload_page: Page, line: Line, world: World, tmp_path: Path
):
    page = upload_page
    # A header that fits the record; otherwise the scan would wait in quarantine.
    folder = write_folder(
        tmp_path,
        ballast_bytes=MIB // 2,
        study_date=f"{world.visit_a.date:%Y%m%d}",
        birth=f"{world.patient_a.birth_month:%Y%m}17",
        sex=world.patient_a.sex,
    )
    choose_folder(page, folder)
    expect(card(page, FOLDER)).to_contain_text("32 images")
    expect(card(page, FOLDER)).to_contain_text("1 other file left out")
    line.hold_pieces_from(PIECE_BYTES)
    send(page)
    line.wait_until_held()
    expect(card(page, FOLDER)).to_contain_text("% · 8.0 MB of 16 MB")
    card(page, FOLDER).get_by_role("button", name="Pause").click()
    expect(card(page, FOLDER)).to_contain_text("Paused")
    assert Transfer.objects.get().offset_bytes == PIECE_BYTES

    page.reload(wait_until="networkidle")
    expect(page.get_by_text(re.compile(r"Unfinished upload, 49 % of 16\.\d\sMB"))).to_be_visible()
    expect(page.get_by_text("Choose the same folder or file again to go on.")).to_be_visible()
    line.free()
    line.requests.clear()
    choose_folder(page, folder)
    send(page)
    expect(page.get_by_text("All in: 1 upload received.")).to_be_visible(timeout=DONE_MS)
    assert len(line.of("HEAD")) == 1
    assert [r.headers["upload-offset"] for r in line.of("PATCH")] == [
        str(PIECE_BYTES),
        str(2 * PIECE_BYTES),
    ]
    assert line.of("POST") == []

    # It leads back by itself, and the scan appears there without a reload.
    expect(page.get_by_role("heading", name="A-001")).to_be_visible(timeout=DONE_MS)
    in_use = page.locator(".scan-list").get_by_role("link", name="Move T1w")
    expect(in_use).to_be_visible(timeout=SCANNED_MS)
    assert Scan.objects.get().visit == world.visit_a


@pytest.mark.faults
def test_a_line_that_is_cut_is_waited_for(upload_page: Page, line: Line, tmp_path: Path):
    page = upload_page
    choose_folder(page, write_folder(tmp_path, ballast_bytes=MIB // 2))
    line.hold_pieces_from(PIECE_BYTES)
    send(page)
    line.wait_until_held()
    page.context.set_offline(True)
    expect(card(page, FOLDER)).to_contain_text("It goes on by itself")
    line.free()
    page.context.set_offline(False)
    expect(page.get_by_text("All in: 1 upload received.")).to_be_visible(timeout=DONE_MS)
    assert len(line.of("POST")) == 1
    assert Upload.objects.get().size_bytes == Transfer.objects.get().size_bytes


@pytest.mark.faults
def test_a_connection_that_breaks_once_is_tried_again(
    upload_page: Page, line: Line, tmp_path: Path
):
    page = upload_page
    choose_folder(page, write_folder(tmp_path, ballast_bytes=MIB // 2))
    line.hold_pieces_from(PIECE_BYTES)
    send(page)
    line.wait_until_held()
    line.free()
    line.held[0].abort("connectionreset")
    expect(page.get_by_text("All in: 1 upload received.")).to_be_visible(timeout=DONE_MS)
    assert Upload.objects.count() == 1


def test_no_name_of_a_file_or_folder_leaves_the_page(upload_page: Page, line: Line, tmp_path: Path):
    page = upload_page
    choose_folder(page, write_folder(tmp_path))
    image = write_nifti(tmp_path / "DOE_JANE_T2.nii.gz")
    choose_files(page, image)
    say_sequence(page, image.name, "T2w")
    line.hold_pieces_from(0)
    send(page)
    line.wait_until_held(2)
    stored = page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert "/uploads/transfers/" in stored
    line.free()
    for held in line.held:
        held.continue_()
    expect(page.get_by_text("All in: 2 uploads received.")).to_be_visible(timeout=DONE_MS)

    sent = [f"{r.url} {r.headers}".encode() + (r.post_data_buffer or b"") for r in line.requests]
    kept = [store.quarantine_path(upload.pk).read_bytes() for upload in Upload.objects.all()]
    assert len(line.of("PATCH")) == 2
    for name in (b"DOE_JANE", b"jane_doe", b"S0001", b"MRN-0012345_", b"report", b".nii"):
        assert name not in stored.encode()
        for content in sent:
            # An address of the site itself may hold ".nii" nowhere, and no part of a name.
            assert name not in content
        for content in kept:
            assert name not in content
    archive = next(content for content in kept if content[257:262] == b"ustar")
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as opened:
        assert opened.getnames() == [f"{number:06d}" for number in range(1, 33)]
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_wrong_and_a_large_file_are_refused_before_a_byte_is_sent(
    upload_page: Page, line: Line, world: World, tmp_path: Path, settings: Any
):
    settings.UPLOAD_MAX_BYTES = MIB
    page = upload_page
    page.goto(address(world))
    photo, large = tmp_path / "photo.jpg", tmp_path / "large.nii"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 2000)
    large.write_bytes(write_nifti(tmp_path / "t1.nii").read_bytes() + b"\0" * 2 * MIB)
    choose_files(page, photo, large)
    expect(card(page, "photo.jpg")).to_contain_text("This file is a JPEG picture")
    expect(card(page, "large.nii")).to_contain_text("at most 1.0 MB can be sent at once")
    expect(page.locator("[data-page=send]")).to_be_hidden()
    assert line.of("POST") == line.of("PATCH") == []
    assert Transfer.objects.count() == 0


def test_a_refused_file_is_named_and_the_others_go_on(upload_page: Page, tmp_path: Path):
    page = upload_page
    good = write_visit(tmp_path)["T1w"]
    cut_off = tmp_path / "cut_off.nii"
    cut_off.write_bytes(write_nifti(tmp_path / "whole.nii").read_bytes()[:-100])
    choose_files(page, good, cut_off)
    say_sequence(page, good.name, "T1w")
    say_sequence(page, cut_off.name, "T2w")
    send(page)
    expect(card(page, good.name)).to_contain_text("Received", timeout=DONE_MS)
    expect(card(page, cut_off.name)).to_contain_text("bytes of voxels, found", timeout=DONE_MS)
    expect(page.get_by_text("1 upload received; 1 other refused, see above.")).to_be_visible()
    expect(card(page, cut_off.name).get_by_role("button", name="Try again")).to_be_visible()
    assert Upload.objects.count() == 1


def test_a_wrong_day_is_mended_beside_the_file(upload_page: Page, tmp_path: Path):
    page = upload_page
    image = write_visit(tmp_path)["T1w"]
    choose_files(page, image)
    send(page)
    expect(card(page, image.name)).to_contain_text("Say which sequence it is")
    say_sequence(page, image.name, "T1w")
    card(page, image.name).get_by_label("Acquired on").fill("2150-01-01")
    send(page)
    expect(card(page, image.name)).to_contain_text("The scan lies in the future.")
    card(page, image.name).get_by_label("Acquired on").fill("2023-05-09")
    card(page, image.name).get_by_role("button", name="Try again").click()
    expect(page.get_by_text("All in: 1 upload received.")).to_be_visible(timeout=DONE_MS)
    assert f"{Upload.objects.get().declared_acquired_on}" == "2023-05-09"


def test_what_is_cancelled_is_deleted_on_the_server(upload_page: Page, line: Line, tmp_path: Path):
    page = upload_page
    choose_folder(page, write_folder(tmp_path, ballast_bytes=MIB // 2))
    line.hold_pieces_from(PIECE_BYTES)
    send(page)
    line.wait_until_held()
    card(page, FOLDER).get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Delete what has been sent of it?")).to_be_visible()
    expect(card(page, FOLDER).get_by_role("button", name="Keep it")).to_be_focused()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        card(page, FOLDER).get_by_role("button", name="Delete").click()
    assert deleted.value.status == 204
    expect(card(page, FOLDER)).to_have_count(0)
    transfer = Transfer.objects.get()
    assert transfer.state == "CANCELLED"
    assert not store.quarantine_path(transfer.pk).exists()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_an_unfinished_upload_of_another_browser_can_be_deleted(
    upload_page: Page, line: Line, world: World, tmp_path: Path
):
    page = upload_page
    choose_folder(page, write_folder(tmp_path))
    line.hold_pieces_from(0)
    send(page)
    line.wait_until_held()
    card(page, FOLDER).get_by_role("button", name="Pause").click()
    page.evaluate("localStorage.clear()")
    page.goto(address(world))
    expect(page.get_by_text("It was begun in another browser")).to_be_visible()
    page.get_by_role("button", name="Delete the unfinished upload").click()
    expect(page.get_by_text("It was begun in another browser")).to_have_count(0)
    assert Transfer.objects.get().state == "CANCELLED"


@pytest.mark.faults
def test_three_go_at_once_and_none_waits_for_one_that_stands(
    upload_page: Page, line: Line, tmp_path: Path
):
    page = upload_page
    images = [write_nifti(tmp_path / f"{index}.nii", slope=1 + index) for index in range(5)]
    choose_files(page, *images)
    for index, image in enumerate(images):
        say_sequence(page, image.name, ("T1w", "T2w", "FLAIR")[index % 3])
    line.hold_pieces_from(0)
    send(page)
    line.wait_until_held(3)
    page.wait_for_timeout(500)
    assert len(line.held) == 3
    expect(card(page, "3.nii")).to_contain_text("Waiting")
    # One stands still for good; the other four get through beside it.
    line.free()
    for held in line.held[1:]:
        held.continue_()
    states = page.locator(".upload-item .state")
    expect(states.filter(has_text="Received")).to_have_count(4, timeout=DONE_MS)
    expect(states.filter(has_text="Sending")).to_have_count(1)
    page.get_by_role("button", name="Pause all").click()
    expect(states.filter(has_text="Paused")).to_have_count(1)
    page.get_by_role("button", name="Go on with all").click()
    expect(page.get_by_text("All in: 5 uploads received.")).to_be_visible(timeout=DONE_MS)


@pytest.mark.faults
def test_who_is_signed_out_meanwhile_can_go_on_after_signing_in(
    upload_page: Page, line: Line, world: World, tmp_path: Path, live_server: Any
):
    page = upload_page
    choose_folder(page, write_folder(tmp_path, ballast_bytes=MIB // 2))
    line.hold_pieces_from(PIECE_BYTES)
    send(page)
    line.wait_until_held()
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    line.free()
    line.held[0].abort("connectionreset")
    expect(card(page, FOLDER)).to_contain_text("You were signed out.", timeout=DONE_MS)
    page.context.add_cookies(cookies)
    card(page, FOLDER).get_by_role("button", name="Go on").click()
    expect(page.get_by_text("All in: 1 upload received.")).to_be_visible(timeout=DONE_MS)


def test_leaving_while_something_moves_is_asked_about(
    upload_page: Page, line: Line, tmp_path: Path
):
    page = upload_page
    choose_folder(page, write_folder(tmp_path))
    line.hold_pieces_from(0)
    send(page)
    line.wait_until_held()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Patients", exact=True).click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    card(page, FOLDER).get_by_role("button", name="Pause").click()
    page.get_by_role("link", name="Patients", exact=True).click()
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()
    assert asked == ["beforeunload"]


def faults_now(page: Page) -> list[str]:
    """Look at the page afresh: what was reached in an earlier state counts no more."""
    page.evaluate(
        "document.querySelectorAll('[data-reached]').forEach((e) => delete e.dataset.reached)"
    )
    return faults_of(page)


def test_the_page_is_usable_in_every_state_without_a_mouse(
    upload_page: Page, line: Line, tmp_path: Path
):
    page = upload_page
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 2000)
    image = write_visit(tmp_path)["T1w"]
    choose_files(page, photo, image)
    assert faults_now(page) == []
    send(page)
    expect(card(page, image.name).get_by_label("Sequence")).to_be_focused()
    assert faults_now(page) == []
    say_sequence(page, image.name, "T1w")
    line.hold_pieces_from(0)
    send(page)
    line.wait_until_held()
    assert faults_now(page) == []
    card(page, image.name).get_by_role("button", name="Cancel").press("Enter")
    assert faults_now(page) == []
    card(page, image.name).get_by_role("button", name="Keep it").press("Enter")
    card(page, image.name).get_by_role("button", name="Pause").press("Enter")
    assert faults_now(page) == []
    line.free()
    card(page, image.name).get_by_role("button", name="Go on").press("Enter")
    expect(page.get_by_text("1 upload received; 1 other refused")).to_be_visible(timeout=DONE_MS)
    expect(page.get_by_role("link", name="Go to A-001")).to_be_focused()
    assert faults_now(page) == []


def test_without_scripts_the_plain_form_works(
    browser: Browser, live_server: Any, world: World, tmp_path: Path
):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, world, "coordinator", live_server.url)
    page.goto(address(world))
    images = write_visit(tmp_path)
    expect(page.get_by_role("button", name="Choose a folder")).to_be_hidden()
    page.get_by_label("T1w, NIfTI").set_input_files(str(images["T1w"]))
    page.get_by_label("T2w, NIfTI").set_input_files(str(images["T2w"]))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("2 files were received")).to_be_visible()
    context.close()


def test_what_goes_is_named_before_anything_is_sent(upload_page: Page, line: Line, tmp_path: Path):
    page = upload_page
    choose_folder(page, write_folder(tmp_path))
    shown = card(page, FOLDER)
    shown.get_by_text("De-identification:").click()
    expect(shown.get_by_text("Series 1 (MR, 32 images")).to_be_visible()
    expect(shown.locator("[data-fate=remove]")).to_contain_text("Patient's Birth Date")
    expect(shown.locator("[data-fate=replace]")).to_contain_text("Patient's Name (subject code)")
    expect(shown.locator("[data-fate=shift]")).to_contain_text("Study Date")
    expect(shown.locator("[data-fate=remap]")).to_contain_text("Series Instance UID")
    expect(shown.locator("[data-fate=keep]")).to_contain_text("Repetition Time")
    # Names of attributes, never what they say; and nothing of it is sent.
    for value in ("Doe", "MRN-0012345", "20180304"):
        assert value not in shown.inner_text().replace(FOLDER, "")
    assert faults_now(page) == []
    assert [r.method for r in line.requests if r.method != "GET"] == []


def test_two_patients_in_one_folder_are_noticed_before_they_are_sent(
    upload_page: Page, tmp_path: Path
):
    folder = write_folder(tmp_path)
    (other,) = make_series(slices=1, patient="Roe^Richard", patient_id="MRN-9")
    other.ImageType = ["DERIVED", "SECONDARY"]
    other.save_as(folder / "other", enforce_file_format=True)
    choose_folder(upload_page, folder)
    shown = card(upload_page, FOLDER)
    expect(shown).to_contain_text("These images name 2 different patients.")
    expect(shown).to_contain_text("Series 2 will not be taken: it was computed from another one")


def test_where_nothing_can_be_shown_the_page_says_so(upload_page: Page, tmp_path: Path):
    image = write_visit(tmp_path)["T1w"]
    damaged = tmp_path / "scan.zip"
    damaged.write_bytes(b"PK\3\4" + b"\0" * 100)
    choose_files(upload_page, image, damaged)
    expect(card(upload_page, image.name)).to_contain_text("has no fields for a patient")
    expect(card(upload_page, "scan.zip")).to_contain_text("could not be shown here")


@pytest.mark.faults
def test_a_server_that_cannot_answer_for_a_moment_costs_no_piece_that_is_there(
    upload_page: Page, line: Line, tmp_path: Path
):
    page = upload_page
    choose_folder(page, write_folder(tmp_path, ballast_bytes=MIB // 2))
    line.hold_pieces_from(PIECE_BYTES)
    send(page)
    line.wait_until_held()
    card(page, FOLDER).get_by_role("button", name="Pause").click()
    line.free()
    refused: list[str] = []

    def busy_once(route: Route) -> None:
        if route.request.method == "HEAD" and not refused:
            refused.append(route.request.url)
            route.fulfill(status=503)
        else:
            route.fallback()

    page.route(TRANSFERS, busy_once)
    card(page, FOLDER).get_by_role("button", name="Go on").click()
    expect(page.get_by_text("All in: 1 upload received.")).to_be_visible(timeout=DONE_MS)
    assert (len(refused), Transfer.objects.count(), len(line.of("POST"))) == (1, 1, 1)


def test_what_a_freeze_refused_is_deleted_on_the_server_when_it_is_removed(
    upload_page: Page, line: Line, world: World, tmp_path: Path
):
    page = upload_page
    choose_folder(page, write_folder(tmp_path, ballast_bytes=MIB // 2))
    line.hold_pieces_from(PIECE_BYTES)
    send(page)
    line.wait_until_held()
    card(page, FOLDER).get_by_role("button", name="Pause").click()
    freeze(world, world.visit_a)
    line.free()
    card(page, FOLDER).get_by_role("button", name="Go on").click()
    expect(card(page, FOLDER)).to_contain_text("Refused", timeout=DONE_MS)
    card(page, FOLDER).get_by_role("button", name="Remove").click()
    expect(card(page, FOLDER)).to_have_count(0)
    found = Transfer.objects.get()
    assert (found.state, store.quarantine_path(found.pk).exists()) == ("CANCELLED", False)
