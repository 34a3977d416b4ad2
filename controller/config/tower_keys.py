"""What the keywords of `tower.yaml` have in common: sets of keywords, files that it names, languages of the site."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from controller.errors import Mistake
from controller.locale import Language, languages

if TYPE_CHECKING:
    SiteLanguage = Language
else:
    SiteLanguage = Literal[tuple(sorted(languages(), reverse=True))]


Needing = TypeVar("Needing")


class Keys(BaseModel):
    """A set of keywords of the file; an unknown one is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)


def beside(value: object, info: ValidationInfo) -> Path:
    """A file named relative to the folder of tower.yaml."""
    if not isinstance(value, str):
        raise Mistake("TWL-S054", key=info.field_name)
    if "\0" in value or not value.strip():
        raise Mistake("TWL-S063", key=info.field_name, value=value)
    return Path((info.context or {}).get("directory", "."), value)


OtherFile = Annotated[Path, BeforeValidator(beside)]


def needs(other: str) -> AfterValidator:
    """Of a keyword that means something only beside another one, which stands above it."""

    def checked(value: Needing | None, info: ValidationInfo) -> Needing | None:
        if value is not None and other in info.data and info.data[other] is None:
            raise Mistake("TWL-S093", key=info.field_name, other=other)
        return value

    return AfterValidator(checked)
