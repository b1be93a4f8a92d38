"""What the companion says, in every language that it speaks: one catalog for each of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Catalog:
    """Sentences by language and name, with places as in `str.format`."""

    sentences: Mapping[str, Mapping[str, str]]

    def say(self, language: str, name: str, /, **values: Any) -> str:
        """Return a sentence.

        With `count` among the values, `<name>.one` is taken for 1 where there is such a sentence.
        """
        said = self.sentences[language]
        single = f"{name}.one"
        chosen = single if values.get("count") == 1 and single in said else name
        return said[chosen].format(**values)
