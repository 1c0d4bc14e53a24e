"""What a request says its body is: ``Content-Type``."""

__all__ = ["says_json"]


def says_json(content_type: str) -> bool:
    """Whether a body is said to be JSON, as FastAPI has it.

    A page of another origin cannot say so without being asked first.

    >>> says_json("application/json; charset=utf-8"), says_json("application/geo+json"), says_json("text/plain")
    (True, True, False)
    """
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))
