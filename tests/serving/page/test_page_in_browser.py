"""What a person does on the page, done in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Until = Callable[[str], None]
WRITTEN = "document.querySelectorAll('.card .written code').length"


def put_in(page: Any, text: str) -> None:
    page.get_by_label("Paste or type").fill(text)


def ask(page: Any, words: str, output: str, **settings: str) -> None:
    page.get_by_label("In your own words").fill(words)
    page.get_by_label("Answer as").select_option(output)
    if settings:
        page.locator("summary", has_text="Settings").click()
    for label, value in settings.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Ask", exact=True).last.click()


def test_what_is_typed_is_drawn_and_an_error_points_at_its_place(page: Any, until: Until) -> None:
    put_in(page, "CC(=O)Oc1ccccc1")
    page.wait_for_selector(".preview .drawing svg .atom-selector")
    put_in(page, "CC(=O)Oc1cc?ccc1")
    assert page.wait_for_selector(".fault .at mark").text_content() == "?"
    put_in(page, "MKTAYIAKQRQISFVKSHFSRQ")
    page.wait_for_selector(".preview .ruler")
    assert page.locator(".preview .letter").count() == 22
    put_in(page, "MKTAY1AKQR")
    until("document.querySelector('.fault .at mark')?.textContent === '1'")


@pytest.mark.exhaustive
def test_a_dropped_file_becomes_one_input_a_record(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "two.fasta"
    file.write_text(">first\nMKTAYIAKQR\n>second\nGSHMLEDPVR\n")
    page.locator("input[type=file]").set_input_files(str(file))
    page.wait_for_selector(".tray .chip >> text=second")
    assert page.locator(".tray .chip").count() == 3  # and the one that adds another
    refused = tmp_path / "some.xyz"
    refused.write_text("1\n\nC 0 0 0\n")
    page.locator("input[type=file]").set_input_files(str(refused))
    assert "no bonds" in page.wait_for_selector(".fault >> text=XYZ").text_content()


def test_a_task_answers_with_drawings_structure_checks_and_files(page: Any, tmp_path: Path) -> None:
    page.get_by_role("button", name="Caffeine 3D").click()
    page.wait_for_selector(".preview .drawing svg")
    page.locator(".task", has_text="3D structure of").get_by_role("button").click()
    page.wait_for_selector(".card .stage-foot select")
    card = page.locator(".card").first
    assert re.search(r"\d+ of \d+ checks passed", card.locator(".badge").text_content())
    assert "Confidence" in card.locator(".confidence").text_content()
    card.locator("summary", has_text="Checks").click()
    assert "Angstrom" in card.locator("table").text_content()
    for colouring in ("confidence", "checks", "chain"):
        card.get_by_label("Colour by").select_option(colouring)
    with page.expect_download() as got:
        card.get_by_role("button", name="Download as .sdf").click()
    assert "M  END" in Path(got.value.path()).read_text()
    with page.expect_download() as got:
        card.get_by_role("button", name="Download everything").click()
    kept = json.loads(Path(got.value.path()).read_text())
    assert kept["request"]["body"]["seed"] == 0
    assert kept["answer"]["tokens"]
    page.screenshot(path=tmp_path / "answer.png", full_page=True)


@pytest.mark.exhaustive
def test_a_fold_lies_over_its_native_structure(page: Any, tmp_path: Path) -> None:
    page.get_by_role("button", name="Human dihydrofolate reductase 3D").click()
    page.wait_for_selector(".preview .ruler")
    page.get_by_role("button", name="Run: Propose a fold for a sequence").click()
    page.wait_for_selector(".card .stage-foot select")
    assert "Angstrom" in page.locator(".card .stage-foot").text_content()  # how far it is from the input
    assert page.get_by_label("input, in grey").is_checked()
    page.locator(".card .letter").nth(20).hover()
    page.wait_for_selector(".card .token.lit")
    page.screenshot(path=tmp_path / "fold.png", full_page=True)


@pytest.mark.exhaustive
def test_of_several_inputs_the_chosen_one_is_asked_about(page: Any, tmp_path: Path) -> None:
    put_in(page, "CCO")
    page.wait_for_selector(".preview .drawing svg")
    file = tmp_path / "three.smi"
    file.write_text("CCN ethylamine\nCCC propane\n")
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("button", name="3 molecule: propane").click()
    assert "{input 3} stands for propane" in page.locator(".sent").text_content()
    task = page.locator(".task", has_text="log solubility").first
    assert "of propane" in task.text_content()
    task.get_by_role("button").click()
    page.wait_for_selector(".card .downloads")
    with page.expect_download() as got:
        page.get_by_role("button", name="Download everything").click()
    entities = json.loads(Path(got.value.path()).read_text())["request"]["body"]["entities"]
    assert len(entities) == 1
    assert "CCC" in json.dumps(entities)
    assert page.locator(".card .confidence").text_content().startswith("Confidence not calibrated")


def test_a_token_lights_its_atom_and_an_atom_its_token(page: Any) -> None:
    ask(page, "Make a molecule in 3D.", "molecule_structure")
    page.wait_for_selector(".card .stage-foot select")
    token = page.locator(".card .token.stands", has_text="[C ").first
    unit = int(re.search(r"atom (\d+)", token.get_attribute("aria-label"))[1]) - 1
    token.hover()
    page.wait_for_selector(f".card .atom-selector.atom-{unit}.lit", state="attached")
    page.locator("h1").hover()
    page.locator(f".card .atom-selector.atom-{unit}").hover()
    page.wait_for_selector(".card .token.lit")
    page.locator("h1").hover()
    token.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "option"
    box = page.locator(".card .stage canvas").bounding_box()
    page.wait_for_timeout(500)
    for step in range(60):  # over the structure, until the pointer meets an atom
        across, down = 0.3 + 0.04 * (step % 10), 0.35 + step / 200
        page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        page.wait_for_timeout(60)
        if page.locator(".card .token.lit").count():
            break
    assert page.locator(".card .token.lit").count() >= 1


@pytest.mark.exhaustive
def test_webgl_contexts_are_given_back(page: Any, until: Until) -> None:
    ask(page, "Make a molecule in 3D.", "molecule_structure", Samples="2")
    until("document.querySelectorAll('.card .stage-foot select').length === 2")
    assert page.evaluate("window.taken.filter(one => !one.isContextLost()).length") == 2
    page.get_by_role("button", name="Remove").click()
    until("window.taken.every(one => one.isContextLost())")
    assert page.locator("canvas").count() == 0


@pytest.mark.exhaustive
def test_an_answer_streams_and_can_be_stopped(page: Any) -> None:
    ask(page, "Make a protein.", "protein_structure", Samples="24", Length="400")
    page.wait_for_selector(".tokens.live .of-modality")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".run .state >> text=Stopped.")
    assert page.locator(".badge", has_text="cut off").count() > 0


def test_a_lost_connection_says_so_and_the_answer_comes_all_the_same(page: Any, wire: Any, until: Until) -> None:
    page.expected.append("ERR_")
    page.evaluate(
        "window.states = []; new MutationObserver(() => window.states.push("
        "document.querySelector('.run .state')?.textContent))"
        ".observe(document.getElementById('answers'), {subtree: true, childList: true, characterData: true})"
    )
    wire.cut_after(3)
    before = wire.cuts
    ask(page, "Make a molecule.", "molecule_selfies", Seed="3", Samples="4")
    until(f"{WRITTEN} === 4")
    assert wire.cuts == before + 1
    assert any("Connection lost" in (one or "") for one in page.evaluate("window.states"))
    written = page.locator(".card .written code").all_text_contents()
    page.get_by_role("button", name="Run again").click()
    until(f"{WRITTEN} === 8")
    assert page.locator(".run").first.locator(".written code").all_text_contents() == written


def test_a_link_and_the_history_reproduce_a_request(page: Any, wire: Any, until: Until) -> None:
    put_in(page, "CCO")
    page.wait_for_selector(".preview .drawing svg")
    ask(page, "Something like {input}", "molecule_smiles", Seed="7")
    page.wait_for_selector(".card .written code")
    written = page.locator(".card .written code").text_content()
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_role("button", name="Copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{wire.url}/#r=")
    page.get_by_role("button", name="Copy as curl").click()
    until("document.getElementById('said').textContent === 'Copied.'")
    assert "/v1/" in page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(link)
    page.get_by_role("button", name="Run it").click()
    page.wait_for_selector(".card .written code")
    assert page.locator(".card .written code").text_content() == written
    page.get_by_role("button", name="History").click()
    page.get_by_role("button", name=re.compile("^Open: Something like")).first.click()
    page.get_by_role("button", name="Run it").wait_for()
    assert page.get_by_label("Paste or type").input_value() == "CCO"


@pytest.mark.exhaustive
def test_python_that_is_copied_runs(page: Any, tmp_path: Path) -> None:
    ask(page, "Make a molecule.", "molecule_smiles", Seed="5")
    page.wait_for_selector(".card .written code")
    page.get_by_role("button", name="Copy as Python").click()
    page.locator(".run-head button", has_text="Copied").wait_for()
    script = tmp_path / "asked.py"
    script.write_text(page.evaluate("navigator.clipboard.readText()"))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert page.locator(".card .written code").text_content() in done.stdout


@pytest.mark.exhaustive
def test_the_explorer_draws_the_error_along_the_chain(page: Any, tmp_path: Path) -> None:
    page.get_by_role("button", name="Human dihydrofolate reductase 3D").click()
    page.wait_for_selector(".preview .ruler")
    page.get_by_role("button", name="Token explorer").click()
    page.get_by_role("button", name="Encode and decode").click()
    page.wait_for_selector("#explorer .stage-foot select")
    assert page.locator("#explorer .column").count() == 186
    page.locator("#explorer .column").nth(40).hover()
    page.wait_for_selector("#explorer .ruler .letter.lit")
    assert page.locator("#explorer .token.lit").count() == 1
    page.screenshot(path=tmp_path / "explorer.png", full_page=True)
    page.get_by_role("button", name="Decode these below").click()
    page.get_by_role("button", name="Decode", exact=True).click()
    page.wait_for_selector("#explorer .state >> text=A protein")


@pytest.mark.exhaustive
def test_constraints_come_from_the_kind_and_hold(page: Any, until: Until) -> None:
    page.get_by_label("Answer as").select_option("molecule_smiles")
    ask(page, "Make a molecule.", "molecule_smiles", Samples="2")
    until(f"{WRITTEN} === 2")
    page.locator("summary", has_text="Constraints").click()
    page.get_by_label("Formula", exact=True).fill("C8H10N4O2")
    page.get_by_role("button", name="Ask", exact=True).last.click()
    until(f"{WRITTEN} === 4")
    for text in page.locator(".run").first.locator(".written code").all_text_contents():
        assert sum(letter in "Nn" for letter in text) == 4


@pytest.mark.exhaustive
def test_dark_and_phone_width(page: Any, tmp_path: Path) -> None:
    page.get_by_role("button", name="Caffeine", exact=True).click()
    page.wait_for_selector(".preview .drawing svg")
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.screenshot(path=tmp_path / "dark.png", full_page=True)
    for _ in range(2 if page.locator("#theme").get_attribute("title") != "Colours: light" else 1):
        page.locator("#theme").click()
        if page.locator("#theme").get_attribute("title") == "Colours: light":
            break
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=tmp_path / "phone.png", full_page=True)


def test_keyboard_reaches_the_input_first_and_everything_has_a_name(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the input"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "put-in"
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, select, textarea, input:not([type=file])')].filter(one =>"
        "!(one.textContent.trim() && one.tagName === 'BUTTON') && !one.labels?.length && !one.ariaLabel)"
        ".map(one => one.outerHTML)"
    )
    assert nameless == []


def test_a_hostile_drawing_or_text_does_nothing(page: Any) -> None:
    hostile = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9' onload='window.hit=1'>"
        "<script>window.hit=1</script><a href='javascript:window.hit=1'><path d='M0 0'/></a>"
        "<foreignObject><img src='x' onerror='window.hit=1'/></foreignObject><style>*{}</style>"
        "<path class='atom-0 evil' d='M1 1' onclick='window.hit=1' style='fill:url(http://x.example/)' /></svg>"
    )
    page.expected.append("Applying inline style")  # said of the style sheet in it, which was refused
    rebuilt = page.evaluate(
        "async (svg) => { const { drawing } = await import('/page/drawing.js'); const made = drawing(svg);"
        "document.body.append(made); return made.outerHTML; }",
        hostile,
    )
    assert re.search(r"script|foreignObject|href|on\w+=|url|evil|<style|<a", rebuilt) is None
    assert "atom-0" in rebuilt
    page.get_by_label("In your own words").fill("<img src=x onerror=window.hit=1>")
    page.get_by_role("button", name="Ask", exact=True).last.click()
    page.wait_for_selector(".run .state >> text=answer")
    assert page.evaluate("window.hit") is None


def test_the_first_useful_paint_takes_less_than_a_second(page: Any, wire: Any) -> None:
    times: list[float] = []  # in milliseconds; the best of some, as other work of the machine delays the rest
    while len(times) < 6 and min(times, default=1000) >= 1000:
        page.goto("about:blank")
        page.goto(wire.url)
        page.wait_for_selector("body[data-ready]")
        times.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    assert min(times) < 1000, times
