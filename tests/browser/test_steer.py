"""The steer page in a browser: sliders that steer live, settings that have an effect, runs that can be shared."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from playwright.async_api import Locator, Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways
from tests.running import RunningSite

STEER = f"/{dataset.MODEL}/steer"
WITH_FEATURE = f"{STEER}?source={dataset.SOURCE}&index=12&strength=120"
WRITING = 60_000


def default(page: Page) -> Locator:
    return page.locator("[data-pane=default]")


def steered(page: Page) -> Locator:
    return page.locator("[data-pane=steered]")


def written(page: Page) -> Locator:
    """The first piece of what the steered side wrote."""
    return steered(page).locator(".written").last.locator("span:not(.asked)").first


async def finished(page: Page) -> tuple[str, str]:
    """Both texts once they are complete, and no run that a slider has asked for is still to begin."""
    quiet = page.locator("[data-pane][aria-busy=false]")
    for _ in range(20):
        await expect(quiet).to_have_count(2, timeout=WRITING)
        await page.wait_for_timeout(500)
        if await quiet.count() == 2:
            break
    await expect(written(page)).not_to_be_empty(timeout=WRITING)
    await expect(quiet).to_have_count(2, timeout=WRITING)
    return await default(page).inner_text(), await steered(page).inner_text()


async def opened(page: Page, path: str = WITH_FEATURE, tokens: int = 12) -> Page:
    """The page with its feature in place, writing few tokens."""
    await page.goto(path)
    await expect(page.locator(".steer-feature")).to_have_count(1)
    await put(page, "new tokens", str(tokens))
    await expect(page.get_by_label("new tokens", exact=True)).to_have_attribute("value", str(tokens))  # it is known
    return page


async def put(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    await field.fill(value)
    await field.press("Tab")
    await expect(page.get_by_label(label, exact=True)).to_have_value(value)


async def test_the_address_brings_the_feature_and_both_texts_are_written(page: Page, inference: RunningSite) -> None:
    await opened(page)
    plain, changed = await finished(page)
    assert plain.startswith("The house at the end of the street was ")
    assert changed.startswith("The house at the end of the street was ")
    assert plain != changed
    assert await steered(page).locator(".differs").count() > 0
    await expect(page).to_have_title(re.compile("Steer smollm2-135m-it"))


async def test_a_slider_at_zero_gives_the_unsteered_text(page: Page, inference: RunningSite) -> None:
    await opened(page)
    await finished(page)
    await page.locator(".steer-feature input[type=range]").fill("0")
    await expect(steered(page).locator(".differs")).to_have_count(0, timeout=WRITING)
    plain, unchanged = await finished(page)
    assert plain == unchanged


async def test_a_moved_slider_steers_live_and_leaves_the_unsteered_text(page: Page, inference: RunningSite) -> None:
    await opened(page)
    plain, before = await finished(page)
    await page.locator(".steer-feature input[type=range]").fill("-150")
    await expect(steered(page)).not_to_have_text(before, timeout=WRITING)
    again, after = await finished(page)
    assert (again, after != before) == (plain, True)
    await expect(page.locator(".steer-feature input[type=number]")).to_have_value("-150")


async def test_a_typed_strength_moves_the_slider(page: Page, inference: RunningSite) -> None:
    await opened(page)
    number = page.locator(".steer-feature input[type=number]")
    await number.fill("33")
    await number.press("Tab")
    await expect(page.locator(".steer-feature input[type=range]")).to_have_value("33")


async def test_the_seed_changes_the_unsteered_text(page: Page, inference: RunningSite) -> None:
    await opened(page)
    await put(page, "temperature", "1.5")
    plain, _ = await finished(page)
    await put(page, "seed", "4321")
    await expect(default(page)).not_to_have_text(plain, timeout=WRITING)


async def test_stop_ends_the_run(page: Page, inference: RunningSite) -> None:
    await opened(page, tokens=256)
    await expect(written(page)).not_to_be_empty(timeout=WRITING)
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("[data-pane=steered][aria-busy=false]")).to_be_visible()
    kept = await steered(page).inner_text()
    await page.wait_for_timeout(700)
    assert await steered(page).inner_text() == kept


async def test_a_feature_is_found_by_its_explanation_or_place_and_removed(page: Page, inference: RunningSite) -> None:
    await page.goto(STEER)
    await expect(page.get_by_text("Nothing is steered yet")).to_be_visible()
    box = page.get_by_label("Add a feature")
    await box.fill("pushes")
    await expect(page.locator(".steer-add [role=option]").first).to_be_visible()
    await page.locator(".steer-add [role=option]").first.click()
    await expect(page.locator(".steer-feature")).to_have_count(1)
    await box.fill("15/20")
    await box.press("Enter")
    await expect(page.locator(".steer-feature")).to_have_count(2)
    await expect(page.locator(".steer-feature").last).to_contain_text("15 · 20")
    await page.get_by_role("button", name=re.compile("^Remove")).first.click()
    await expect(page.locator(".steer-feature")).to_have_count(1)


async def test_five_strengths_are_compared(page: Page, inference: RunningSite) -> None:
    await opened(page)
    await finished(page)
    await page.get_by_role("button", name="Compare").click()
    await expect(page.locator(".steer-strip > div")).to_have_count(5)
    await expect(page.locator(".steer-strip p:not(.streaming)")).to_have_count(5, timeout=WRITING)
    texts = await page.locator(".steer-strip p").all_inner_texts()
    assert all(texts)
    assert len(set(texts)) > 1


async def test_a_method_reads_strengths_its_own_way(page: Page, inference: RunningSite) -> None:
    await opened(page)
    _, additive = await finished(page)
    await page.get_by_label("method", exact=True).select_option("ablation")
    await expect(page.locator(".steer-feature input[type=number]")).to_have_value("1")
    await expect(steered(page)).not_to_have_text(additive, timeout=WRITING)
    await page.get_by_label("method", exact=True).select_option("additive")
    await expect(page.locator(".steer-feature input[type=range]")).not_to_have_value("1")


async def test_a_preset_brings_features_settings_and_a_prompt(page: Page, inference: RunningSite) -> None:
    await page.goto(f"{STEER}?preset=twelve")
    await expect(page.locator(".steer-feature input[type=range]")).to_have_value("90")
    await expect(page.get_by_label("temperature")).to_have_value("0")
    plain, _ = await finished(page)
    await page.get_by_label("Begin with a preset").select_option("sunday")
    await expect(default(page)).to_contain_text("On Sunday we", timeout=WRITING)
    again, _ = await finished(page)
    assert again != plain
    await page.goto(STEER)
    await page.get_by_role("button", name="Twelve <img").click()
    await expect(page.locator(".steer-feature")).to_have_count(1)
    assert await page.evaluate("window.hacked") is None


async def test_a_preset_brings_its_condition_and_stop_strings(page: Page, inference: RunningSite) -> None:
    """Where its feature never is so active nothing is steered, and the next preset steers everywhere again."""
    await page.goto(f"{STEER}?preset=never")
    await expect(page.locator(".steer-feature")).to_have_count(1)
    plain, unchanged = await finished(page)
    assert plain == unchanged
    await page.get_by_text("Where and how").click()
    await expect(page.get_by_label("only where")).to_have_value(f"{dataset.SOURCE}/20")
    await expect(page.get_by_label("is above")).to_have_value("1000000")
    await page.get_by_text("Sampling").click()
    await expect(page.get_by_label("stop at")).to_have_value(".")
    await page.get_by_label("Begin with a preset").select_option("twelve")
    await expect(page.get_by_label("only where")).to_have_value("")
    await expect(page.get_by_label("stop at")).to_have_value("")
    await expect(steered(page).locator(".differs").first).to_be_visible(timeout=WRITING)


async def test_a_vector_of_ones_own_is_pasted_and_steers(page: Page, inference: RunningSite) -> None:
    await page.goto(STEER)
    await page.get_by_role("button", name="+ vector").click()
    dialog = page.get_by_role("dialog", name="A vector of your own")
    await dialog.get_by_label("Name").fill("waves <b>")
    await dialog.get_by_label("Numbers").fill("[1, 2, 3]")
    await dialog.get_by_role("button", name="Keep and steer").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("576")
    await dialog.get_by_label("Numbers").fill(", ".join(str((-1) ** i) for i in range(576)))
    await dialog.get_by_label("Strength").fill("9")
    await dialog.get_by_role("button", name="Keep and steer").click()
    await expect(page.locator(".steer-feature")).to_contain_text("waves <b>")
    await put(page, "new tokens", "8")
    plain, changed = await finished(page)
    assert plain != changed
    await page.get_by_label("Add a feature").fill("waves")
    await expect(page.locator(".steer-add [role=option]").first).to_contain_text("vector")


async def test_a_token_shows_what_else_was_likely(page: Page, inference: RunningSite) -> None:
    await opened(page)
    await finished(page)
    token = steered(page).locator("[data-i]").nth(3)
    await token.hover()
    tip = page.locator(".choices")
    await expect(tip.locator(".choice").nth(4)).to_be_visible()
    assert (await token.inner_text()).strip() in (await tip.locator(".chosen").inner_text())
    await page.keyboard.press("Escape")


async def test_a_run_is_taken_away_as_json_and_as_a_script(page: Page, inference: RunningSite) -> None:
    await opened(page)
    _, changed = await finished(page)
    files = {}
    for name in ("JSON", "script"):
        async with page.expect_download() as download:
            await page.get_by_role("button", name=f"Download {name}").click()
        files[name] = (await (await download.value).path()).read_text(encoding="utf-8")
    run = json.loads(files["JSON"])
    assert run["request"]["prompt"] + run["texts"]["steered"]["text"] == changed
    assert "'features': [('15-res-4k', 12, 120.0)]" in files["script"]
    compile(files["script"], "run.py", "exec")


async def test_a_shared_run_opens_again_with_both_texts(page: Page, inference: RunningSite) -> None:
    await opened(page)
    plain, changed = await finished(page)
    await page.get_by_role("button", name="Share").click()
    await expect(page).to_have_url(re.compile(r"\?saved=[\w-]+$"))
    await page.goto(urlsplit(page.url)._replace(scheme="", netloc="").geturl())
    await expect(steered(page)).to_have_text(changed)
    await expect(default(page)).to_have_text(plain)
    await expect(page.locator(".steer-feature input[type=range]")).to_have_value("120")
    await expect(page.get_by_label("new tokens")).to_have_value("12")


async def test_an_unknown_run_or_feature_is_a_sentence(page: Page) -> None:
    await page.goto(f"{STEER}?saved=nothing")
    await expect(page.get_by_role("alert")).to_contain_text("nothing")
    await page.goto(f"{STEER}?source={dataset.SOURCE}&index=99999")
    await expect(page.get_by_role("alert")).to_contain_text("features 0 to 4095")


async def test_a_hostile_explanation_is_text(page: Page) -> None:
    await page.goto(f"{STEER}?source={dataset.SOURCE}&index={dataset.MARKUP}")
    await expect(page.locator(".steer-feature")).to_contain_text("<img src=x")
    assert await page.evaluate("window.hacked") is None


async def test_a_phone_shows_text_before_settings(phone: Page, inference: RunningSite) -> None:
    await phone.goto(WITH_FEATURE)
    await expect(phone.locator(".steer-feature")).to_have_count(1)
    assert not await scrolls_sideways(phone)
    pane = await phone.locator("[data-pane=steered]").bounding_box()
    seed = await phone.get_by_label("seed", exact=True).bounding_box()
    assert pane is not None
    assert seed is not None
    assert pane["y"] < seed["y"]
