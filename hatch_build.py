"""What the package page shows: the README with links that lead to the repository.

The repository is named by the environment: REPOSITORY_URL, or on GitHub's machines the variables
that are set there. Without a name the README stays as it is, and the package has no links.
"""

import os
import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

RELATIVE = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)]+)\)")
"""An image or a link of Markdown to a file of the repository."""


def with_absolute_links(text: str, url: str, tag: str) -> str:
    """Return Markdown with links and pictures that are read anywhere.

    Parameters
    ----------
    text : str
        The README.
    url : str
        Address of the repository.
    tag : str
        The version of the files that links lead to.
    """

    def absolute(link: re.Match[str]) -> str:
        kind = "raw" if link[1] else "blob"
        return f"{link[1]}[{link[2]}]({url}/{kind}/{tag}/{link[3]})"

    return RELATIVE.sub(absolute, text)


def repository_url() -> str:
    """Return the address of the repository, or nothing if it is not known."""
    if url := os.environ.get("REPOSITORY_URL"):
        return url.rstrip("/")
    server, name = (os.environ.get(f"GITHUB_{part}", "") for part in ("SERVER_URL", "REPOSITORY"))
    return f"{server}/{name}" if server and name else ""


class CustomMetadataHook(MetadataHookInterface):
    """Sets the description and the links of the package."""

    def update(self, metadata: dict) -> None:
        """Add them to `metadata`."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        if url := repository_url():
            text = with_absolute_links(text, url, f"v{metadata['version']}")
            metadata["urls"] = {
                "Source": url,
                "Documentation": f"{url}/tree/v{metadata['version']}/docs",
                "Changelog": f"{url}/blob/v{metadata['version']}/CHANGELOG.md",
                "Issues": f"{url}/issues",
            }
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
