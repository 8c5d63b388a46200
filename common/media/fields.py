"""Field types shared by contracts: an input medium, and a file that a task created."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MAX_REFERENCE_LENGTH = 4096
FILE_ID_PREFIX = "file_"
FILE_ID = re.compile(FILE_ID_PREFIX + "[0-9a-f]{32}")
URL_SCHEMES = ("http", "https", "s3")

ReferenceKind = Literal["path", "file_id", "url"]


class MediaFile(str):
    """A path under share, a file id from `POST /v1/files`, or an `http(s)://` or `s3://` URL.

    Only the form is checked here; `common.files.storage` and `common.net.fetch` check that it exists and may be read.
    """

    __slots__ = ()

    @property
    def kind(self) -> ReferenceKind:
        if "://" in self:
            return "url"
        return "file_id" if FILE_ID.fullmatch(self) else "path"

    @classmethod
    def parse(cls, text: str) -> "MediaFile":
        """Check the syntax.

        Raises:
            ValueError: NUL or a control character, or an unsupported URL scheme.
        """
        if any(character < " " for character in text):
            raise ValueError("control characters are not allowed in a file reference")
        reference = cls(text)
        if reference.kind == "url" and urlsplit(text).scheme.lower() not in URL_SCHEMES:
            raise ValueError(f"only {', '.join(scheme + '://' for scheme in URL_SCHEMES)} URLs can be read")
        return reference

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(min_length=1, max_length=MAX_REFERENCE_LENGTH)
        return core_schema.no_info_after_validator_function(cls.parse, text)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        described.update(format="media-file", description=" ".join((cls.__doc__ or "").split("\n\n")[0].split()))
        return described


class Artifact(BaseModel):
    """A file that a task created: its path under share, and its URL."""

    path: Annotated[str, Field(description="relative to share")]
    url: Annotated[str, Field(description="relative to the gateway")]
    size: Annotated[int, Field(ge=0, description="bytes")]
