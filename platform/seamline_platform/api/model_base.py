"""What the models of the API have in common: their base and the types of their fields."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(description="English text for a person")]
TextZh = Annotated[str, Field(description="the same in Chinese")]
WallMs = Annotated[int, Field(description="wall time, epoch ms")]
PlantMs = Annotated[int, Field(description="plant time, epoch ms UTC")]
Point = tuple[int, float | None]
"""One sample: `[ts_ms, value]`, value null when the device could not be read."""


class Model(BaseModel):
    """Base of every model of the API: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")
