"""What the window knows of nodes before the engine is there."""

from __future__ import annotations

from app.catalogue import SHIPPED, Catalogue, NodeCard, PortCard, answering, catalogue_of, fits, shipped_catalogue
from core.graph.node_spec import NodeRegistry


def test_the_shipped_copy_is_that_of_the_nodes() -> None:
    import nodes

    current = catalogue_of(nodes.registry(), ask_choices=False).to_json()
    assert SHIPPED.read_text(encoding="utf-8") == current, "the nodes changed: run python -m app.catalogue"


def test_reading_the_shipped_copy_loses_nothing() -> None:
    assert shipped_catalogue().to_json() == SHIPPED.read_text(encoding="utf-8")


def test_subclasses_and_whole_numbers_fit_as_core_says() -> None:
    image, mask = PortCard("image", ("Image",)), PortCard("mask", ("Mask", "Image"))
    whole, real = PortCard("count", ("int",)), PortCard("scale", ("float",))
    anything = PortCard("any", ("object",))
    assert fits(mask, image)
    assert not fits(image, mask)
    assert fits(whole, real)
    assert not fits(real, whole)
    assert fits(image, anything)


def test_cards_describe_settings_and_pictures(registry: NodeRegistry) -> None:
    catalogue: Catalogue = catalogue_of(registry)
    words = catalogue.get("test.words")
    assert isinstance(words, NodeCard)
    kind = words.setting("kind")
    assert kind is not None
    assert kind.choices == ("plain", "loud")
    text = words.setting("text")
    assert text is not None
    assert (text.widget, text.shown, text.max_length) == ("multiline", True, 50)


def test_a_search_puts_the_title_before_the_category_and_that_before_the_help() -> None:
    kinds = (
        ("Prompt", "Condition", "Says what the noise becomes."),
        ("Blur", "Noise", ""),
        ("Denoise", "Sample", ""),
        ("Add noise", "Sample", ""),
        ("Noise map", "Sample", ""),
        ("Noise", "Sample", ""),
        ("Save", "Image", ""),
    )
    cards = [NodeCard(title.lower(), title, category, help) for title, category, help in kinds]
    found = [card.title for card in answering(cards, " NOISE ")]
    assert found == ["Noise", "Noise map", "Add noise", "Denoise", "Blur", "Prompt"]
    assert [card.title for card in answering(cards, "noise add")] == ["Add noise"]
    assert answering(cards, "") == cards


def test_the_shipped_kinds_are_found_first_by_their_titles() -> None:
    cards = shipped_catalogue().all()
    titles = [card.title for card in cards]
    for card in cards:
        if titles.count(card.title) == 1:
            assert answering(cards, card.title)[0] is card
