"""What all entities have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, SupportsIndex, TypeVar, overload

if TYPE_CHECKING:
    from dataclasses import Field

    from typing_extensions import Self  # types only: not needed to run

T = TypeVar("T")


class Entity:
    """A value with MLflow's attribute names.

    Entities are frozen dataclasses: they compare by value and pickle;
    `dict(entity)` gives the attributes by name.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> Self:
        """The entity with these attributes; keys that it does not have are left out."""
        return cls(**{field.name: the_dict[field.name] for field in fields(cls)
                      if field.name in the_dict})  # fmt: skip

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for field in fields(self):
            yield field.name, getattr(self, field.name)


class PagedList(list[T]):
    """One page of a search.

    token: where the next page begins; None after the last one.
    """

    def __init__(self, items: list[T], token: str | None) -> None:
        super().__init__(items)
        self.token = token

    def to_list(self) -> list[T]:
        """The items as a plain list."""
        return list(self)

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | list[T]:
        return super().__getitem__(index)

    def __reduce__(self) -> tuple[Any, ...]:
        return PagedList, (list(self), self.token)
