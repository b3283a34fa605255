"""An inpainting loop built around a picture and a node for painting masks, from the workflow that ships for it."""

from __future__ import annotations

from dataclasses import replace

from app.catalogue import Catalogue, PortCard
from app.document import TEMPLATES
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, Group
from core.graph.fragment import corner, fragment_of, paste
from core.graph.json_types import Json
from core.graph.workflow import Edit, Link, Node, Point, Workflow, new_id

TEMPLATE = TEMPLATES / "inpainting.json"
_LOADED = {"Autoencoder", "Denoiser", "Conditioner"}
_SAMPLER, _NOISE, _PROMPT = "loom.sample.denoise", "loom.latent.noise", "loom.condition.text"
_CROP, _STITCH = "loom.image.crop_to_mask", "loom.image.stitch"
_COLUMN = 224.0


class LoopBuilder:
    """Makes the edit that adds a loop.

    The model is the one that the workflow loads, and the prompts begin with its words; where it loads none, with
    those of `before`, the workflow that the picture was made by. A picture of another size than the model made in it
    is cropped around the mask and stitched together again.
    """

    def __init__(self, workflow: Workflow, catalogue: Catalogue, before: Workflow | None = None) -> None:
        self._into, self._catalogue = workflow, catalogue
        self._like = workflow if before is None or _loader(workflow, catalogue) else before
        self._template = workflow_file.load(TEMPLATE).workflow

    def build(self, picture: tuple[str, str], mask: str, size: tuple[int, int] | None, place: Point) -> Group:
        """Return the edit.

        Args:
            picture: Node and output of the picture, which may be added by an edit before this one.
            mask: The node that is painted on, likewise.
            size: Width and height of the picture in pixels, or None where it is not known yet.
            place: Upper left corner of what is added, in canvas pixels.
        """
        template, sides = self._template, self._sides()
        edits: list[Edit] = []
        model, outputs = self._model(edits, place)
        left_out = {"picture", "mask", "model", "save"}
        part = fragment_of(template, set(template.nodes) - left_out)
        for id in part.nodes:
            part.put_node(self._suited(part.nodes[id], sides))
        x, y = corner(part)
        pasted = paste(part, (place[0] + _COLUMN - x, place[1] - y))
        edits += pasted.edit.edits
        ends = {"picture": picture, "mask": (mask, "mask")}
        for link in template.links.values():
            if link.target in pasted.ids and link.source in left_out:
                source, output = ends.get(link.source) or (model, outputs[link.output])
                edits.append(Connect(Link(source, output, pasted.ids[link.target], link.input)))
        if size is not None and size != sides:
            edits += self._cropped(picture, mask, pasted.ids, sides, place)
        return Group(tuple(edits))

    def _model(self, edits: list[Edit], place: Point) -> tuple[str, dict[str, str]]:
        """Return the node that loads the model, added to `edits` where it is new, and its outputs by the template's."""
        found = _loader(self._like, self._catalogue) or self._template.nodes["model"]
        if found.id not in self._into.nodes or self._like is not self._into:
            found = replace(found, id=new_id(), position=place)
            edits.append(AddNode(found))
        names = {port.kinds[0]: port.name for port in self._ports(found.type)}
        kinds = {port.name: port.kinds[0] for port in self._ports(self._template.nodes["model"].type)}
        return found.id, {name: names[kind] for name, kind in kinds.items()}

    def _ports(self, kind: str) -> tuple[PortCard, ...]:
        card = self._catalogue.get(kind)
        return card.outputs if card else ()

    def _sides(self) -> tuple[int, int]:
        """Return width and height that the model makes pictures in."""
        for workflow in (self._like, self._template):
            for node in workflow.nodes.values():
                card = self._catalogue.get(node.type)
                if node.type == _NOISE and card is not None:
                    sides = [node.settings.get(s.name, s.default) for s in card.settings if s.widget == "size"]
                    if len(sides) == 2 and all(isinstance(side, int) for side in sides):
                        return int(sides[0]), int(sides[1])
        raise AssertionError("the template draws noise")

    def _suited(self, node: Node, sides: tuple[int, int]) -> Node:
        """Return a node of the template with the words and the size of the workflow that it is like."""
        if node.type == _NOISE:
            return _with(node, {"width": sides[0], "height": sides[1]})
        if node.type == _PROMPT:
            return _with(node, {"text": self._words("negative" if node.id == "negative" else "positive")})
        return node

    def _words(self, port: str) -> Json:
        for sampler in self._like.nodes.values():
            link = self._like.links.get((sampler.id, port)) if sampler.type == _SAMPLER else None
            if link is not None and self._like.nodes[link.source].type == _PROMPT:
                return self._like.nodes[link.source].settings.get("text", "")
        return ""

    def _cropped(
        self, picture: tuple[str, str], mask: str, ids: dict[str, str], sides: tuple[int, int], place: Point
    ) -> list[Edit]:
        """Let the loop work on a crop, and stitch instead of laying over."""
        size: dict[str, Json] = {"width": sides[0], "height": sides[1]}
        crop = Node(type=_CROP, position=(place[0] + _COLUMN, place[1] - 2 * _COLUMN), settings=size)
        stitch = Node(type=_STITCH, position=(place[0] + 5 * _COLUMN, place[1] - 2 * _COLUMN))
        links = (
            Link(*picture, crop.id, "image"), Link(mask, "mask", crop.id, "mask"),
            Link(crop.id, "image", ids["encode"], "image"), Link(crop.id, "mask", ids["changed"], "mask"),
            Link(crop.id, "mask", ids["seam"], "mask"), Link(crop.id, "image", ids["composite"], "source"),
            Link(*picture, stitch.id, "source"), Link(ids["composite"], "image", stitch.id, "changed"),
            Link(crop.id, "region", stitch.id, "region"), Link(mask, "mask", stitch.id, "mask"),
        )  # fmt: skip
        return [AddNode(crop), AddNode(stitch), *(Connect(link) for link in links)]


def _loader(workflow: Workflow, catalogue: Catalogue) -> Node | None:
    """Return the first node that loads a whole model."""
    for node in workflow.nodes.values():
        card = catalogue.get(node.type)
        if card is not None and not card.inputs and {port.kinds[0] for port in card.outputs} >= _LOADED:
            return node
    return None


def _with(node: Node, settings: dict[str, Json]) -> Node:
    return replace(node, settings={**node.settings, **settings})
