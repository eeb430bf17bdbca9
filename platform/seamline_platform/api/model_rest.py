"""The paths of the model register: list, promote, roll back, recipe out and in."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Path

from seamline_platform.api.model_models import (
    ModelImport,
    ModelImported,
    ModelList,
    ModelRecipe,
)

_Id = Annotated[str, Path(max_length=64)]


class ModelService(Protocol):
    """What the paths act on. Calls come from worker threads."""

    def listing(self) -> ModelList:
        """Return the register."""

    def promote(self, model_id: str) -> ModelList:
        """Make a model the one that forecasts from the next night on.

        Raises:
            RequestError: 404 if there is no such model, 409 if it cannot be promoted.
        """

    def rollback(self) -> ModelList:
        """Return to the champion before.

        Raises:
            RequestError: 409 if there is none.
        """

    def recipe(self, model_id: str) -> ModelRecipe:
        """Return how to train a model elsewhere.

        Raises:
            RequestError: 404 if there is no such model.
        """

    def bring(self, request: ModelImport) -> ModelImported:
        """Register a model by its recipe.

        Raises:
            RequestError: 409 if it cannot be followed here.
        """


def modelling(service: ModelService) -> APIRouter:
    """Return the routes below `/api/models`."""
    router = APIRouter(prefix="/api/models", tags=["models"])

    @router.get("")
    def listing() -> ModelList:
        """All models with metrics and status; one of them is the champion."""
        return service.listing()

    @router.post("/rollback")
    def rollback() -> ModelList:
        """Let the champion before this one forecast again, from the next night on."""
        return service.rollback()

    @router.post("/import")
    def bring(body: ModelImport) -> ModelImported:
        """Register a model of another plant by its recipe."""
        return service.bring(body)

    @router.post("/{model_id}/promote")
    def promote(model_id: _Id) -> ModelList:
        """Let this model forecast from the next night on."""
        return service.promote(model_id)

    @router.get("/{model_id}/recipe")
    def recipe(model_id: _Id) -> ModelRecipe:
        """How to train this model on another plant."""
        return service.recipe(model_id)

    return router
